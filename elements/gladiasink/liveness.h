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

    /// `ackTimeoutNs`: how long an acknowledgement that is due may stay away. `keepAliveNs`: without audio
    /// for so long, the service needs a sign.
    Liveness(std::uint64_t ackTimeoutNs, std::uint64_t keepAliveNs)
        : ackTimeoutNs_(ackTimeoutNs), keepAliveNs_(keepAliveNs) {}

    /// 0: no policy any more. A policy judges what comes after it.
    void setHeartbeat(std::uint64_t now, std::uint64_t limitNs) {
        heartbeatLimitNs_ = limitNs;
        heard(now);
    }

    void opened(std::uint64_t now) { lastHeard_ = lastSent_ = lastAnswer_ = now; }
    /// Anything from the peer.
    void heard(std::uint64_t now) { lastHeard_ = std::max(lastHeard_, now); }
    void acknowledged(std::uint64_t now) { lastAnswer_ = now; }
    /// Something was sent. When nothing was due before, an answer is due from now on only.
    void sent(std::uint64_t now, bool nothingWasDue) {
        lastSent_ = now;
        if (nothingWasDue)
            lastAnswer_ = now;
    }

    std::uint64_t lastHeard() const { return lastHeard_; }
    /// Dead from then on: an acknowledgement is missed, or, under a heartbeat, pongs are.
    std::uint64_t deadAt(bool answerDue) const {
        return std::min(heartbeatLimitNs_ ? lastHeard_ + heartbeatLimitNs_ : kNever,
                        answerDue ? lastAnswer_ + ackTimeoutNs_ : kNever);
    }
    std::uint64_t keepAliveAt() const { return lastSent_ + keepAliveNs_; }

private:
    std::uint64_t ackTimeoutNs_;
    std::uint64_t keepAliveNs_;
    std::uint64_t heartbeatLimitNs_ = 0;
    std::uint64_t lastHeard_ = 0;
    std::uint64_t lastSent_ = 0;
    std::uint64_t lastAnswer_ = 0;
};

} // namespace lt::gladia
