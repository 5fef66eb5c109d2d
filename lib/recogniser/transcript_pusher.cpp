// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/transcript_pusher.h"

#include "lib/livetranscript/livetranscript.h"
#include "lib/transcript/transcript.h"

#include <chrono>
#include <utility>

#define GST_CAT_DEFAULT category_

namespace lt {

namespace {

/// In text form a sink waits for each; in JSON form they only say that time passes, and each wakes a thread.
constexpr std::chrono::milliseconds kTextGapDistance{100};
constexpr std::chrono::milliseconds kJsonGapDistance{1000};
constexpr std::chrono::milliseconds kRetryDistance{10};

std::uint64_t monotonicNs() {
    return static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000;
}

} // namespace

TranscriptPusher::TranscriptPusher(GstElement *element, GstDebugCategory *category, GstPad *pad,
                                   std::shared_ptr<TranscriptQueue> queue, Callbacks callbacks)
    : element_(element),
      category_(category),
      pad_(pad),
      queue_(std::move(queue)),
      callbacks_(std::move(callbacks)) {}

void TranscriptPusher::reset(const Times &times, bool mayBeUnlinked, std::string recogniser) {
    times_ = times;
    mayBeUnlinked_ = mayBeUnlinked;
    recogniser_ = std::move(recogniser);
    latencyNs_ = times.latencyNs;
    negotiated_ = false;
    text_ = false;
    maxDelayNs_ = 0;
    lateFinals_ = 0;
    pushed_ = 0;
    flushed();
}

void TranscriptPusher::flushed() {
    pending_.reset();
    prologueSent_ = false;
    over_ = false;
}

void TranscriptPusher::negotiate(std::optional<guint> groupId) {
    if (negotiated_)
        return;
    const CapsRef allowed(gst_pad_get_allowed_caps(pad_));
    const CapsRef json(gst_caps_from_string(GST_TRANSCRIPT_CAPS_JSON));
    // JSON unless downstream takes text only; a pad that is not linked has no wishes.
    const bool text =
        allowed && !gst_caps_is_empty(allowed.get()) && !gst_caps_can_intersect(allowed.get(), json.get());
    caps_.reset(gst_caps_from_string(text ? GST_TRANSCRIPT_CAPS_TEXT : GST_TRANSCRIPT_CAPS_JSON));
    groupId_ = groupId.value_or(GST_GROUP_ID_INVALID);
    text_ = text;
    negotiated_ = true;
    GST_DEBUG_OBJECT(pad_, "transcripts leave as %s", text ? "text" : "JSON");
}

// ---- the task

bool TranscriptPusher::turn() {
    if (!negotiated_) {
        queue_->pause(kRetryDistance);
        return true;
    }
    if (downstreamSleeps()) {
        queue_->pause(kRetryDistance);
        return true;
    }
    if (!prologueSent_) {
        sendPrologue();
        sendGap(); // lets a sink downstream preroll before the first word
    }
    // On time also when the queue never runs dry: in text form partials come, and none of them leaves.
    const auto now = Clock::now();
    if (now >= nextGap_) {
        sendGap();
        return true;
    }
    if (!pending_)
        pending_ = queue_->pop(std::chrono::ceil<std::chrono::milliseconds>(nextGap_ - now));
    if (!pending_)
        return true;
    if (!deliver(*pending_)) {
        queue_->pause(kRetryDistance);
        return true;
    }
    const bool ended = std::holds_alternative<EndOfTranscripts>(*pending_);
    pending_.reset();
    return !ended;
}

void TranscriptPusher::sendPrologue() {
    const CharPtr streamId(gst_pad_create_stream_id(pad_, element_, "transcript"));
    EventRef start(gst_event_new_stream_start(streamId.get()));
    gst_event_set_stream_flags(start.get(), GST_STREAM_FLAG_SPARSE);
    gst_event_set_group_id(start.get(),
                           groupId_ != GST_GROUP_ID_INVALID ? groupId_ : gst_util_group_id_next());
    gst_pad_push_event(pad_, start.release());
    gst_pad_push_event(pad_, gst_event_new_caps(caps_.get()));

    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    if (text_)
        segment.base = times_.latenessNs;
    gst_pad_push_event(pad_, gst_event_new_segment(&segment));
    sendTags();

    OutputPlanner::Settings settings;
    settings.text = text_;
    settings.latencyNs = latencyNs_;
    settings.latenessNs = times_.latenessNs;
    settings.jsonLagNs = times_.jsonLagNs;
    planner_ = OutputPlanner(settings);
    prologueSent_ = true;
}

void TranscriptPusher::sendTags() {
    if (recogniser_.empty())
        return;
    gst_transcript_tags_register();
    gst_pad_push_event(pad_, gst_event_new_tag(gst_tag_list_new(GST_TAG_TRANSCRIPT_RECOGNISER,
                                                                recogniser_.c_str(), nullptr)));
}

bool TranscriptPusher::deliver(OutputItem &item) {
    return std::visit([this](auto &one) { return deliver(one); }, item);
}

bool TranscriptPusher::deliver(SpokenTranscript &spoken) {
    const bool plain = spoken.transcript.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT &&
                       spoken.transcript.isFinal && !spoken.transcript.text.empty();
    if (over_ || (text_ && !plain))
        return true;
    spoken.stamps.pushed = monotonicNs();
    const TranscriptRef transcript = makeTranscript(spoken.transcript);
    const OutputPlanner before = planner_;
    const GstFlowReturn flow = gst_pad_push(pad_, bufferOf(spoken, transcript.get()).release());
    if (flow == GST_FLOW_FLUSHING && !GST_PAD_IS_FLUSHING(pad_)) {
        planner_ = before; // downstream sleeps: the same again when it is awake
        return false;
    }
    noteDelay();
    nextGap_ = Clock::now() + gapDistance();
    if (flow == GST_FLOW_OK || (flow == GST_FLOW_NOT_LINKED && mayBeUnlinked_)) {
        pushed_++;
        callbacks_.onTranscript(transcript.get());
        return true;
    }
    if (flow == GST_FLOW_FLUSHING)
        return true;
    GST_DEBUG_OBJECT(pad_, "downstream takes no more: %s", gst_flow_get_name(flow));
    over_ = true;
    if (flow != GST_FLOW_EOS)
        callbacks_.onFlowError(flow);
    return true;
}

BufferRef TranscriptPusher::bufferOf(const SpokenTranscript &spoken, GstTranscript *transcript) {
    const Transcript &value = spoken.transcript;
    std::string *bytes = new std::string(text_ ? value.text : toJson(value));
    BufferRef buffer(
        gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, bytes->data(), bytes->size(), 0, bytes->size(),
                                    bytes, [](gpointer owner) { delete static_cast<std::string *>(owner); }));
    planner_.setLatency(latencyNs_);
    const auto slot =
        planner_.place(value.startNs, value.endNs, spoken.afterHole, value.isFinal, runningTime());
    GST_BUFFER_PTS(buffer.get()) = slot.ptsNs;
    GST_BUFFER_DURATION(buffer.get()) = slot.durationNs;
    if (slot.discont)
        GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    if (!value.isFinal)
        GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DROPPABLE);
    gst_buffer_add_transcript_meta(buffer.get(), transcript, &spoken.stamps);
    return buffer;
}

