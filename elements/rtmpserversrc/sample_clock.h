// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <cstdlib>

namespace lt::rtmpserversrc {

/// Times of coded frames, counted in samples: RTMP's milliseconds make frames of 23, 23 and 24 ms out of
/// equal ones. The milliseconds stay the truth; the count is drawn towards them.
class SampleClock {
public:
    /// In nanoseconds of the stream.
    struct Place {
        std::uint64_t pts;
        std::uint64_t duration;
    };

    /// `samples` at `rate` Hz of a frame that the stream's timeline has at `ms`; 0 samples: the timeline it
    /// is.
    Place place(std::uint64_t ms, unsigned samples, unsigned rate, bool discont) {
        const auto truth = static_cast<std::int64_t>(ms * 1'000'000);
        const auto duration =
            rate ? static_cast<std::int64_t>(samples) * 1'000'000'000 / static_cast<std::int64_t>(rate) : 0;
        const std::int64_t off = truth - next_;
        const bool counted = running_ && !discont && samples > 0 && std::llabs(off) <= kTolerance;
        const std::int64_t pts = counted ? next_ + off / kPull : truth;
        running_ = samples > 0;
        next_ = pts + duration;
        return {static_cast<std::uint64_t>(pts), static_cast<std::uint64_t>(duration)};
    }

private:
    static constexpr std::int64_t kTolerance = 30'000'000;
    static constexpr std::int64_t kPull = 64;

    bool running_ = false;
    std::int64_t next_ = 0;
};

} // namespace lt::rtmpserversrc
