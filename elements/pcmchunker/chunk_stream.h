// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/pcmchunker/chunk_planner.h"
#include "elements/pcmchunker/flush_rule.h"
#include "elements/pcmchunker/stream_queue.h"
#include "lib/gst/refs.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
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

/// The source pad's task: takes the stream from the queue, cuts it, pushes it. Everything here belongs to the
/// task's thread, and it alone pushes on the source pad.
class ChunkStream {
public:
    /// `element` owns the pads and outlives this.
    ChunkStream(GstElement *element, GstPad *sinkPad, GstPad *sourcePad, Shared &shared);

    /// One turn of the task: waits for something to do and does it. Pauses the task when the queue is
    /// stopped.
    void turn();

private:
    /// A moment on the pipeline's clock.
    class ClockAlarm : public Alarm {
    public:
        void set(GstClock *clock, GstClockTime when);
        bool wait() override;
        void cancel() override;
        GstClockTime when() const { return when_; }
        /// Of another clock from now on.
        void reset() { came_ = false; }

    private:
        struct IdUnref {
            void operator()(gpointer id) const noexcept { gst_clock_id_unref(id); }
        };
        std::unique_ptr<void, IdUnref> id_;
        GstClockTime when_ = GST_CLOCK_TIME_NONE;
        bool came_ = false; // the moment when_ has come
    };

    /// Audio that lets nothing leave when it arrives, and that leaves in time if nothing else happens, is
    /// left to lie: what the streaming thread would wake the task for is to append it.
    struct Calm : Queue::Patience {
        bool bears(const Item &arriving, std::uint64_t queuedNs, std::uint64_t durationNs) const override;

        std::uint64_t nextPtsNs = 0; // when the audio continues
        std::uint64_t missingNs = 0; // to a full chunk
        gsize bytesPerFrame = 1;
        bool timed = false; // the two below count
        GstClockTime dueFrom = 0, alarm = 0;
        GstClockTime chunkNs = 0;
    };

    void followSettings();
    void followClock();
    void learnLiveness();
    Alarm *armedAlarm();
    const Queue::Patience *calm(const Alarm *alarm);
    GstClockTime now() const { return gst_clock_get_time(clock_.get()); }
    std::size_t waiting() const { return gst_adapter_available(adapter_.get()); }

    void onAlarm();
    void onAudio(BufferRef buffer, GstClockTime arrival);
    void onEvent(EventRef event);
    void onCaps(GstEvent *event);
    void onSegment(GstEvent *event);
    void onEos();
    void onQuery(GstQuery *query);

    void emit(const ChunkPlanner::Chunk &chunk, Reason reason);
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
    ClockAlarm alarm_;
    Calm calm_;
};

} // namespace lt::chunker
