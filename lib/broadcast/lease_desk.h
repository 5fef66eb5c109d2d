// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/lease.h"
#include "lib/broadcast/viewer_notices.h"
#include "lib/broadcast/viewer_requests.h"
#include "lib/broadcast/viewer_shard.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace lt::broadcast {

/// What the desk needs of its room.
class LeaseHost {
public:
    virtual ~LeaseHost() = default;
    virtual void tellOne(const ViewerHandle &viewer, const FrameRef &notice) = 0;
    virtual void tellAll(const FrameRef &notice) = 0;
    /// `holder` is null when there is none any more.
    virtual void onLeaseChanged(const ViewerHandle *holder, std::uint64_t token) = 0;
};

/// Gives a room's coordinator lease to its viewers: knows who asks, answers, and tells everybody of changes.
/// On the room's thread; told the time.
///
/// Changes that come from viewers' departures are told by settle(), not at once: a departure is noticed while
/// others are being sent to.
class LeaseDesk {
public:
    LeaseDesk(LeaseHost &host, net::Duration timeToLive, std::uint64_t lastToken)
        : host_(host), lease_(timeToLive, lastToken) {}

    /// Claim, renew or release. settle() afterwards.
    void handle(const ViewerHandle &viewer, const ViewerRequest &request, net::TimePoint now,
                std::int64_t unixMs);
    /// True when something changed: settle() is wanted.
    bool remove(std::uint64_t viewerId, net::TimePoint now);
    /// Lets a lapsed lease go on.
    void tick(net::TimePoint now) { lease_.tick(now); }
    /// Tells what has changed since the last time.
    void settle(std::int64_t unixMs);

    /// True when `viewerId` holds the lease with this token.
    bool holds(std::uint64_t viewerId, std::uint64_t token, net::TimePoint now);
    std::optional<LeaseView> view() const;
    /// When a lapse must be looked for.
    std::optional<net::TimePoint> expires() const;

private:
    void answer(const ViewerHandle &viewer, const char *event, std::int64_t unixMs);
    const ViewerHandle *holder() const;
    void forget(std::uint64_t viewerId);

    LeaseHost &host_;
    Lease lease_;
    std::map<std::uint64_t, ViewerHandle> known_;  // holder and candidates, by viewer
    std::uint64_t toldToken_ = 0, toldHolder_ = 0; // what everybody knows; 0: that there is none
};

} // namespace lt::broadcast
