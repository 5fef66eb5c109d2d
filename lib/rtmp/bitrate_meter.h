// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <deque>

namespace lt::rtmp {

/// How fast a counter of bytes rises: the mean over the last two seconds, or since the beginning while that
/// is shorter.
class BitrateMeter {
public:
    static constexpr Milliseconds kWindow{2000};

    /// `bytes` were counted up to `now`; neither goes back. To be told a few times a second.
    void note(std::uint64_t bytes, TimePoint now) {
        points_.push_back({now, bytes});
        while (points_.size() > 2 && now - points_[1].at >= kWindow)
            points_.pop_front();
    }
    /// Bits per second; 0 before there are two points.
    std::uint64_t bitsPerSecond() const {
        if (points_.size() < 2)
            return 0;
        const auto &first = points_.front(), &last = points_.back();
        const std::chrono::duration<double> time = last.at - first.at;
        return time.count() > 0 ? static_cast<std::uint64_t>(static_cast<double>(last.bytes - first.bytes) *
                                                             8 / time.count())
                                : 0;
    }

private:
    struct Point {
        TimePoint at;
        std::uint64_t bytes;
    };
    std::deque<Point> points_;
};

} // namespace lt::rtmp
