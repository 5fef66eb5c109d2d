// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lt::gladia {

enum class Trouble {
    NotAuthorized, ///< the key or the token was refused
    NotFound,      ///< no such host, or no such service there
    CannotConnect, ///< refused, unreachable, timed out, TLS
    Refused,       ///< the service understood and said no
    Lost,          ///< a working connection broke
    Nonsense,      ///< the service answered what is no answer
};

/// Why a connection or a session does not work. Never contains the key or the session's token.
struct Failure {
    Trouble trouble = Trouble::CannotConnect;
    std::string text;  ///< a sentence for the user: what happened, what to do
    std::string debug; ///< for whoever reads logs
    unsigned httpStatus = 0;
    unsigned closeCode = 0;         ///< of the WebSocket, as the peer stated it
    bool transient = false;         ///< trying again may help
    std::uint64_t retryAfterNs = 0; ///< what the service asked for; 0: nothing
};

Failure makeFailure(Trouble trouble, bool transient, std::string text, std::string debug = {});
/// What an HTTP answer other than success means. `body` is whatever came with it.
Failure failureOfStatus(unsigned status, std::string_view body);
/// What a close of the WebSocket means that nobody asked for.
Failure failureOfClose(unsigned closeCode, std::string_view reason);

/// One printable line of at most 300 characters of what a peer sent, for messages.
std::string quotable(std::string_view text);
/// `text` without any occurrence of `secret`.
std::string redacted(std::string text, std::string_view secret);

} // namespace lt::gladia
