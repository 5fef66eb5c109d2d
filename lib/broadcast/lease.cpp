// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/lease.h"

#include <algorithm>

namespace lt::broadcast {

void Lease::grantNext(net::TimePoint now) {
    holder_.reset();
    if (candidates_.empty())
        return;
    holder_ = Holder{candidates_.front(), ++token_, now + timeToLive_};
    candidates_.pop_front();
}

void Lease::tick(net::TimePoint now) {
    if (holder_ && now >= holder_->expires)
        grantNext(now);
}

Lease::Claim Lease::claim(Id id, net::TimePoint now) {
    tick(now);
    if (holder_ && holder_->id == id)
        return Claim::AlreadyHeld;
    if (position(id) == 0)
        candidates_.push_back(id);
    if (holder_)
        return Claim::Queued;
    grantNext(now);
    return Claim::Granted;
}

bool Lease::holds(Id id, std::uint64_t token, net::TimePoint now) {
    tick(now);
    return holder_ && holder_->id == id && holder_->token == token;
}

bool Lease::renew(Id id, std::uint64_t token, net::TimePoint now) {
    if (!holds(id, token, now))
        return false;
    holder_->expires = now + timeToLive_;
    return true;
}

bool Lease::release(Id id, std::uint64_t token, net::TimePoint now) {
    if (!holds(id, token, now))
        return false;
    grantNext(now);
    return true;
}

void Lease::withdraw(Id id) {
    std::erase(candidates_, id);
}

void Lease::remove(Id id, net::TimePoint now) {
    withdraw(id); // before the lease is passed on: it must not be passed to who has gone
    tick(now);
    if (holder_ && holder_->id == id)
        grantNext(now);
}

std::size_t Lease::position(Id id) const {
    const auto found = std::find(candidates_.begin(), candidates_.end(), id);
    return found == candidates_.end() ? 0 : static_cast<std::size_t>(found - candidates_.begin()) + 1;
}

} // namespace lt::broadcast
