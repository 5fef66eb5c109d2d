// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/recogniser/audio_format.h"
#include "lib/recogniser/byte_ledger.h"
#include "lib/recogniser/speech.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace lt {

/// Whole frames of audio on their way. The bytes stay in the buffer that brought them; only who sends them
/// looks into it.
struct AudioBlock {
    BufferRef buffer;       ///< null: silence
    std::size_t offset = 0; ///< of the first byte in the buffer
    std::size_t bytes = 0;
    std::uint64_t runningNs = 0; ///< running time of the first frame
    std::uint64_t enteredNs = 0; ///< monotonic clock, when the block entered the element
    Speech speech;               ///< where anybody has listened
    AudioFormat format;

    std::uint64_t durationNs() const { return format.nsOfBytes(bytes); }
    /// The same frames, sharing the buffer.
    AudioBlock share() const;
    /// Cuts off and returns the first `count` bytes, whole frames.
    AudioBlock splitFront(std::size_t count);
};

/// Audio that waits for the recogniser, in order, bounded in time. What is handed out can be kept until the
/// recogniser has acknowledged it, and longer, so that it can be handed out again:
///
///   | acknowledged, kept | handed out | queued |
///    ↑ trimKept()         ↑ acknowledge()  ↑ next()   ↑ push()
///
/// Any thread; one producer, one consumer.
class LT_EXPORT AudioBacklog {
public:
    enum class Policy { Block, DropOldest };
    enum class Result { Taken, Flushing, Ended, Failed };
    struct Pushed {
        Result result;
        bool wasEmpty;       ///< the consumer has to be woken
        bool losing = false; ///< something was lost, and everything lost before has been taken notice of
    };
    struct Level {
        std::uint64_t ns = 0; ///< queued
        std::size_t blocks = 0;
        std::uint64_t inFlightNs = 0;
        std::uint64_t droppedNs = 0; ///< since the beginning, for want of room
        std::uint64_t droppedBlocks = 0;
        ByteLedger::Totals bytes;
    };

    /// Holds up to `capacityNs` of audio that is not acknowledged, and always at least one queued block.
    explicit AudioBacklog(std::uint64_t capacityNs) : capacityNs_(capacityNs) {}

    // Producer.
    /// With Policy::Block waits for room, until shut().
    Pushed push(AudioBlock block, Policy policy);
    /// No more audio comes.
    void end();

    // Consumer.
    /// Of the block that is handed out next.
    std::optional<AudioFormat> headFormat() const;
    /// Hands out the oldest queued block, or its first `maxBytes`, if it is of this format; keeps it.
    std::optional<AudioBlock> next(const AudioFormat &format, std::size_t maxBytes);
    /// The oldest `bytes` handed out are the recogniser's.
    void acknowledge(std::uint64_t bytes);
    /// Forgets what is acknowledged, but for the newest `bytes`.
    void trimKept(std::uint64_t bytes);
    /// Queues again what was handed out and not acknowledged; answers how many bytes.
    std::uint64_t rewind();
    /// Queues again everything there is, acknowledged or not; answers how many bytes.
    std::uint64_t replay();
    /// All that is not acknowledged is lost.
    void giveUp(LossReason reason);
    /// next(), acknowledged and forgotten at once, for a recogniser that cannot lose it.
    std::optional<AudioBlock> pop(const AudioFormat &format);
    /// Ended, and everything handed out.
    bool exhausted() const;
    /// What was lost since the last call, in order, joined where adjacent.
    std::vector<Loss> takeLosses();

    // Any thread.
    /// From now on every push answers `result`, also one that waits; what there is is forgotten.
    void shut(Result result);
    Level level() const;

private:
    using Blocks = std::deque<AudioBlock>;
    using Dropped = std::vector<AudioBlock>; // empty, and then without memory, most of the time
    void lose(std::size_t index, ByteLedger::Place from, LossReason reason, Dropped &dropped);
    void loseAll(LossReason reason, Dropped &dropped);
    void splitAt(std::size_t index, std::size_t bytes, std::uint64_t &ns);
    std::optional<AudioBlock> nextLocked(const AudioFormat &format, std::size_t maxBytes);
    void acknowledgeLocked(std::uint64_t bytes);
    void trimLocked(std::uint64_t bytes, Dropped &dropped);

    const std::uint64_t capacityNs_;
    mutable std::mutex mutex_; // guards all below
    std::condition_variable room_;
    Blocks blocks_;
    std::size_t kept_ = 0; // blocks that are acknowledged
    std::size_t sent_ = 0; // blocks that are handed out, the acknowledged ones included
    std::uint64_t keptBytes_ = 0;
    std::uint64_t inFlightNs_ = 0;
    std::uint64_t queuedNs_ = 0;
    ByteLedger ledger_;
    std::uint64_t droppedNs_ = 0;
    std::uint64_t droppedBlocks_ = 0;
    Result state_ = Result::Taken;
};

} // namespace lt
