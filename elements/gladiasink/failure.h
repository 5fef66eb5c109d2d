// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lt::gladia {

constexpr unsigned kCloseNormal = 1000;
constexpr unsigned kCloseAbnormal = 1006;
constexpr unsigned kClosePolicy = 1008;
constexpr unsigned kCloseTooBig = 1009;

enum class Trouble {
    NotAuthorized, ///< the key or the token was refused
    NotFound,      ///< no such host, or no such service there
    CannotConnect, ///< refused, unreachable, timed out, TLS
    Refused,       ///< the service understood and said no
    Lost,          ///< a working connection broke
    Nonsense,      ///< the service answered what is no answer
};

/// What to do about it.
enum class Remedy {
    Stop,        ///< nothing helps but the user
    StopAtFirst, ///< the user, as long as the service was never reached; else trying again
    NewSession,  ///< this session is over: a new one; Stop when that is refused in the same way at once
    Retry,       ///< trying again
};

/// Why a connection or a session does not work. Never contains the key or the session's token.
struct Failure {
    Trouble trouble = Trouble::CannotConnect;
    Remedy remedy = Remedy::Retry;
    std::string text;  ///< a sentence for the user: what happened, what to do
    std::string debug; ///< for whoever reads logs
    unsigned httpStatus = 0;
    unsigned closeCode = 0;         ///< of the WebSocket, as the peer stated it
    std::uint64_t retryAfterNs = 0; ///< what the service asked for; 0: nothing
};

Failure makeFailure(Trouble trouble, Remedy remedy, std::string text, std::string debug = {});
/// What an answer to POST /v2/live other than success means. `body` is whatever came with it.
Failure failureOfStatus(unsigned status, std::string_view body);
/// What an answer to the WebSocket's upgrade other than 101 means.
Failure failureOfUpgrade(unsigned status, std::string_view detail);
/// What a close of the WebSocket means that nobody asked for.
Failure failureOfClose(unsigned closeCode, std::string_view reason);

/// One printable line of at most 300 characters of what a peer sent, for messages.
std::string quotable(std::string_view text);
/// `text` without any occurrence of `secret`.
std::string redacted(std::string text, std::string_view secret);

} // namespace lt::gladia
