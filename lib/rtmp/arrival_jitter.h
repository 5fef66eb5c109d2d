// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

namespace lt::rtmp {

/// How unevenly frames arrive: the mean deviation of the time between two arrivals from the time between
/// their stamps, smoothed over 16 frames as in RFC 3550.
class ArrivalJitter {
public:
    void frame(std::uint64_t ms, TimePoint arrival) {
        if (known_) {
            const auto waited = std::chrono::duration<double, std::milli>(arrival - lastArrival_).count();
            const double deviation = waited - static_cast<double>(ms - lastMs_);
            jitter_ += ((deviation < 0 ? -deviation : deviation) - jitter_) / 16;
        }
        known_ = true;
        lastMs_ = ms;
        lastArrival_ = arrival;
    }
    /// Another publisher, or a jump: the next frame is compared with none.
    void restart() { known_ = false; }
    double ms() const { return jitter_; }

private:
    bool known_ = false;
    std::uint64_t lastMs_ = 0;
    TimePoint lastArrival_;
    double jitter_ = 0;
};

} // namespace lt::rtmp
