// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/pcmchunker/alarms.h"
#include "elements/pcmchunker/chunk_planner.h"
#include "elements/pcmchunker/flush_rule.h"
#include "elements/pcmchunker/push_pace.h"
#include "elements/pcmchunker/stream_queue.h"
#include "lib/gst/refs.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include <gst/base/gstadapter.h>
#include <gst/gst.h>

namespace lt::chunker {

/// The PCM, A-law or µ-law that `caps` describe; nothing when they describe something else.
std::optional<PcmFormat> pcmFormatOf(const GstCaps *caps);

/// What travels from the sink pad to the source pad's task: one of the three.
struct Item {
    BufferRef audio;
    EventRef event;
    GstQuery *query = nullptr;                  ///< of the thread that waits for the answer
    GstClockTime arrival = GST_CLOCK_TIME_NONE; ///< of audio, on the element's clock; NONE without one
};
using Queue = StreamQueue<Item>;

/// Why a chunk left.
enum class Reason { Full, Arrival, Timer, Boundary };

/// What the element's threads share. Each member may be used from any thread; there is no order between them.
struct Shared {
    /// What the element holds at most besides one chunk, before it makes upstream wait.
    static constexpr GstClockTime kQueueNs = 200 * GST_MSECOND;
    static constexpr std::size_t kQueueItems = 128;

    Queue queue{kQueueNs, kQueueItems};

    std::atomic<guint> chunkMs = 50; // after a change of these: queue.wake()
    std::atomic<gint> flushMs = 25;
    std::atomic<bool> playing = false;
    std::atomic<bool> live = false;
    std::atomic<bool> liveStale = true; // upstream has to be asked again

    std::atomic<GstFlowReturn> flow = GST_FLOW_OK; // what downstream said last; not OK: the queue is closed
    std::atomic<bool> flowTold = false;            // upstream has heard it

    struct Counters {
        std::atomic<guint64> bytesIn = 0, bytesOut = 0, bytesDropped = 0, discontinuities = 0;
        std::array<std::atomic<guint64>, 4> chunks{}; // by Reason
    } counters;

    /// Downstream takes no more; what it said goes back with the next buffer.
    void refuse(GstFlowReturn said);
    /// Downstream is worth another try.
    void retry();
    void resetCounters();
};

/// Takes the stream from the queue, cuts it, pushes it. It is always some one thread's turn: everything here
/// belongs to the thread whose turn it is, and it alone pushes on the source pad. That is the source pad's
/// task, or the streaming thread while the task has nothing to do (StreamQueue::enter()).
class ChunkStream {
public:
    /// `element` owns the pads and outlives this.
    ChunkStream(GstElement *element, GstPad *sinkPad, GstPad *sourcePad, Shared &shared);

    /// One turn of the task: waits for something to do and does it. Pauses the task when the queue is
    /// stopped.
    void turn();

    /// Streaming thread. Works on the audio at once, when nothing is before it and downstream is quick.
    /// False, and `buffer` as it was, when it has to go through the queue.
    bool takeDirectly(BufferRef &buffer, GstClockTime arrival);

private:
    void followSettings();
    void followClock();
    void learnLiveness();
    Alarm *armedAlarm();
    bool mayPushDirectly() const;
    GstClockTime now() const { return gst_clock_get_time(clock_.get()); }
    std::size_t waiting() const { return gst_adapter_available(adapter_.get()); }

    void onAlarm();
    void onAudio(BufferRef buffer, GstClockTime arrival);
    void onEvent(EventRef event);
    void onCaps(GstEvent *event);
    void onSegment(GstEvent *event);
    void onEos();
    void onQuery(GstQuery *query);

    BufferRef cut(const ChunkPlanner::Chunk &chunk);
    void emit(const ChunkPlanner::Chunk &chunk, Reason reason);
    void push(BufferRef buffer);
    void emitFull();
    void emitRest(Reason reason);
    void breakOff();
    void forget();

    GstElement *const element_;
    GstPad *const sinkPad_;
    GstPad *const sourcePad_;
    Shared &shared_;

    GRef<GstAdapter> adapter_{gst_adapter_new()};
    ChunkPlanner planner_;
    FlushRule rule_;
    CapsRef caps_;
    GstSegment segment_;
    ObjectRef<GstClock> clock_; // only while chunks may leave by the clock: live and PLAYING
    bool timed_ = false;        // and the timer can wait for it
    TimerAlarm timer_;
    ClockAlarm clockAlarm_;
    PushPace pace_;
};

} // namespace lt::chunker
