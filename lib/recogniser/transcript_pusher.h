// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/recogniser/output_planner.h"
#include "lib/recogniser/transcript_queue.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <gst/gst.h>

namespace lt {

/// Everything that leaves by the source pad: the body of the pad's task, and what it needs to know.
class LT_EXPORT TranscriptPusher {
public:
    /// Called from the task, without locks.
    struct Callbacks {
        std::function<void(std::uint32_t seqnum)> onEos;
        std::function<void(GstFlowReturn)> onFlowError;
        /// Of each transcript that was pushed.
        std::function<void(GstTranscript *)> onTranscript;
        std::function<void(std::uint64_t lateFinals)> onLate;
        std::function<void()> onDelayGrew;
    };
    struct Times {
        std::uint64_t latencyNs = 0;
        std::uint64_t latenessNs = 0;
        std::uint64_t jsonLagNs = 0;
    };

    /// `pad` belongs to `element`, and both outlive this.
    TranscriptPusher(GstElement *element, GstDebugCategory *category, GstPad *pad,
                     std::shared_ptr<TranscriptQueue> queue, Callbacks callbacks);

    // ---- while the task does not run
    /// A new stream, with everything to be negotiated anew. `mayBeUnlinked`: transcripts that nobody takes
    /// are no error. `recogniser`: the stream is tagged with it, unless empty.
    void reset(const Times &times, bool mayBeUnlinked = true, std::string recogniser = {});
    /// After a flush: the caps stay, the segment starts again.
    void flushed();

    // ---- any thread
    /// Once per stream, before anything leaves: fixes the caps. Queries downstream: no locks.
    void negotiate(std::optional<guint> groupId);
    bool negotiated() const { return negotiated_; }
    /// True once the caps are text/x-raw.
    bool isText() const { return text_; }
    void setLatency(std::uint64_t latencyNs) { latencyNs_ = latencyNs; }
    std::uint64_t maxDelayNs() const { return maxDelayNs_; }
    std::uint64_t lateFinals() const { return lateFinals_; }
    std::uint64_t pushed() const { return pushed_; }

    // ---- the pad's task
    /// One turn: waits for at most a GAP's distance, pushes at most one thing. False: nothing more to do.
    bool turn();

private:
    using Clock = std::chrono::steady_clock;

    void sendPrologue();
    void sendTags();
    bool deliver(OutputItem &item);
    bool deliver(SpokenTranscript &spoken);
    bool deliver(EventRef &event);
    bool deliver(const EndOfTranscripts &end);
    void sendGap();
    std::chrono::milliseconds gapDistance() const;
    BufferRef bufferOf(const SpokenTranscript &spoken, GstTranscript *transcript);
    std::optional<std::uint64_t> runningTime() const;
    bool downstreamSleeps() const;
    void noteDelay();

    GstElement *const element_;
    GstDebugCategory *const category_;
    GstPad *const pad_;
    const std::shared_ptr<TranscriptQueue> queue_;
    const Callbacks callbacks_;

    // Task only, or while it does not run.
    Times times_;
    bool mayBeUnlinked_ = true;
    std::string recogniser_;
    OutputPlanner planner_;
    std::optional<OutputItem> pending_; // downstream was not ready for it
    Clock::time_point nextGap_;         // unless something else leaves before
    bool prologueSent_ = false;
    bool over_ = false; // downstream wants no more

    // Written by the streaming thread before negotiated_.
    CapsRef caps_;
    guint groupId_ = GST_GROUP_ID_INVALID;

    std::atomic<bool> negotiated_ = false;
    std::atomic<bool> text_ = false;
    std::atomic<std::uint64_t> latencyNs_ = 0;
    std::atomic<std::uint64_t> maxDelayNs_ = 0;
    std::atomic<std::uint64_t> lateFinals_ = 0;
    std::atomic<std::uint64_t> pushed_ = 0;
};

} // namespace lt
