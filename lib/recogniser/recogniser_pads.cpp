// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/recogniser_pads.h"

#include "lib/recogniser/upstream_liveness.h"

#include <utility>

#define GST_CAT_DEFAULT category_

namespace lt {

namespace {

/// With so much audio waiting, what is sent is the past.
constexpr std::uint64_t kDrainNs = 1'000'000'000;

std::uint64_t monotonicNs() {
    return static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000;
}

} // namespace

RecogniserPads::RecogniserPads(GstElement *element, GstDebugCategory *category, GstPad *sinkPad,
                               GstPad *sourcePad, Callbacks callbacks)
    : element_(element),
      category_(category),
      sinkPad_(sinkPad),
      sourcePad_(sourcePad),
      callbacks_(std::move(callbacks)),
      output_(TranscriptQueue::make()),
      pusher_(element, category, sourcePad, output_, pusherCallbacks()) {}

// ---- state changes

void RecogniserPads::open(const Settings &settings) {
    settings_ = settings;
    latencyNs_ = settings.times.latencyNs;
    intake_ = AudioIntake();
    groupId_.reset();
    pusher_.reset(settings.times, settings.mayBeUnlinked, settings.recogniser);
    startStream();
}

void RecogniserPads::startStream() {
    policy_.reset();
    writer_ = output_->open();
    auto stream = callbacks_.startStream(*writer_);
    std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
}

void RecogniserPads::unblock() {
    if (const auto current = stream())
        current->abort(AudioBacklog::Result::Flushing);
    output_->shut();
}

void RecogniserPads::close() {
    std::shared_ptr<RecogniserStream> last;
    std::lock_guard lock(mutex_);
    last.swap(stream_); // goes after the lock
}

std::shared_ptr<RecogniserStream> RecogniserPads::stream() const {
    std::lock_guard lock(mutex_);
    return stream_;
}

// ---- audio in

GstFlowReturn RecogniserPads::chain(BufferRef buffer) {
    const auto current = stream();
    if (!current)
        return GST_FLOW_FLUSHING;
    std::string error;
    auto block = intake_.take(std::move(buffer), monotonicNs(), error);
    if (!block && error.empty())
        return GST_FLOW_OK;
    if (!block) {
        GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("%s", error.c_str()), (nullptr));
        return GST_FLOW_ERROR;
    }
    const std::uint64_t before = monotonicNs();
    const auto pushed = current->push(std::move(*block), policy());
    const std::uint64_t now = monotonicNs();
    received_.count(now - before);
    logReceived(*current, now);
    switch (pushed) {
    case AudioBacklog::Result::Taken:
        return GST_FLOW_OK;
    case AudioBacklog::Result::Flushing:
        return GST_FLOW_FLUSHING;
    case AudioBacklog::Result::Ended:
        return GST_FLOW_EOS;
    case AudioBacklog::Result::Failed:
        break;
    }
    return GST_FLOW_ERROR; // said on the bus when it happened
}

void RecogniserPads::logReceived(const RecogniserStream &stream, std::uint64_t nowNs) {
    const auto second = received_.tell(nowNs);
    if (!second)
        return;
    const auto level = stream.level();
    GST_INFO_OBJECT(element_,
                    "[RX] mode=%s fps_in=%.1f q=%" G_GSIZE_FORMAT " drops=%" G_GUINT64_FORMAT
                    " write_ms=%.3f session=%s",
                    level.ns >= kDrainNs ? "drain" : "normal", second->perSecond, level.blocks,
                    static_cast<guint64>(level.droppedBlocks), second->longestMs, settings_.session.c_str());
}

AudioBacklog::Policy RecogniserPads::policy() {
    if (policy_)
        return *policy_;
    upstreamLive_ = upstreamIsLive(sinkPad_);
    const bool drop = settings_.backpressure == GST_TRANSCRIPT_BACKPRESSURE_DROP_OLDEST ||
                      (settings_.backpressure == GST_TRANSCRIPT_BACKPRESSURE_AUTO && upstreamLive_);
    policy_ = drop ? AudioBacklog::Policy::DropOldest : AudioBacklog::Policy::Block;
    GST_DEBUG_OBJECT(element_, "a full backlog %s", drop ? "drops the oldest audio" : "blocks");
    return *policy_;
}

bool RecogniserPads::sinkEvent(EventRef event) {
    GST_DEBUG_OBJECT(sinkPad_, "%s", GST_EVENT_TYPE_NAME(event.get()));
    switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START: // on its way first: it frees a push that downstream blocks
        gst_pad_push_event(sourcePad_, event.release());
        flushStart();
        return true;
    case GST_EVENT_FLUSH_STOP:
        gst_pad_push_event(sourcePad_, event.release());
        flushStop();
        return true;
    case GST_EVENT_STREAM_START:
        takeStreamStart(event.get());
        return true;
    case GST_EVENT_CAPS:
        return takeCaps(event.get());
    case GST_EVENT_SEGMENT:
        return takeSegment(event.get());
    case GST_EVENT_EOS:
        takeEos(event.get());
        return true;
    case GST_EVENT_GAP:
    case GST_EVENT_TAG:
    case GST_EVENT_STREAM_COLLECTION:
        return true; // about the audio only
    default:
        break;
    }
    if (!GST_EVENT_IS_SERIALIZED(event.get()))
        return gst_pad_event_default(sinkPad_, GST_OBJECT(element_), event.release());
    if (writer_)
        writer_->push(std::move(event)); // in order with the transcripts
    return true;
}

