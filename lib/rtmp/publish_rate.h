// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/sliding_log.h"

#include <map>
#include <string>

namespace lt::rtmp {

/// How many requests to publish are looked at in any second; 0: all of them.
struct PublishRates {
    std::size_t total = 1000;
    std::size_t perAddress = 200;

    bool operator==(const PublishRates &) const = default;
};

/// Keeps those who try again and again from costing more than a refusal. What is refused does not count, so
/// whoever slows down is heard again.
class PublishRate {
public:
    using TimePoint = SlidingLog::TimePoint;

    explicit PublishRate(const PublishRates &rates) : rates_(rates), all_(rates.total) {}

    /// Whether one more from this address may be looked at now.
    bool admit(const std::string &address, TimePoint now) {
        return admitAddress(address, now) && all_.check(now);
    }

private:
    /// More addresses than this within moments are an attack, which the total bounds.
    static constexpr std::size_t kAddressesKept = 1024;

    bool admitAddress(const std::string &address, TimePoint now) {
        if (rates_.perAddress == 0)
            return true;
        if (byAddress_.size() >= kAddressesKept && !byAddress_.contains(address))
            byAddress_.clear();
        return byAddress_.try_emplace(address, rates_.perAddress).first->second.check(now);
    }

    const PublishRates rates_;
    SlidingLog all_;
    std::map<std::string, SlidingLog> byAddress_;
};

} // namespace lt::rtmp
