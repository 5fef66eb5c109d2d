// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/chunk_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <gst/audio/audio.h>

GST_DEBUG_CATEGORY_EXTERN(gst_pcm_chunker_debug);
#define GST_CAT_DEFAULT gst_pcm_chunker_debug

namespace lt::chunker {

std::optional<PcmFormat> pcmFormatOf(const GstCaps *caps) {
    const GstStructure *structure = gst_caps_get_structure(caps, 0);
    gint rate = 0, channels = 0;
    if (!gst_structure_get_int(structure, "rate", &rate) ||
        !gst_structure_get_int(structure, "channels", &channels) || rate <= 0 || channels <= 0)
        return std::nullopt;
    const guint bytesPerSample = gst_structure_has_name(structure, "audio/x-raw") ? 2 : 1;
    return PcmFormat{static_cast<guint>(rate), static_cast<guint>(channels) * bytesPerSample};
}

void Shared::refuse(GstFlowReturn said) {
    flow = said;
    flowTold = false;
    queue.close();
}

void Shared::retry() {
    flow = GST_FLOW_OK;
    queue.open();
}

void Shared::resetCounters() {
    counters.bytesIn = counters.bytesOut = counters.bytesDropped = counters.discontinuities = 0;
    for (auto &chunks : counters.chunks)
        chunks = 0;
}

ChunkStream::ChunkStream(GstElement *element, GstPad *sinkPad, GstPad *sourcePad, Shared &shared)
    : element_(element), sinkPad_(sinkPad), sourcePad_(sourcePad), shared_(shared) {
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void ChunkStream::turn() {
    followSettings();
    Item item;
    switch (shared_.queue.next(item, armedAlarm())) {
    case Queue::Turn::Stopped:
        gst_pad_pause_task(sourcePad_);
        break;
    case Queue::Turn::Restarted:
        forget();
        break;
    case Queue::Turn::Woken:
        followSettings();
        emitFull(); // there may be one now that chunks are shorter
        break;
    case Queue::Turn::Deadline:
        onAlarm();
        break;
    case Queue::Turn::Item:
        if (item.audio) {
            learnLiveness();
            onAudio(std::move(item.audio), item.arrival);
        } else if (item.event)
            onEvent(std::move(item.event));
        else
            onQuery(item.query);
        break;
    }
}

void ChunkStream::followSettings() {
    planner_.setChunkMs(shared_.chunkMs);
    rule_.configure(shared_.chunkMs, shared_.flushMs);
    followClock();
}

void ChunkStream::followClock() {
    ObjectRef<GstClock> clock(shared_.playing && shared_.live ? gst_element_get_clock(element_) : nullptr);
    if (clock.get() == clock_.get())
        return;
    clock_ = std::move(clock);
    timed_ = clock_ && timer_.follow(clock_.get());
    if (clock_)
        rule_.start(now(), waiting() > 0);
    else
        rule_.stop();
}

void ChunkStream::learnLiveness() {
    if (!shared_.playing || !shared_.liveStale.exchange(false))
        return;
    QueryRef query(gst_query_new_latency());
    gboolean live = FALSE;
    if (!gst_pad_peer_query(sinkPad_, query.get())) {
        shared_.liveStale = true; // not able to say yet
        return;
    }
    gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
    shared_.live = live;
    GST_DEBUG_OBJECT(element_, "upstream is %slive", live ? "" : "not ");
    followClock();
}

Alarm *ChunkStream::armedAlarm() {
    const auto when = rule_.deadline();
    if (!clock_ || (!when && !timer_.isOpen()))
        return nullptr;
    if (timed_ && timer_.open()) {
        // Also without a deadline: the streaming thread gives it the next one without waking the task.
        timer_.set(when);
        return &timer_;
    }
    if (!when)
        return nullptr;
    clockAlarm_.set(clock_.get(), *when);
    return &clockAlarm_;
}

void ChunkStream::onAlarm() {
    // Much may have left since it was set.
    const auto deadline = rule_.deadline();
    if (deadline && (timed_ && timer_.isOpen() ? now() : clockAlarm_.when()) >= *deadline)
        emitRest(Reason::Timer);
}

/// While sinks wait for their first buffer, or downstream for its time, it is the task that is held up.
bool ChunkStream::mayPushDirectly() const {
    return shared_.playing && !shared_.liveStale && shared_.flow == GST_FLOW_OK && pace_.quick();
}

bool ChunkStream::takeDirectly(BufferRef &buffer, GstClockTime arrival) {
    if (!shared_.queue.enter())
        return false;
    const bool may = mayPushDirectly();
    if (may)
        onAudio(std::move(buffer), arrival);
    shared_.queue.leave(rule_.deadline());
    return may;
}

void ChunkStream::onAudio(BufferRef buffer, GstClockTime arrival) {
    if (shared_.flow != GST_FLOW_OK) {
        shared_.counters.bytesDropped += gst_buffer_get_size(buffer.get());
        return;
    }
    const GstClockTime pts = GST_BUFFER_PTS(buffer.get());
    if (GST_BUFFER_IS_DISCONT(buffer.get()) || !planner_.continues(pts, waiting())) {
        breakOff();
        planner_.resync(pts);
    }
    gst_adapter_push(adapter_.get(), buffer.release());
    bool due = false;
    if (clock_) {
        // It may have waited for its turn. A stamp of the clock before this one says nothing.
        const auto arrived = std::min(arrival, now()); // NONE is later than any time
        rule_.audioArrived(arrived);
        due = rule_.dueOnArrival(arrived); // before anything is cut: chunks of one arrival leave together
    }
    emitFull();
    // With more audio at hand the rest is about to grow by itself.
    if (due && shared_.queue.queuedNs() == 0)
        emitRest(Reason::Arrival);
}

void ChunkStream::onEvent(EventRef event) {
    GST_DEBUG_OBJECT(element_, "in its turn: %" GST_PTR_FORMAT, static_cast<void *>(event.get()));
    switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_CAPS:
        onCaps(event.get());
        break;
    case GST_EVENT_SEGMENT:
        onSegment(event.get());
        break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_GAP:
        breakOff();
        break;
    case GST_EVENT_EOS:
        onEos();
        break;
    case GST_EVENT_TAG:
        // AAC parsers send tags again and again: not worth an odd chunk, and it matters little on which side
        // of a few ms of audio one passes.
        break;
    default:
        emitRest(Reason::Boundary);
        break;
    }
    const auto type = GST_EVENT_TYPE(event.get());
    const bool passed = gst_pad_push_event(sourcePad_, event.release());
    if ((type == GST_EVENT_SEGMENT || type == GST_EVENT_STREAM_START) && shared_.flow == GST_FLOW_EOS)
        shared_.retry();
    shared_.queue.answer(passed);
}

void ChunkStream::onCaps(GstEvent *event) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    const auto format = pcmFormatOf(caps);
    if (!format || (caps_ && gst_caps_is_equal(caps, caps_.get())))
        return;
    breakOff();
    planner_.setFormat(*format);
    caps_ = retainMini(caps);
}

