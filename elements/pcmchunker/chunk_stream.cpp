// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/chunk_stream.h"

#include <algorithm>
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

void ChunkStream::ClockAlarm::set(GstClock *clock, GstClockTime when) {
    if (came_ && when == when_)
        return; // and audio that had been lying came first
    came_ = false;
    when_ = when;
    if (!id_ || !gst_clock_id_uses_clock(id_.get(), clock) ||
        !gst_clock_single_shot_id_reinit(clock, id_.get(), when))
        id_.reset(gst_clock_new_single_shot_id(clock, when));
}

bool ChunkStream::ClockAlarm::wait() {
    // A clock that cannot wait lets the audio go early rather than never.
    came_ = came_ || gst_clock_id_wait(id_.get(), nullptr) != GST_CLOCK_UNSCHEDULED;
    return came_;
}

void ChunkStream::ClockAlarm::cancel() {
    gst_clock_id_unschedule(id_.get());
}

ChunkStream::ChunkStream(GstElement *element, GstPad *sinkPad, GstPad *sourcePad, Shared &shared)
    : element_(element), sinkPad_(sinkPad), sourcePad_(sourcePad), shared_(shared) {
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void ChunkStream::turn() {
    followSettings();
    Item item;
    Alarm *const alarm = armedAlarm();
    switch (shared_.queue.next(item, alarm, calm(alarm))) {
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
        if (item.audio)
            onAudio(std::move(item.audio), item.arrival);
        else if (item.event)
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
    alarm_.reset();
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
    const auto when = rule_.alarm();
    if (!clock_ || !when)
        return nullptr;
    alarm_.set(clock_.get(), *when);
    return &alarm_;
}

const Queue::Patience *ChunkStream::calm(const Alarm *alarm) {
    const auto next = planner_.nextPts(waiting());
    if (!next || (shared_.playing && shared_.liveStale))
        return nullptr;
    const auto due = rule_.dueFrom();
    calm_.timed = clock_ && shared_.flushMs != 0;
    if (calm_.timed && !(due && alarm))
        return nullptr;
    // Durations of buffers are rounded down, by less than 1 ns each.
    const auto missing = planner_.missingNs(waiting());
    calm_.missingNs = missing - std::min<std::uint64_t>(missing, Shared::kQueueItems);
    calm_.nextPtsNs = *next;
    calm_.bytesPerFrame = planner_.format().bytesPerFrame;
    calm_.dueFrom = due.value_or(0);
    calm_.alarm = alarm_.when();
    calm_.chunkNs = shared_.chunkMs * GST_MSECOND;
    return &calm_;
}

bool ChunkStream::Calm::bears(const Item &arriving, std::uint64_t queuedNs, std::uint64_t durationNs) const {
    const auto *buffer = arriving.audio.get();
    if (GST_BUFFER_IS_DISCONT(buffer) || !ChunkPlanner::near(GST_BUFFER_PTS(buffer), nextPtsNs + queuedNs) ||
        gst_buffer_get_size(arriving.audio.get()) % bytesPerFrame != 0 || queuedNs + durationNs >= missingNs)
        return false;
    const auto arrival = arriving.arrival;
    return !timed || (GST_CLOCK_TIME_IS_VALID(arrival) && arrival < dueFrom && alarm <= arrival + chunkNs);
}

void ChunkStream::onAlarm() {
    const auto deadline = rule_.deadline();
    if (!deadline)
        rule_.alarmInVain();
    else if (alarm_.when() >= *deadline)
        emitRest(Reason::Timer);
}

void ChunkStream::onAudio(BufferRef buffer, GstClockTime arrival) {
    if (shared_.flow != GST_FLOW_OK) {
        shared_.counters.bytesDropped += gst_buffer_get_size(buffer.get());
        return;
    }
    learnLiveness();
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

void ChunkStream::emit(const ChunkPlanner::Chunk &chunk, Reason reason) {
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
    const bool rest = planner_.hasFrame(waiting());        // part of a frame waits for the other part
    if (clock_ && reason == Reason::Timer)
        rule_.leftByDeadline(rest);
    else if (clock_)
        rule_.chunkLeft(now(), rest);

    auto &counters = shared_.counters;
    counters.chunks[static_cast<std::size_t>(reason)]++;
    counters.bytesOut += chunk.bytes;
    counters.discontinuities += chunk.discont;
    GST_LOG_OBJECT(element_, "pushing %" GST_PTR_FORMAT, static_cast<void *>(buffer.get()));
    if (const auto flow = gst_pad_push(sourcePad_, buffer.release()); flow != GST_FLOW_OK) {
        GST_DEBUG_OBJECT(element_, "downstream says %s", gst_flow_get_name(flow));
        shared_.refuse(flow);
        counters.bytesDropped += waiting();
        gst_adapter_clear(adapter_.get());
        planner_.interrupt();
        rule_.emptied();
    }
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
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

} // namespace lt::chunker
