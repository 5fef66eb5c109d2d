// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <array>
#include <string_view>
#include <vector>

namespace lt::rtmp {

/// The server's half of the simple handshake. The peer's last packet is not checked: real publishers fill it
/// in several ways.
class Handshake {
public:
    static constexpr std::size_t kPacket = 1536;

    /// `timeMs` and `seed` fill the server's packet.
    Handshake(std::uint32_t timeMs, std::uint64_t seed) : timeMs_(timeMs), seed_(seed) {}

    /// Takes from `bytes` what belongs to the handshake; appends the answer to `out` when the peer's first
    /// packet is complete. False, with error(), when the peer does not speak RTMP.
    bool feed(Bytes &bytes, std::vector<std::uint8_t> &out);
    bool done() const { return state_ == State::Done; }
    std::string_view error() const { return error_; }

private:
    enum class State { Version, First, Second, Done };

    bool checkVersion(std::uint8_t version);
    void answer(std::vector<std::uint8_t> &out);

    State state_ = State::Version;
    std::uint32_t timeMs_;
    std::uint64_t seed_;
    std::string_view error_;
    std::array<std::uint8_t, kPacket> first_{};
    std::size_t received_ = 0;
};

} // namespace lt::rtmp
