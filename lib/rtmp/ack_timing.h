// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace lt::rtmp {

/// Decides whether the kernel is to acknowledge at once what a publisher sent. One that leaves Nagle's
/// algorithm on sends a frame when the one before has been acknowledged, which takes the kernel up to 40 ms
/// unless it is told to hurry. For all others that is a packet for each frame that nobody waits for, and
/// costs as much as reading the frame.
///
/// Who is held up shows it: its frames come two at a time. So the kernel is left alone on trial, and told to
/// hurry again as soon as that is seen; the next trial comes after eight times as long.
class AckTiming {
public:
    enum class Tell {
        Nothing,
        Hurry,   ///< of what has come now
        Leisure, ///< from now on
    };

    /// After the socket was read. `frames`: how many of one kind ended in what came.
    Tell afterRead(bool publishing, std::uint64_t frames) {
        if (!publishing)
            return Tell::Hurry; // a dialogue, whose every answer counts
        if (onTrial_ && frames <= 1)
            return Tell::Nothing;
        if (onTrial_) {
            onTrial_ = false;
            untilTrial_ = pause_ *= kLonger;
        }
        if (untilTrial_-- > 0)
            return Tell::Hurry;
        onTrial_ = true;
        return Tell::Leisure;
    }

private:
    /// Reads. Publishers begin with a burst.
    static constexpr std::int64_t kFirstPause = 64;
    static constexpr std::int64_t kLonger = 8;

    bool onTrial_ = false;
    std::int64_t pause_ = kFirstPause;
    std::int64_t untilTrial_ = kFirstPause;
};

} // namespace lt::rtmp
