// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lt::ws {

/// The opening handshake of RFC 6455 §4.1 as a client does it: no extensions, no subprotocols, no
/// redirections. Pure: bytes in, a state out.
class ClientHandshake {
public:
    enum class State {
        Reading, ///< the answer is not complete
        Done,    ///< a WebSocket from now on
        Refused, ///< answered with status() instead; reason() is the peer's
        Broken,  ///< what came is no answer to this request; reason() says why
    };
    /// Not to be guessed, new for each connection.
    using Nonce = std::array<std::uint8_t, 16>;
    static constexpr std::size_t kMaxHead = 16 * 1024;

    /// `host` as it stands in the Host header, with a port unless it is the scheme's own; `target` is path
    /// and query. Neither may hold control characters or spaces.
    ClientHandshake(std::string_view host, std::string_view target, std::string_view userAgent,
                    const Nonce &nonce);

    const std::string &request() const { return request_; }
    /// Takes from the front of `bytes` what belongs to the answer; behind Done what is left are frames. What
    /// comes after the end of the answer's head is never looked at.
    State consume(std::string_view &bytes);
    State state() const { return state_; }
    unsigned status() const { return status_; }
    const std::string &reason() const { return reason_; }

private:
    void readHead(std::string_view head);
    bool readStatusLine(std::string_view line);
    void check(std::string_view fields);
    void fail(std::string why);

    std::string request_;
    std::string accept_; // what the answer must prove
    std::string head_;   // as far as it has come
    std::string reason_;
    unsigned status_ = 0;
    State state_ = State::Reading;
};

} // namespace lt::ws
