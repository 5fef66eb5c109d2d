// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/reconnect_policy.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

namespace {

/// A connection that was open for so long worked, even if there was nothing to acknowledge.
constexpr std::uint64_t kSettledNs = 10'000'000'000;
/// Delays are between this and 1 times the nominal one.
constexpr double kLeastShare = 0.75;

} // namespace

void ReconnectPolicy::opened(std::uint64_t now) {
    openedAt_ = now;
    works_ = false;
}

std::optional<std::uint64_t> ReconnectPolicy::failed(std::uint64_t now, std::uint64_t leastNs) {
    const auto opened = std::exchange(openedAt_, std::nullopt);
    const bool worked = std::exchange(works_, false) || (opened && now - *opened >= kSettledNs);
    if (worked)
        failures_ = shortLives_ = 0;
    else if (opened)
        shortLives_++;
    failures_++;
    if (settings_.maxAttempts && failures_ >= settings_.maxAttempts)
        return std::nullopt;
    if (worked && leastNs == 0 && (!lastAtOnce_ || now - *lastAtOnce_ >= settings_.maxNs)) {
        lastAtOnce_ = now;
        return 0;
    }
    return std::max(backOff(), leastNs);
}

std::uint64_t ReconnectPolicy::backOff() const {
    double delay = static_cast<double>(settings_.minNs);
    for (unsigned i = lastAtOnce_ ? 2 : 1; i < failures_ && delay < static_cast<double>(settings_.maxNs); i++)
        delay *= 1.5;
    delay = std::min(delay, static_cast<double>(settings_.maxNs));
    const double chance = settings_.random ? settings_.random() : 1;
    return static_cast<std::uint64_t>(delay * (kLeastShare + (1 - kLeastShare) * chance));
}

} // namespace lt::gladia
