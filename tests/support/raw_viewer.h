// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace lt::test {

/// The far end of a viewer's socket: reads what the server sends, frame by frame.
class RawViewer {
public:
    struct Frame {
        unsigned opcode;
        std::string payload;
    };

    /// A connected pair; the server's end waits in takeServerEnd().
    RawViewer() {
        int fds[2];
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
        own_.reset(fds[0]);
        server_.reset(fds[1]);
    }

    /// Connects to a server on this machine and asks for a WebSocket at `path`, offering what no viewer
    /// needs.
    RawViewer(std::uint16_t port, const std::string &path, const std::string &moreHeaders = "")
        : RawViewer(port) {
        sendBytes("GET " + path +
                  " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  "Sec-WebSocket-Extensions: permessage-deflate\r\n" +
                  moreHeaders + "\r\n");
        std::size_t end;
        while ((end = in_.find("\r\n\r\n")) == in_.npos)
            g_assert_true(fill(20000));
        handshake_ = in_.substr(0, end);
        in_.erase(0, end + 4);
    }

    /// Connects, and says nothing yet.
    explicit RawViewer(std::uint16_t port) {
        own_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int small = 4096; // so that one who does not read is soon behind
        setsockopt(own_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        g_assert_cmpint(connect(own_.get(), reinterpret_cast<sockaddr *>(&address), sizeof address), ==, 0);
    }

    /// Head of the server's answer.
    const std::string &handshake() const { return handshake_; }
    /// What follows the head until the server closes, where no WebSocket was granted; waits up to 20 s.
    std::string rest() {
        while (fill(20000))
            ;
        return in_;
    }
    net::UniqueFd takeServerEnd() { return std::move(server_); }
    void hangUp() { own_.reset(); }

    /// The next frame, waiting up to 20 s; nothing at the end of the stream.
    std::optional<Frame> next() {
        for (;;) {
            if (auto frame = parse())
                return frame;
            if (!fill(20000))
                return std::nullopt;
        }
    }
    /// Text payloads that have come, without waiting.
    std::vector<Frame> all() {
        while (fill(0))
            ;
        std::vector<Frame> frames;
        while (auto frame = parse())
            frames.push_back(std::move(*frame));
        return frames;
    }
    /// True when the server has closed, within 20 s; what came before is thrown away.
    bool reachesEnd() {
        while (fill(20000))
            in_.clear();
        return ended_;
    }

    /// True when the server has closed; waits for at most so long.
    bool hasEnded(int withinMs) {
        fill(withinMs);
        return ended_;
    }

    void send(unsigned opcode, const std::string &payload) {
        std::string out{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | payload.size())};
        out.append(4, '\0'); // a mask of zeros
        sendBytes(out + payload);
    }
    /// Nothing happens when the server has closed already.
    void sendBytes(const std::string &bytes) {
        const ssize_t sent = ::send(own_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        g_assert_true(sent == static_cast<ssize_t>(bytes.size()) || errno == EPIPE || errno == ECONNRESET);
    }

private:
    bool fill(int timeoutMs) {
        pollfd wanted{own_.get(), POLLIN, 0};
        if (ended_ || poll(&wanted, 1, timeoutMs) <= 0)
            return false;
        char buffer[65536];
        const ssize_t got = recv(own_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        ended_ = got <= 0;
        if (!ended_)
            in_.append(buffer, static_cast<std::size_t>(got));
        return !ended_;
    }
    std::optional<Frame> parse() {
        const auto byte = [this](std::size_t i) {
            return static_cast<std::uint8_t>(in_[i]);
        };
        if (in_.size() < 2)
            return std::nullopt;
        g_assert_cmpuint(byte(0) & 0xf0, ==, 0x80); // whole, no extension
        g_assert_cmpuint(byte(1), <, 128);          // a server does not mask
        const std::size_t more = byte(1) == 126 ? 2 : byte(1) == 127 ? 8 : 0, header = 2 + more;
        if (in_.size() < header)
            return std::nullopt;
        std::size_t size = more == 0 ? byte(1) : 0;
        for (std::size_t i = 2; i < header; i++)
            size = size << 8 | byte(i);
        if (in_.size() < header + size)
            return std::nullopt;
        Frame frame{byte(0) & 15u, in_.substr(header, size)};
        in_.erase(0, header + size);
        return frame;
    }

    net::UniqueFd own_, server_;
    std::string in_, handshake_;
    bool ended_ = false;
};

} // namespace lt::test
