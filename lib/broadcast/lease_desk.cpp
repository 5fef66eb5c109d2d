// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/lease_desk.h"

#include <chrono>

namespace lt::broadcast {

namespace {

using Kind = ViewerRequest::Kind;

} // namespace

const ViewerHandle *LeaseDesk::holder() const {
    if (!lease_.holder())
        return nullptr;
    const auto found = known_.find(lease_.holder()->id);
    return found == known_.end() ? nullptr : &found->second;
}

std::optional<LeaseView> LeaseDesk::view() const {
    const ViewerHandle *viewer = holder();
    if (!viewer)
        return std::nullopt;
    const auto ttl = std::chrono::duration_cast<std::chrono::milliseconds>(lease_.timeToLive());
    return LeaseView{lease_.holder()->token, viewer->info->id, viewer->info->userId, ttl.count()};
}

std::optional<net::TimePoint> LeaseDesk::expires() const {
    if (!lease_.holder())
        return std::nullopt;
    return lease_.holder()->expires;
}

bool LeaseDesk::holds(std::uint64_t viewerId, std::uint64_t token, net::TimePoint now) {
    return lease_.holds(viewerId, token, now);
}

void LeaseDesk::answer(const ViewerHandle &viewer, const char *event, std::int64_t unixMs) {
    const std::uint64_t id = viewer.info->id;
    const LeaseNews news{
        event, view(), lease_.holder() && lease_.holder()->id == id, lease_.position(id), lease_.candidates(),
        unixMs};
    host_.tellOne(viewer, makeNotice(leaseMessage(news, false), noticekey::kLeaseAnswer));
}

void LeaseDesk::handle(const ViewerHandle &viewer, const ViewerRequest &request, net::TimePoint now,
                       std::int64_t unixMs) {
    const std::uint64_t id = viewer.info->id;
    if (request.kind == Kind::Claim) {
        known_.emplace(id, viewer);
        const Lease::Claim outcome = lease_.claim(id, now);
        if (outcome != Lease::Claim::Granted) // a grant is told by settle()
            answer(viewer, outcome == Lease::Claim::Queued ? "queued" : "granted", unixMs);
    } else if (request.kind == Kind::Renew) {
        answer(viewer, lease_.renew(id, *request.token, now) ? "renewed" : "lost", unixMs);
    } else if (request.kind == Kind::Release) {
        if (!request.token || !lease_.release(id, *request.token, now))
            lease_.withdraw(id);
        const bool stillHolds = lease_.holder() && lease_.holder()->id == id; // that was a token of old
        answer(viewer, stillHolds ? "granted" : "released", unixMs);
        forget(id);
    }
}

bool LeaseDesk::remove(std::uint64_t viewerId, net::TimePoint now) {
    if (!known_.contains(viewerId))
        return false;
    lease_.remove(viewerId, now);
    known_.erase(viewerId);
    return true;
}

/// If it neither holds the lease nor waits for it any more.
void LeaseDesk::forget(std::uint64_t viewerId) {
    const bool holds = lease_.holder() && lease_.holder()->id == viewerId;
    if (!holds && lease_.position(viewerId) == 0)
        known_.erase(viewerId);
}

void LeaseDesk::settle(std::int64_t unixMs) {
    const std::uint64_t token = lease_.holder() ? lease_.holder()->token : 0;
    if (token == toldToken_)
        return;
    forget(toldHolder_);
    toldToken_ = token;
    toldHolder_ = lease_.holder() ? lease_.holder()->id : 0;
    if (const ViewerHandle *winner = holder())
        answer(*winner, "granted", unixMs);
    const LeaseNews news{"changed", view(), false, 0, lease_.candidates(), unixMs};
    host_.tellAll(makeNotice(leaseMessage(news, true), noticekey::kLease));
    host_.onLeaseChanged(holder(), token);
}

} // namespace lt::broadcast
