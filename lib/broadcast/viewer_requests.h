// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What viewers of version 2 may send. Pure.
namespace lt::broadcast {

struct ViewerRequest {
    enum class Kind : std::uint8_t { Ping, Replay, Claim, Renew, Release, Insight };

    Kind kind = Kind::Ping;
    std::optional<std::uint64_t> token;   ///< always there in Renew and Insight
    std::string data;                     ///< Insight: a JSON object, written anew
    std::uint64_t fromSeq = 0, toSeq = 0; ///< Replay: 1 ≤ fromSeq ≤ toSeq
};

struct RequestError {
    std::string request;  ///< its type, as far as known
    std::string sentence; ///< for who wrote the client
};

/// `text` is valid UTF-8 of limited length. On failure nothing, and `error` is set.
std::optional<ViewerRequest> parseViewerRequest(std::string_view text, RequestError &error);

} // namespace lt::broadcast
