// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lt::gladia {

/// The heartbeats that this element has heard of; the one with the smallest deadline holds. Pure.
class HeartbeatPolicies {
public:
    struct Policy {
        std::uint64_t intervalNs = 0; ///< 0: there is none
        std::uint64_t limitNs = 0;
        bool operator==(const Policy &) const = default;
    };

    /// A source's policy; interval 0 withdraws it. Sources beyond kMaxSources are not listened to.
    void note(const std::string &source, std::uint64_t intervalMs, std::uint64_t maxMissed) {
        constexpr std::uint64_t kNsPerMs = 1'000'000;
        if (intervalMs == 0 || maxMissed == 0)
            sources_.erase(source);
        else if (sources_.size() < kMaxSources || sources_.contains(source))
            sources_[source] = {intervalMs * kNsPerMs, intervalMs * maxMissed * kNsPerMs};
    }

    Policy strictest() const {
        Policy strictest;
        for (const auto &[source, policy] : sources_)
            if (strictest.limitNs == 0 || policy.limitNs < strictest.limitNs)
                strictest = policy;
        return strictest;
    }

private:
    static constexpr std::size_t kMaxSources = 64;
    std::map<std::string, Policy> sources_;
};

} // namespace lt::gladia
