// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/recogniser/audio_format.h"

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
    BufferRef buffer;
    std::size_t bytes = 0;
    std::uint64_t runningNs = 0; ///< running time of the first frame
    std::uint64_t enteredNs = 0; ///< monotonic clock, when the block entered the element
    AudioFormat format;

    std::uint64_t durationNs() const { return format.nsOfBytes(bytes); }
};

/// Audio that will never be heard: running times, ns.
struct LostRange {
    std::uint64_t startNs = 0;
    std::uint64_t endNs = 0;
    bool operator==(const LostRange &) const = default;
};

/// Audio that waits for the recogniser, bounded in time. Any thread; one producer, one consumer.
class LT_EXPORT AudioBacklog {
public:
    enum class Policy { Block, DropOldest };
    enum class Result { Taken, Flushing, Ended, Failed };
    struct Pushed {
        Result result;
        bool wasEmpty; ///< the consumer has to be woken
    };
    struct Level {
        std::uint64_t ns = 0;
        std::size_t blocks = 0;
        std::uint64_t droppedNs = 0; ///< since the beginning
        std::uint64_t droppedBlocks = 0;
    };

    /// Holds up to `capacityNs` of audio, and always at least one block.
    explicit AudioBacklog(std::uint64_t capacityNs) : capacityNs_(capacityNs) {}

    // Producer.
    /// With Policy::Block waits for room, until shut().
    Pushed push(AudioBlock block, Policy policy);
    /// No more audio comes.
    void end();

    // Consumer.
    std::optional<AudioFormat> headFormat() const;
    /// The oldest block, if it is of this format. (What headFormat() saw may have been dropped since.)
    std::optional<AudioBlock> pop(const AudioFormat &format);
    /// Ended, and everything taken.
    bool exhausted() const;
    /// What was dropped since the last call, in order, joined where adjacent.
    std::vector<LostRange> takeLost();

    // Any thread.
    /// From now on every push answers `result`, also one that waits; what is queued is forgotten.
    void shut(Result result);
    Level level() const;

private:
    void dropOldest();
    void note(const LostRange &range);

    const std::uint64_t capacityNs_;
    mutable std::mutex mutex_; // guards all below
    std::condition_variable room_;
    std::deque<AudioBlock> blocks_;
    std::uint64_t ns_ = 0;
    std::vector<LostRange> lost_;
    std::uint64_t droppedNs_ = 0;
    std::uint64_t droppedBlocks_ = 0;
    Result state_ = Result::Taken;
};

} // namespace lt
