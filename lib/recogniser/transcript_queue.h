// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/recogniser/spoken_transcript.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

namespace lt {

/// Nothing follows.
struct EndOfTranscripts {
    std::uint32_t seqnum = 0; ///< of the EOS event that asked for it; 0: none, the session failed
};
/// What leaves by the source pad, in order.
using OutputItem = std::variant<SpokenTranscript, EventRef, EndOfTranscripts>;

/// From the IO thread and the streaming thread to the source pad's task. Bounded: once kLagItems wait, a
/// waiting partial gives way to a newer message about the same utterance; beyond kMaxItems the oldest
/// transcript goes, counted.
class LT_EXPORT TranscriptQueue : public std::enable_shared_from_this<TranscriptQueue> {
public:
    static constexpr std::size_t kLagItems = 16;
    static constexpr std::size_t kMaxItems = 4096;

    /// What may be pushed since one open(); after the next shut() it does nothing, so that who is late (a
    /// session that was aborted) cannot disturb what comes after. Copies are the same.
    class Writer {
    public:
        void push(OutputItem item) const;

    private:
        friend class TranscriptQueue;
        Writer(std::shared_ptr<TranscriptQueue> queue, std::uint64_t generation)
            : queue_(std::move(queue)), generation_(generation) {}
        std::shared_ptr<TranscriptQueue> queue_;
        std::uint64_t generation_;
    };

    /// A queue is made shut.
    static std::shared_ptr<TranscriptQueue> make() {
        return std::shared_ptr<TranscriptQueue>(new TranscriptQueue);
    }

    /// Waits for at most `patience`; nothing when none came or the queue was shut.
    std::optional<OutputItem> pop(std::chrono::milliseconds patience);
    /// Waits without taking anything: until `patience` is over or the queue is shut.
    void pause(std::chrono::milliseconds patience);
    /// Empties the queue and makes every pop() return at once, until open().
    void shut();
    Writer open();
    std::uint64_t dropped() const;
    std::size_t size() const;

private:
    TranscriptQueue() = default;
    void push(OutputItem item, std::uint64_t generation);
    bool replacePartial(SpokenTranscript &spoken);
    void makeRoom();

    mutable std::mutex mutex_; // guards all below
    std::condition_variable changed_;
    std::deque<OutputItem> items_;
    std::uint64_t dropped_ = 0;
    std::uint64_t generation_ = 0; // of the last open()
    bool shut_ = true;
};

} // namespace lt
