// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace lt::broadcast {

/// Who of a session's viewers coordinates: one holder at most, who must renew within the time to live, and
/// candidates who wait their turn. Each grant has a higher token than all before, so that what a former
/// holder still sends can be told from what the present one does. Pure: asked with the time; whatever is
/// asked, a lease that has lapsed by then goes to the next candidate first.
class Lease {
public:
    using Id = std::uint64_t; ///< of a viewer; 0 is nobody

    struct Holder {
        Id id = 0;
        std::uint64_t token = 0;
        net::TimePoint expires{};
    };
    enum class Claim { Granted, Queued, AlreadyHeld };

    /// Tokens are above `lastToken`.
    Lease(net::Duration timeToLive, std::uint64_t lastToken) : timeToLive_(timeToLive), token_(lastToken) {}

    /// Grants, or queues; a second claim changes nothing.
    Claim claim(Id id, net::TimePoint now);
    /// False when `id` does not hold the lease with this token.
    bool renew(Id id, std::uint64_t token, net::TimePoint now);
    bool release(Id id, std::uint64_t token, net::TimePoint now);
    /// No longer a candidate; a holder stays one.
    void withdraw(Id id);
    /// The viewer has gone.
    void remove(Id id, net::TimePoint now);
    /// True when `id` holds the lease with this token: what it publishes counts.
    bool holds(Id id, std::uint64_t token, net::TimePoint now);
    /// Lets a lapsed lease go to the next candidate.
    void tick(net::TimePoint now);

    const std::optional<Holder> &holder() const { return holder_; }
    std::size_t candidates() const { return candidates_.size(); }
    /// Place in the queue, 1 is next; 0 when not in it.
    std::size_t position(Id id) const;
    net::Duration timeToLive() const { return timeToLive_; }

private:
    void grantNext(net::TimePoint now);

    net::Duration timeToLive_;
    std::uint64_t token_;
    std::optional<Holder> holder_;
    std::deque<Id> candidates_; // the next one first
};

} // namespace lt::broadcast
