// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace lt::gladia {

/// When an open connection has to be counted as dead, and when it has to be kept from falling asleep. Pure;
/// all times are of the monotonic clock, ns.
class Liveness {
public:
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};

    /// `silenceLimitNs`: without a heartbeat's policy, how long an answer that is due may stay away.
    /// `keepAliveNs`: without audio for so long, the service needs a sign.
    Liveness(std::uint64_t silenceLimitNs, std::uint64_t keepAliveNs)
        : silenceLimitNs_(silenceLimitNs), keepAliveNs_(keepAliveNs) {}

    /// 0: no policy any more. A policy judges what comes after it.
    void setHeartbeat(std::uint64_t now, std::uint64_t limitNs) {
        heartbeatLimitNs_ = limitNs;
        heard(now);
    }

    void opened(std::uint64_t now) { lastHeard_ = lastSent_ = now; }
    /// Anything from the peer.
    void heard(std::uint64_t now) { lastHeard_ = std::max(lastHeard_, now); }
    /// Something was sent. When nothing was due before, an answer is due from now on only.
    void sent(std::uint64_t now, bool nothingWasDue) {
        lastSent_ = now;
        if (nothingWasDue)
            heard(now);
    }

    std::uint64_t lastHeard() const { return lastHeard_; }
    /// Dead from then on. Without a heartbeat only an answer that is due can be missed; with one, pongs
    /// always are.
    std::uint64_t deadAt(bool answerDue) const {
        if (heartbeatLimitNs_)
            return lastHeard_ + heartbeatLimitNs_;
        return answerDue ? lastHeard_ + silenceLimitNs_ : kNever;
    }
    std::uint64_t keepAliveAt() const { return lastSent_ + keepAliveNs_; }

private:
    std::uint64_t silenceLimitNs_;
    std::uint64_t keepAliveNs_;
    std::uint64_t heartbeatLimitNs_ = 0;
    std::uint64_t lastHeard_ = 0;
    std::uint64_t lastSent_ = 0;
};

} // namespace lt::gladia
