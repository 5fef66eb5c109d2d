// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/sliding_log.h"
#include "lib/rtmp/message.h"

namespace lt::rtmp {

/// What happens to a publisher that comes while another one publishes the same stream.
enum class PublisherPolicy {
    Refuse,   ///< turned away, unless the present one has fallen silent
    Takeover, ///< takes the stream over
};

/// Decides, for one stream, between the present publisher and one that knocks. Two encoders that both come
/// back after being thrown out would throw each other out for ever: takeovers of living publishers are
/// counted.
class PublisherGate {
public:
    enum class Decision { Replace, Refuse, TooOften };

    static constexpr std::size_t kTakeovers = 3;
    static constexpr Milliseconds kTakeoverWindow{10000};

    /// `silentFor`: since the present publisher's last byte.
    Decision decide(PublisherPolicy policy, TimePoint::duration silentFor, Milliseconds staleAfter,
                    TimePoint now) {
        if (silentFor >= staleAfter)
            return Decision::Replace;
        if (policy == PublisherPolicy::Refuse)
            return Decision::Refuse;
        return takeovers_.check(now) ? Decision::Replace : Decision::TooOften;
    }

private:
    SlidingLog takeovers_{kTakeovers, kTakeoverWindow};
};

} // namespace lt::rtmp
