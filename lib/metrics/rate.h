// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace lt::metrics {

/// How often something happens, for lines in a log: told once a second at most. Pure, one thread; the clock
/// is monotonic, ns.
class Rate {
public:
    /// Once more, and it took `ns`.
    void count(std::uint64_t ns = 0) {
        count_++;
        longestNs_ = std::max(longestNs_, ns);
    }

    struct Second {
        double perSecond;
        double longestMs;
    };
    /// What happened since the last answer, or since the first question; nothing before a second is over.
    std::optional<Second> tell(std::uint64_t nowNs) {
        constexpr std::uint64_t kSecondNs = 1'000'000'000;
        if (!since_)
            since_ = nowNs;
        if (nowNs - *since_ < kSecondNs)
            return std::nullopt;
        const Second second{static_cast<double>(count_) * 1e9 / static_cast<double>(nowNs - *since_),
                            static_cast<double>(longestNs_) / 1e6};
        since_ = nowNs;
        count_ = longestNs_ = 0;
        return second;
    }

private:
    std::optional<std::uint64_t> since_;
    std::uint64_t count_ = 0;
    std::uint64_t longestNs_ = 0;
};

} // namespace lt::metrics