bool TranscriptPusher::deliver(EventRef &event) {
    gst_pad_push_event(pad_, gst_event_ref(event.get()));
    return true;
}

bool TranscriptPusher::deliver(const EndOfTranscripts &end) {
    EventRef eos(gst_event_new_eos());
    if (end.seqnum)
        gst_event_set_seqnum(eos.get(), end.seqnum);
    gst_pad_push_event(pad_, eos.release());
    if (end.seqnum)
        callbacks_.onEos(end.seqnum);
    return true;
}

std::chrono::milliseconds TranscriptPusher::gapDistance() const {
    return text_ ? kTextGapDistance : kJsonGapDistance;
}

void TranscriptPusher::sendGap() {
    nextGap_ = Clock::now() + gapDistance();
    if (over_)
        return;
    planner_.setLatency(latencyNs_);
    const auto gap = planner_.gap(runningTime());
    gst_pad_push_event(pad_, gst_event_new_gap(gap.startNs, gap.durationNs));
}

// ---- what it needs to know

std::optional<std::uint64_t> TranscriptPusher::runningTime() const {
    if (GST_STATE(element_) != GST_STATE_PLAYING)
        return std::nullopt;
    const GstClockTime now = gst_element_get_current_running_time(element_);
    return GST_CLOCK_TIME_IS_VALID(now) ? std::optional<std::uint64_t>(now) : std::nullopt;
}

/// Downstream has not reached PAUSED yet, or has left it before this element: what is pushed now would be
/// lost.
bool TranscriptPusher::downstreamSleeps() const {
    const ObjectRef<GstPad> peer(gst_pad_get_peer(pad_));
    return peer && GST_PAD_IS_FLUSHING(peer.get()) && !GST_PAD_IS_FLUSHING(pad_);
}

void TranscriptPusher::noteDelay() {
    if (planner_.late() > lateFinals_) {
        lateFinals_ = planner_.late();
        callbacks_.onLate(planner_.late());
    }
    if (planner_.maxDelayNs() > maxDelayNs_) {
        maxDelayNs_ = planner_.maxDelayNs();
        callbacks_.onDelayGrew();
    }
}

} // namespace lt
