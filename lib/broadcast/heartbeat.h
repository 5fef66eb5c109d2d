// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace lt::broadcast {

/// How often viewers are pinged, and how long one may be silent.
struct HeartbeatPolicy {
    net::Duration interval;
    net::Duration deadline;

    bool operator==(const HeartbeatPolicy &) const = default;
};

/// What the sources of heartbeat events have said; of several the one with the smallest deadline holds.
class HeartbeatSources {
public:
    /// An interval of 0 withdraws the source's policy.
    void set(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed);
    std::optional<HeartbeatPolicy> policy() const;

private:
    std::map<std::string, HeartbeatPolicy> policies_;
};

/// When each viewer is pinged: an interval is cut into slots and a viewer's id picks one, so that pings leave
/// evenly instead of all at once. Pure: asked with the time.
class PingWheel {
public:
    PingWheel() = default;
    PingWheel(net::Duration interval, net::TimePoint start);

    /// Time between two ticks.
    net::Duration period() const { return period_; }
    /// Which slots are due at `now`: [first, first + count), modulo slots(). Each slot comes once an
    /// interval, however late the ticks are.
    struct Due {
        std::uint64_t first, count;
    };
    Due advance(net::TimePoint now);
    std::uint64_t slots() const { return slots_; }
    bool includes(const Due &due, std::uint64_t viewerId) const {
        return (viewerId % slots_ + slots_ - due.first) % slots_ < due.count;
    }

private:
    net::Duration period_{};
    net::TimePoint next_{};
    std::uint64_t slots_ = 1;
    std::uint64_t at_ = 0;
};

} // namespace lt::broadcast
