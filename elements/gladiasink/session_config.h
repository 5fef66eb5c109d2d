// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/endpoint.h"
#include "elements/gladiasink/protocol.h"

#include <cstdint>
#include <functional>

namespace lt::gladia {

/// What a stream of audio wants of the service and of the network. Times in ns.
struct SessionConfig {
    SessionOptions options;
    Endpoint endpoint;
    std::uint64_t connectTimeoutNs = 10'000'000'000; ///< each for the request and for the upgrade
    std::uint64_t drainTimeoutNs = 10'000'000'000;
    std::uint64_t reconnectMinNs = 250'000'000;
    std::uint64_t reconnectMaxNs = 2'000'000'000;
    unsigned maxAttempts = 0;                        ///< failures in a row that end it; 0: none do
    std::uint64_t ackTimeoutNs = 5'000'000'000;      ///< sent audio stays unacknowledged for so long: dead
    std::uint64_t maxInFlightNs = 3'000'000'000;     ///< audio handed to the socket and not acknowledged
    double catchupSpeed = 4;                         ///< times real time, for audio that had to wait
    std::uint64_t maxSessionNs = 10'200'000'000'000; ///< audio of one session of the service
    std::uint64_t maxFillNs = 2'000'000'000;         ///< holes up to this are filled with silence
    std::uint64_t stallSpeechNs = 20'000'000'000;    ///< speech without a transcript; 0: no limit
    std::uint64_t keepAliveNs = 20'000'000'000;      ///< without audio for so long: an empty chunk
    std::function<double()> random = [] {
        return 0.5;
    }; ///< 0..1, spreads retries
};

} // namespace lt::gladia
