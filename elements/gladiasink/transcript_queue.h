// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/spoken_transcript.h"
#include "lib/gst/refs.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <variant>

namespace lt::gladia {

/// Nothing follows.
struct EndOfTranscripts {
    std::uint32_t seqnum = 0; ///< of the EOS event that asked for it; 0: none, the session failed
};
/// What leaves by the source pad, in order.
using OutputItem = std::variant<SpokenTranscript, EventRef, EndOfTranscripts>;

/// From the IO thread and the streaming thread to the source pad's task. Bounded: once kLagItems wait, a
/// waiting partial gives way to a newer message about the same utterance; beyond kMaxItems the oldest
/// transcript goes, counted.
class TranscriptQueue {
public:
    static constexpr std::size_t kLagItems = 16;
    static constexpr std::size_t kMaxItems = 4096;

    void push(OutputItem item);
    /// Waits for at most `patience`; nothing when none came or the queue was shut.
    std::optional<OutputItem> pop(std::chrono::milliseconds patience);
    /// Waits without taking anything: until `patience` is over or the queue is shut.
    void pause(std::chrono::milliseconds patience);
    /// Empties the queue and makes every pop() return at once, until open().
    void shut();
    void open();
    std::uint64_t dropped() const;

private:
    bool replacePartial(SpokenTranscript &spoken);
    void makeRoom();

    mutable std::mutex mutex_; // guards all below
    std::condition_variable changed_;
    std::deque<OutputItem> items_;
    std::uint64_t dropped_ = 0;
    bool shut_ = false;
};

} // namespace lt::gladia
