// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// RFC 6455, for servers and clients: what goes over the wire, and nothing of sockets or threads.
namespace lt::ws {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// Who sends a frame: a client's are masked, a server's are not.
enum class Sender : std::uint8_t { Client, Server };

namespace closecode {
constexpr std::uint16_t kNormal = 1000;      ///< the session is over: do not come back
constexpr std::uint16_t kGoingAway = 1001;   ///< shutdown: come back later
constexpr std::uint16_t kProtocol = 1002;    ///< the peer broke RFC 6455
constexpr std::uint16_t kNoStatus = 1005;    ///< never sent: a close frame without a code
constexpr std::uint16_t kAbnormal = 1006;    ///< never sent: no close frame at all
constexpr std::uint16_t kInvalidData = 1007; ///< text that is not UTF-8
constexpr std::uint16_t kPolicy = 1008;      ///< silent for too long, or a rule was broken
constexpr std::uint16_t kTooBig = 1009;      ///< a message above the limit
constexpr std::uint16_t kTryLater = 1013;    ///< too slow
} // namespace closecode

constexpr std::size_t kMaxControlPayload = 125;

using MaskKey = std::array<std::uint8_t, 4>;

/// Appends one whole frame. `key`: of a client's frame, new for each and not to be guessed (RFC 6455 §10.3).
void appendFrame(std::string &out, Opcode opcode, std::string_view payload,
                 const std::optional<MaskKey> &key = {});

/// XORs `size` bytes with the key; `phase` of them have come before.
void applyMask(char *bytes, std::size_t size, const MaskKey &key, std::uint64_t phase);

/// What a close frame carries. `reason` is cut to what fits (123 bytes), between characters.
std::string closePayload(std::uint16_t code, std::string_view reason);

} // namespace lt::ws
