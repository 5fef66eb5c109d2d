// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/metrics/rate.h"
#include "lib/recogniser/audio_intake.h"
#include "lib/recogniser/backpressure.h"
#include "lib/recogniser/recogniser_stream.h"
#include "lib/recogniser/transcript_pusher.h"
#include "lib/recogniser/transcript_queue.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <gst/gst.h>

namespace lt {

/// The two pads of a recogniser element: audio in, transcripts out, everything between them but recognition.
/// The element's shell hands over what its pads and its state changes get.
class LT_EXPORT RecogniserPads {
public:
    struct Settings {
        TranscriptPusher::Times times;
        bool mayBeUnlinked = false; ///< the source pad
        std::string recogniser;     ///< for viewers to read; empty: they are not told
        GstTranscriptBackpressure backpressure = GST_TRANSCRIPT_BACKPRESSURE_AUTO;
        std::string session; ///< the resolved name, for the log
    };
    /// Called without locks. startStream() in READY→PAUSED and after a flush; the others, which may be empty,
    /// from the source pad's task.
    struct Callbacks {
        std::function<std::shared_ptr<RecogniserStream>(TranscriptQueue::Writer)> startStream;
        std::function<void(GstTranscript *)> onTranscript;
        /// Once, when a live pipeline's captions come too late for latency-ms.
        std::function<void(std::uint64_t lateFinals)> onLate;
        std::function<void()> onDelayGrew;
        /// The EOS event has left.
        std::function<void(std::uint32_t seqnum)> onEos;
    };

    /// The pads belong to `element`, which outlives this. `category`: where it logs.
    RecogniserPads(GstElement *element, GstDebugCategory *category, GstPad *sinkPad, GstPad *sourcePad,
                   Callbacks callbacks);

    // ---- state changes
    /// READY→PAUSED, before the pads are activated.
    void open(const Settings &settings);
    /// PAUSED→READY, before the pads are deactivated: nothing waits any more.
    void unblock();
    /// PAUSED→READY, after that.
    void close();

    // ---- sink pad
    GstFlowReturn chain(BufferRef buffer);
    /// Takes over the event, whatever it is.
    bool sinkEvent(EventRef event);
    /// Neither the session's name nor anything else of the element's own is asked for.
    bool sinkQuery(GstQuery *query);

    // ---- source pad
    bool sourceQuery(GstQuery *query);
    /// Starts and stops the pad's task.
    bool activateSource(GstPadMode mode, bool active);

    // ---- any thread
    /// In force at once.
    void setLatency(std::uint64_t latencyNs);
    std::shared_ptr<RecogniserStream> stream() const;
    const TranscriptPusher &pusher() const { return pusher_; }
    const TranscriptQueue &output() const { return *output_; }

private:
    void startStream();
    void startTask();
    void turn();
    AudioBacklog::Policy policy();
    bool takeCaps(GstEvent *event);
    bool takeSegment(GstEvent *event);
    void takeStreamStart(GstEvent *event);
    void takeEos(GstEvent *event);
    void flushStart();
    void flushStop();
    void negotiate();
    bool latency(GstQuery *query);
    void logReceived(const RecogniserStream &stream, std::uint64_t nowNs);
    void logSent();
    TranscriptPusher::Callbacks pusherCallbacks();

    GstElement *const element_;
    GstDebugCategory *const category_;
    GstPad *const sinkPad_;
    GstPad *const sourcePad_;
    const Callbacks callbacks_;
    const std::shared_ptr<TranscriptQueue> output_;
    TranscriptPusher pusher_;

    // Under the sink pad's stream lock, or while the pads are not active.
    Settings settings_;
    AudioIntake intake_;
    std::optional<guint> groupId_;
    std::optional<TranscriptQueue::Writer> writer_;
    std::optional<AudioBacklog::Policy> policy_; // decided with the first buffer
    metrics::Rate received_;

    metrics::Rate sent_; // the source pad's task

    std::atomic<bool> upstreamLive_ = false;
    std::atomic<std::uint64_t> latencyNs_ = 0;

    mutable std::mutex mutex_; // guards what is below; never held across a call to anything else
    std::shared_ptr<RecogniserStream> stream_;
};

} // namespace lt
