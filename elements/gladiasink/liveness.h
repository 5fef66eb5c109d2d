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
    /// Where no heartbeat says otherwise, a peer silent for so long is pinged.
    static constexpr std::uint64_t kPingNs = 10'000'000'000;

    /// `ackTimeoutNs`: how long an acknowledgement that is due, or any answer to a ping, may stay away.
    /// `keepAliveNs`: without audio for so long, the service needs a sign.
    Liveness(std::uint64_t ackTimeoutNs, std::uint64_t keepAliveNs)
        : ackTimeoutNs_(ackTimeoutNs), keepAliveNs_(keepAliveNs) {}

    /// 0, 0: no policy any more. A policy judges what comes after it.
    void setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs) {
        heartbeatNs_ = intervalNs;
        heartbeatLimitNs_ = limitNs;
        heard(now);
    }

    void opened(std::uint64_t now) {
        lastHeard_ = lastSent_ = lastAnswer_ = lastPing_ = now;
        unanswered_ = 0;
    }
    /// Anything from the peer.
    void heard(std::uint64_t now) {
        lastHeard_ = std::max(lastHeard_, now);
        unanswered_ = 0;
    }
    void acknowledged(std::uint64_t now) { lastAnswer_ = now; }
    void pinged(std::uint64_t now) {
        lastPing_ = now;
        if (unanswered_ == 0)
            unanswered_ = now;
    }
    /// Something was sent. When nothing was due before, an answer is due from now on only.
    void sent(std::uint64_t now, bool nothingWasDue) {
        lastSent_ = now;
        if (nothingWasDue)
            lastAnswer_ = now;
    }

    std::uint64_t lastHeard() const { return lastHeard_; }
    /// Dead from then on: an acknowledgement is missed, or whatever answers a ping; under a heartbeat, so
    /// many of those as it says.
    std::uint64_t deadAt(bool answerDue) const {
        const std::uint64_t audioDue = answerDue ? lastAnswer_ + ackTimeoutNs_ : kNever;
        if (heartbeatLimitNs_)
            return std::min(audioDue, lastHeard_ + heartbeatLimitNs_);
        return std::min(audioDue, unanswered_ ? unanswered_ + ackTimeoutNs_ : kNever);
    }
    std::uint64_t pingAt() const {
        return std::max(lastHeard_, lastPing_) + (heartbeatNs_ ? heartbeatNs_ : kPingNs);
    }
    std::uint64_t keepAliveAt() const { return lastSent_ + keepAliveNs_; }

private:
    std::uint64_t ackTimeoutNs_;
    std::uint64_t keepAliveNs_;
    std::uint64_t heartbeatNs_ = 0;
    std::uint64_t heartbeatLimitNs_ = 0;
    std::uint64_t lastHeard_ = 0;
    std::uint64_t lastSent_ = 0;
    std::uint64_t lastAnswer_ = 0;
    std::uint64_t lastPing_ = 0;
    std::uint64_t unanswered_ = 0; // the first ping since anything was heard; 0: there was none
};

} // namespace lt::gladia
