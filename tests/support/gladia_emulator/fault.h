// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lt::emulator {

/// What the emulator can be told to do wrong. The names in a script are these, in lower case with '-'.
enum class FaultKind {
    kDrop,                 ///< ends a connection without a close frame, after what was sent before
    kReset,                ///< the same with a TCP reset: what is on its way is lost
    kClose,                ///< closes a connection with `code` and `reason`
    kSend,                 ///< sends `text` as a text frame, be it no message, no JSON, not even UTF-8
    kRestart,              ///< all connections end, nobody listens for `forMs`; sessions may be forgotten
    kOutage,               ///< nobody listens for `forMs`, or (`silent`) nothing moves for so long
    kRefusePost,           ///< answers POST /v2/live with `status`
    kIgnorePost,           ///< never answers POST /v2/live
    kRefuseUpgrade,        ///< answers a WebSocket upgrade with `status`
    kIgnoreUpgrade,        ///< never answers a WebSocket upgrade
    kStopReading,          ///< half-open: nothing is read from the connection
    kHoldAcknowledgements, ///< audio is taken, neither acknowledged nor heard; a break forgets it, the end of
                           ///< the fault acknowledges it
    kMute,                 ///< nothing is sent and nothing closed; what there was to say is lost
    kDelay,                ///< everything that comes is looked at `delayMs` later
    kThrottle,             ///< reads at most `bytesPerSecond`
    kLoseAcknowledgement,  ///< takes and hears a chunk, does not send its acknowledgement
    kRefuseChunk,          ///< answers a chunk with `acknowledged` false and does not take it
    kRepeatFinal,          ///< sends a final twice
    kReorderFinals,        ///< sends a final after the one that follows it
};

/// What a fault is: something done once, a state, or something done to the next requests or messages.
enum class FaultClass { kConnection, kServer, kState, kRequest, kMessage };

FaultClass classOf(FaultKind kind);
const char *nameOf(FaultKind kind);
std::optional<FaultKind> faultKindOf(const std::string &name);

/// One entry of a fault script. Not more than one of the four conditions of "when" is given; none: at once.
struct Fault {
    FaultKind kind = FaultKind::kDrop;

    // When.
    std::optional<std::uint64_t> atByte;     ///< a session's audio would exceed this; that chunk is not taken
                                             ///< by a connection that breaks
    std::optional<std::int64_t> afterMs;     ///< so long after it was given
    std::optional<std::int64_t> connectedMs; ///< so long after a connection was opened
    bool atStop = false; ///< stop_recording came; the stop is remembered, its answers wait

    // How often and how long.
    int times = 1;                ///< requests, messages, connections; 0: until the fault is removed
    std::int64_t forMs = 0;       ///< a state; 0: until the fault is removed
    bool openConnections = false; ///< a state: not of connections that are opened later

    // What.
    int status = 0;
    std::string message; ///< of the error body; empty: the documented one
    int retryAfterS = 0; ///< 0: no Retry-After header
    int code = 0;        ///< 1000 … 4999; 1005: a close frame without a code
    std::string reason;
    std::optional<std::string> text; ///< any bytes
    std::int64_t delayMs = 0;
    std::uint64_t bytesPerSecond = 0;
    bool silent = false;         ///< outage: connections stay open and nothing moves
    bool forgetSessions = false; ///< restart
};

/// A sentence saying what is wrong with `fault`, or nothing.
std::string problemOf(const Fault &fault);

} // namespace lt::emulator