void ChunkStream::onSegment(GstEvent *event) {
    GstSegment segment;
    gst_event_copy_segment(event, &segment);
    segment_.position = segment.position; // says nothing about the audio to come
    if (!gst_segment_is_equal(&segment, &segment_))
        breakOff();
    segment_ = segment;
}

void ChunkStream::onEos() {
    breakOff();
    // No buffer follows that could take the refusal upstream.
    const GstFlowReturn flow = shared_.flow;
    if ((flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS) && !shared_.flowTold)
        GST_ELEMENT_FLOW_ERROR(element_, flow);
}

void ChunkStream::onQuery(GstQuery *query) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_DRAIN)
        emitRest(Reason::Boundary);
    shared_.queue.answer(gst_pad_peer_query(sourcePad_, query));
}

/// The next bytes as a buffer of their own; they share the memory of the input.
BufferRef ChunkStream::cut(const ChunkPlanner::Chunk &chunk) {
    BufferRef buffer(gst_adapter_take_buffer_fast(adapter_.get(), chunk.bytes));
    buffer.reset(gst_buffer_make_writable(buffer.release()));
    GST_BUFFER_PTS(buffer.get()) = chunk.ptsNs;
    GST_BUFFER_DTS(buffer.get()) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer.get()) = chunk.durationNs;
    GST_BUFFER_OFFSET(buffer.get()) = GST_BUFFER_OFFSET_END(buffer.get()) = GST_BUFFER_OFFSET_NONE;
    // What the flags said of an input buffer need not hold for a chunk made of several.
    GST_BUFFER_FLAG_UNSET(buffer.get(), GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_GAP |
                                            GST_BUFFER_FLAG_RESYNC | GST_BUFFER_FLAG_DROPPABLE |
                                            GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_CORRUPTED);
    if (chunk.discont)
        GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    if (auto *meta = gst_buffer_get_audio_meta(buffer.get()))
        gst_buffer_remove_meta(buffer.get(), &meta->meta); // it counts the samples of the input buffer
    return buffer;
}

void ChunkStream::emit(const ChunkPlanner::Chunk &chunk, Reason reason) {
    BufferRef buffer = cut(chunk);
    const bool rest = planner_.hasFrame(waiting()); // part of a frame waits for the other part
    if (clock_ && reason == Reason::Timer)
        rule_.leftByDeadline(rest);
    else if (clock_)
        rule_.chunkLeft(now(), rest);

    auto &counters = shared_.counters;
    counters.chunks[static_cast<std::size_t>(reason)]++;
    counters.bytesOut += chunk.bytes;
    counters.discontinuities += chunk.discont;
    push(std::move(buffer));
}

void ChunkStream::push(BufferRef buffer) {
    GST_LOG_OBJECT(element_, "pushing %" GST_PTR_FORMAT, static_cast<void *>(buffer.get()));
    const auto before = std::chrono::steady_clock::now();
    const auto flow = gst_pad_push(sourcePad_, buffer.release());
    pace_.pushed(std::chrono::steady_clock::now() - before);
    if (flow == GST_FLOW_OK)
        return;
    GST_DEBUG_OBJECT(element_, "downstream says %s", gst_flow_get_name(flow));
    shared_.refuse(flow);
    shared_.counters.bytesDropped += waiting();
    gst_adapter_clear(adapter_.get());
    planner_.interrupt();
    rule_.emptied();
}

void ChunkStream::emitFull() {
    while (const auto chunk = planner_.takeFull(waiting()))
        emit(*chunk, Reason::Full);
}

void ChunkStream::emitRest(Reason reason) {
    if (const auto chunk = planner_.takeRest(waiting()))
        emit(*chunk, reason);
    else
        rule_.emptied();
}

/// The audio to come does not continue the audio before.
void ChunkStream::breakOff() {
    emitRest(Reason::Boundary);
    shared_.counters.bytesDropped += waiting(); // part of a frame
    gst_adapter_clear(adapter_.get());
    planner_.interrupt();
    rule_.emptied();
}

/// After a flush or a new activation: nothing of the past counts, and upstream sends its events again. The
/// format stays; a flush does not take caps away.
void ChunkStream::forget() {
    gst_adapter_clear(adapter_.get());
    planner_.interrupt();
    rule_.emptied();
    pace_.reset();
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

} // namespace lt::chunker