bool RecogniserPads::takeCaps(GstEvent *event) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    if (!intake_.setCaps(caps))
        return false;
    negotiate();
    return true;
}

bool RecogniserPads::takeSegment(GstEvent *event) {
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event, &segment);
    if (intake_.setSegment(segment))
        return true;
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("Audio must come in a segment in time."),
                      ("segment format %s", gst_format_get_name(segment->format)));
    return false;
}

void RecogniserPads::takeStreamStart(GstEvent *event) {
    guint groupId = GST_GROUP_ID_INVALID;
    if (gst_event_parse_group_id(event, &groupId))
        groupId_ = groupId;
}

void RecogniserPads::takeEos(GstEvent *event) {
    negotiate(); // no caps came, but the EOS needs a stream to end
    if (const auto current = stream())
        current->end(gst_event_get_seqnum(event));
}

void RecogniserPads::negotiate() {
    if (pusher_.negotiated())
        return;
    pusher_.negotiate(groupId_);
    if (pusher_.isText()) // only now is there something to report
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

void RecogniserPads::flushStart() {
    unblock();
    gst_pad_stop_task(sourcePad_);
}

void RecogniserPads::flushStop() {
    intake_.reset();
    pusher_.flushed();
    startStream();
    startTask();
}

bool RecogniserPads::sinkQuery(GstQuery *query) {
    // Audio buffers are of no use to what takes transcripts, and only the task speaks on the source pad.
    if (GST_QUERY_IS_SERIALIZED(query))
        return false;
    return gst_pad_query_default(sinkPad_, GST_OBJECT(element_), query);
}

// ---- transcripts out

bool RecogniserPads::sourceQuery(GstQuery *query) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
        return latency(query);
    return gst_pad_query_default(sourcePad_, GST_OBJECT(element_), query);
}

bool RecogniserPads::latency(GstQuery *query) {
    if (!gst_pad_peer_query(sinkPad_, query))
        return false;
    gboolean live = FALSE;
    GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
    gst_query_parse_latency(query, &live, &min, &max);
    if (!pusher_.isText() || !live)
        return true;
    const GstClockTime own = latencyNs_;
    gst_query_set_latency(query, live, min + own, GST_CLOCK_TIME_IS_VALID(max) ? max + own : max);
    return true;
}

void RecogniserPads::logSent() {
    sent_.count();
    if (const auto second = sent_.tell(monotonicNs()))
        GST_INFO_OBJECT(element_,
                        "[TX] fps=%.1f q=%" G_GSIZE_FORMAT " drops=%" G_GUINT64_FORMAT " session=%s",
                        second->perSecond, output_->size(), static_cast<guint64>(output_->dropped()),
                        settings_.session.c_str());
}

void RecogniserPads::setLatency(std::uint64_t latencyNs) {
    latencyNs_ = latencyNs;
    pusher_.setLatency(latencyNs);
    if (pusher_.isText())
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

bool RecogniserPads::activateSource(GstPadMode mode, bool active) {
    if (mode != GST_PAD_MODE_PUSH)
        return false;
    if (!active)
        return gst_pad_stop_task(sourcePad_);
    startTask();
    return true;
}

void RecogniserPads::startTask() {
    gst_pad_start_task(
        sourcePad_, [](gpointer pads) { static_cast<RecogniserPads *>(pads)->turn(); }, this, nullptr);
}

void RecogniserPads::turn() {
    if (!pusher_.turn())
        gst_pad_pause_task(sourcePad_);
}

TranscriptPusher::Callbacks RecogniserPads::pusherCallbacks() {
    TranscriptPusher::Callbacks callbacks;
    callbacks.onEos = [this](std::uint32_t seqnum) {
        if (callbacks_.onEos)
            callbacks_.onEos(seqnum);
    };
    callbacks.onFlowError = [this](GstFlowReturn flow) {
        GST_ELEMENT_FLOW_ERROR(element_, flow);
        if (const auto current = stream())
            current->abort(AudioBacklog::Result::Failed);
    };
    callbacks.onTranscript = [this](GstTranscript *transcript) {
        logSent();
        if (callbacks_.onTranscript)
            callbacks_.onTranscript(transcript);
    };
    callbacks.onLate = [this](std::uint64_t lateFinals) {
        if (callbacks_.onLate && lateFinals == 1 && upstreamLive_)
            callbacks_.onLate(lateFinals);
    };
    callbacks.onDelayGrew = [this] {
        if (callbacks_.onDelayGrew)
            callbacks_.onDelayGrew();
    };
    return callbacks;
}

} // namespace lt
