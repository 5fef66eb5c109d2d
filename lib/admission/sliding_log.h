// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

namespace lt {

/// "At most `limit` events in any `window`": remembers when the last `limit` of them were. Unlike a counter
/// that is reset every second it lets nobody have twice the limit around a reset. One thread; the time is an
/// argument and never goes back.
class SlidingLog {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// A limit of 0 admits everything. Memory is taken with the first event: 8 bytes per event of the limit.
    explicit SlidingLog(std::size_t limit, Duration window = std::chrono::seconds(1))
        : limit_(limit), window_(window) {}

    /// Whether check() would be true now.
    bool wouldPass(TimePoint now) const {
        return limit_ == 0 || count_ < limit_ || now - times_[oldest_] >= window_;
    }

    /// False when this event is one too many; it then does not count.
    bool check(TimePoint now) {
        if (limit_ == 0)
            return true;
        if (!times_)
            times_ = std::make_unique<TimePoint[]>(limit_);
        if (count_ < limit_)
            count_++;
        else if (now - times_[oldest_] < window_)
            return false;
        times_[oldest_] = now;
        oldest_ = oldest_ + 1 == limit_ ? 0 : oldest_ + 1;
        return true;
    }

private:
    std::size_t limit_;
    Duration window_;
    std::unique_ptr<TimePoint[]> times_; // a ring
    std::size_t oldest_ = 0;             // where the next one goes
    std::size_t count_ = 0;
};

} // namespace lt
