// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>

namespace lt::net {

/// Decides when it pays to let events gather before they are looked at: waking up costs more than a small
/// packet. Where little happens it never does, so a lone event is served at once.
class TurnPacer {
public:
    using Duration = std::chrono::steady_clock::duration;
    using TimePoint = std::chrono::steady_clock::time_point;

    /// Events may wait for up to `pace`; 0: never.
    explicit TurnPacer(Duration pace = Duration::zero()) : pace_(pace) {}

    /// After a turn that served so many events: how long to wait before the next.
    Duration after(std::size_t events, TimePoint now) {
        if (now - since_ >= kWindow * pace_) {
            gather_ = static_cast<long>(events_) * pace_ >= kWorthwhile * (now - since_);
            since_ = now;
            events_ = 0;
        }
        events_ += events;
        return gather_ ? pace_ : Duration::zero();
    }

private:
    static constexpr int kWindow = 32;
    /// Events in one pace: with fewer, what the wait itself costs is not won back.
    static constexpr int kWorthwhile = 2;

    Duration pace_;
    bool gather_ = false;
    TimePoint since_{};
    std::size_t events_ = 0;
};

} // namespace lt::net
