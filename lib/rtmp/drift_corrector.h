// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace lt::rtmp {

/// Keeps a publisher's time from running away from ours: its crystal is not our crystal, and 100 ppm are nine
/// seconds in a day. All in milliseconds.
///
/// The network only ever makes frames late. So of each ten seconds the frame that was earliest, seen from our
/// clock, tells how far the two clocks are apart; compared with the first ten seconds of the same publisher
/// that is the drift. It is taken away in small steps, far below what a listener or a decoder notices.
class DriftCorrector {
public:
    static constexpr std::int64_t kWindow = 10000;
    /// What is not worth correcting; network jitter stays below it.
    static constexpr std::int64_t kTolerance = 20;
    /// Largest change in one window: 1000 ppm, more than any crystal needs.
    static constexpr std::int64_t kMaxStep = 10;
    /// Beyond this it is no drift but a publisher that is faster or slower than time on purpose.
    static constexpr std::int64_t kMaxDrift = 2000;

    /// `position`: of a frame on the publisher's line; `clock`: when it arrived. What to add to the position.
    std::int64_t correct(std::int64_t position, std::int64_t clock) {
        if (!running_) {
            running_ = true;
            windowFrom_ = clock;
        }
        earliest_ = std::max(earliest_, position + correction_ - clock);
        if (clock - windowFrom_ >= kWindow)
            closeWindow(clock);
        // A millisecond at a time, so that no frame seems to be of another length.
        const std::int64_t distance = target_ - correction_;
        if (distance != 0 && clock - steppedAt_ >= kWindow / (kMaxStep + 1)) {
            correction_ += distance > 0 ? 1 : -1;
            steppedAt_ = clock;
        }
        return correction_;
    }
    /// The position was set anew: what was measured means nothing any more. The correction stays.
    void restart() {
        running_ = hasReference_ = false;
        earliest_ = kNone;
        target_ = correction_;
    }
    std::int64_t correction() const { return correction_; }

private:
    static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

    void closeWindow(std::int64_t clock) {
        if (!hasReference_)
            reference_ = earliest_;
        hasReference_ = true;
        const std::int64_t drift = earliest_ - reference_;
        target_ = correction_;
        if (std::abs(drift) > kTolerance && std::abs(drift) <= kMaxDrift)
            target_ = correction_ - std::clamp(drift, -kMaxStep, kMaxStep);
        earliest_ = kNone;
        windowFrom_ = clock;
    }

    bool running_ = false;
    bool hasReference_ = false;
    std::int64_t reference_ = 0;
    std::int64_t earliest_ = kNone;
    std::int64_t windowFrom_ = 0;
    std::int64_t correction_ = 0;
    std::int64_t target_ = 0;
    std::int64_t steppedAt_ = 0;
};

} // namespace lt::rtmp
