// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/queue_limits.h"
#include "lib/net/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

namespace lt::broadcast {

/// Remembers the viewers that are behind, so that every drop gets into the log, with at most one line a
/// second and viewer, and a queue that fills up is warned of once. Pure: told the time. Costs nothing for
/// viewers that keep up.
class SlowViewers {
public:
    static constexpr double kWarnAt = 0.8; ///< of the queue's limit
    static constexpr double kCalmAt = 0.5; ///< below this the next warning may come
    static constexpr net::Duration kLogEvery = std::chrono::seconds(1);

    /// Drops of a viewer. What is returned is to be logged now: all since the last line.
    std::optional<QueueDrops> note(std::uint64_t id, const QueueDrops &drops, net::TimePoint now);
    /// How full a viewer's queue is, 0 to 1 and above. True: warn of it.
    bool fills(std::uint64_t id, double fill);
    /// Hands over what has waited for its line, and forgets who has calmed down.
    void due(net::TimePoint now, const std::function<void(std::uint64_t id, const QueueDrops &)> &log);
    /// The viewer has gone; what is returned is to be logged.
    std::optional<QueueDrops> remove(std::uint64_t id);

    std::size_t size() const { return states_.size(); }

private:
    struct State {
        QueueDrops unlogged;
        net::TimePoint logged{};
        bool warned = false;
        bool anyLogged = false;
    };
    std::unordered_map<std::uint64_t, State> states_;
};

} // namespace lt::broadcast
