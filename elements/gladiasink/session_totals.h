// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

namespace lt::gladia {

/// What a stream has done so far: filled on its thread, copied under its lock, shown as the element's `stats`
/// and as metrics. A stream lasts from a start or a flush to the next.
///
/// Of the audio's bytes each is in exactly one place at any time:
/// bytesEntered = bytesQueued + bytesInFlight + bytesAcknowledged + bytesLost.
struct SessionTotals {
    const char *state = "idle";
    std::string sessionId;

    std::uint64_t sessions = 0;   ///< of the service
    std::uint64_t attempts = 0;   ///< to make one or to connect to it
    std::uint64_t reconnects = 0; ///< connections that took the place of a lost one

    std::uint64_t chunks = 0;    ///< frames of audio handed to the socket
    std::uint64_t bytesSent = 0; ///< in them, what was sent again included
    std::uint64_t bytesResent = 0;
    std::uint64_t bytesDoubled = 0; ///< that a session heard twice, because an acknowledgement was lost
    std::uint64_t stalls = 0;       ///< speech went in and nothing came out

    std::uint64_t bytesEntered = 0;
    std::uint64_t bytesQueued = 0;
    std::uint64_t bytesInFlight = 0;
    std::uint64_t bytesAcknowledged = 0;
    std::uint64_t bytesLost = 0;

    std::uint64_t queuedNs = 0; ///< duration of the queued bytes
    std::uint64_t inFlightNs = 0;
    std::uint64_t lostNs = 0;
    std::uint64_t filledNs = 0; ///< silence sent in the place of audio that never came

    std::uint64_t messages = 0;
    std::uint64_t malformed = 0;
    std::uint64_t rejectedChunks = 0;
    std::uint64_t partials = 0;
    std::uint64_t finals = 0;
    std::uint64_t repeated = 0; ///< about an utterance whose final was there already
    std::uint64_t addOns = 0;   ///< translations, entities, sentiments, summaries
};

} // namespace lt::gladia
