// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/heartbeat.h"

#include <algorithm>
#include <chrono>

namespace lt::broadcast {

namespace {

constexpr std::uint64_t kLongestMs = 24 * 3600 * 1000;
constexpr std::uint64_t kMaxSlots = 64;
constexpr net::Duration kMinPeriod = std::chrono::milliseconds(5);

} // namespace

void HeartbeatSources::set(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed) {
    if (intervalMs == 0) {
        policies_.erase(source);
        return;
    }
    const auto atMost = [](std::uint64_t ms) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ms, kLongestMs)));
    };
    const std::uint64_t deadline = std::uint64_t{intervalMs} * std::max(maxMissed, 1u);
    policies_[source] = {atMost(intervalMs), atMost(deadline)};
}

std::optional<HeartbeatPolicy> HeartbeatSources::policy() const {
    const auto smallest = std::min_element(policies_.begin(), policies_.end(), [](auto &a, auto &b) {
        return a.second.deadline < b.second.deadline;
    });
    if (smallest == policies_.end())
        return std::nullopt;
    return smallest->second;
}

PingWheel::PingWheel(net::Duration interval, net::TimePoint start)
    : slots_(std::clamp<std::uint64_t>(static_cast<std::uint64_t>(interval / kMinPeriod), 1, kMaxSlots)) {
    period_ = std::max<net::Duration>(interval / static_cast<std::int64_t>(slots_), net::Duration(1));
    next_ = start + period_;
}

PingWheel::Due PingWheel::advance(net::TimePoint now) {
    if (now < next_)
        return {at_, 0};
    const auto passed = static_cast<std::uint64_t>((now - next_) / period_) + 1;
    next_ += period_ * static_cast<std::int64_t>(passed);
    // After a stall of more than an interval everybody is due, but only once.
    const Due due{at_, std::min(passed, slots_)};
    at_ = (at_ + passed) % slots_;
    return due;
}

} // namespace lt::broadcast
