// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/slow_viewers.h"

#include <utility>

namespace lt::broadcast {

std::optional<QueueDrops> SlowViewers::note(std::uint64_t id, const QueueDrops &drops, net::TimePoint now) {
    if (drops.total().all() == 0)
        return std::nullopt;
    State &state = states_[id];
    state.unlogged.add(drops);
    if (state.anyLogged && now - state.logged < kLogEvery)
        return std::nullopt;
    state.anyLogged = true;
    state.logged = now;
    return std::exchange(state.unlogged, {});
}

bool SlowViewers::fills(std::uint64_t id, double fill) {
    if (fill >= kWarnAt)
        return !std::exchange(states_[id].warned, true);
    if (fill >= kCalmAt)
        return false;
    if (const auto found = states_.find(id); found != states_.end())
        found->second.warned = false;
    return false;
}

void SlowViewers::due(net::TimePoint now,
                      const std::function<void(std::uint64_t id, const QueueDrops &)> &log) {
    for (auto entry = states_.begin(); entry != states_.end();) {
        State &state = entry->second;
        const bool waited = now - state.logged >= kLogEvery;
        if (waited && state.unlogged.total().all() > 0) {
            state.logged = now;
            log(entry->first, std::exchange(state.unlogged, {}));
        } else if (waited && !state.warned) {
            entry = states_.erase(entry);
            continue;
        }
        ++entry;
    }
}

std::optional<QueueDrops> SlowViewers::remove(std::uint64_t id) {
    auto node = states_.extract(id);
    if (!node || node.mapped().unlogged.total().all() == 0)
        return std::nullopt;
    return node.mapped().unlogged;
}

} // namespace lt::broadcast
