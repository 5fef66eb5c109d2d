// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/viewers.h"

#include "tests/bench/support/monotonic.h"
#include "tests/support/json_text.h"

#include <array>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lt::bench {

namespace {

constexpr int kStopLatencyMs = 50;
constexpr unsigned kText = 1, kPing = 9, kPong = 10;

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

net::UniqueFd connectTo(unsigned port) {
    net::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!fd || connect(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fail("a viewer cannot connect");
    return fd;
}

/// Returns what followed the server's answer already.
std::string shakeHands(int fd, const std::string &session) {
    const std::string request = "GET /ws/" + session +
                                " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        fail("a viewer cannot ask");
    std::string answer;
    std::size_t end;
    while ((end = answer.find("\r\n\r\n")) == answer.npos) {
        std::array<char, 4096> buffer;
        const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
        if (got <= 0)
            fail("a viewer got no answer");
        answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (!answer.starts_with("HTTP/1.1 101 "))
        throw std::runtime_error("a viewer was refused: " + answer.substr(0, answer.find('\r')));
    return answer.substr(end + 4);
}

struct Frame {
    unsigned opcode;
    std::size_t header, size;
};

/// Of a server: never masked. Nothing when it has not come whole.
std::optional<Frame> frameAt(const std::string &bytes, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint8_t>(bytes[at + i]);
    };
    const std::size_t there = bytes.size() - at;
    if (there < 2)
        return std::nullopt;
    Frame frame{byte(0) & 15u, 2, byte(1)};
    const std::size_t extra = frame.size == 126 ? 2 : frame.size == 127 ? 8 : 0;
    frame.header += extra;
    if (there < frame.header)
        return std::nullopt;
    if (extra)
        frame.size = 0;
    for (std::size_t i = 0; i < extra; i++)
        frame.size = frame.size << 8 | byte(2 + i);
    return there < frame.header + frame.size ? std::nullopt : std::optional(frame);
}

/// Who answers no ping is taken for gone.
void answer(int fd, std::string_view payload) {
    std::string pong{static_cast<char>(0x80 | kPong), static_cast<char>(0x80 | payload.size())};
    pong.append(4, '\0'); // a mask of zeros
    pong += payload;
    [[maybe_unused]] const auto sent = send(fd, pong.data(), pong.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

ViewerMessage parse(std::int64_t seenNs, const std::string &text) {
    std::string problem;
    const auto object = support::parseObject(text, problem);
    const char *id = object ? support::stringMember(object.get(), "utteranceId") : nullptr;
    const char *said = object ? support::stringMember(object.get(), "text") : nullptr;
    if (!id || !said)
        throw std::runtime_error("a viewer was sent what is no transcript: " + text);
    ViewerMessage message;
    message.seq = static_cast<std::uint64_t>(json_object_get_int_member(object.get(), "seq"));
    message.utteranceId = id;
    message.isFinal = json_object_get_boolean_member(object.get(), "isFinal");
    message.text = said;
    message.seenNs = seenNs;
    return message;
}

} // namespace

Viewers::Viewers(unsigned port, unsigned sessions, unsigned perSession) : perSession_(perSession) {
    for (unsigned i = 0; i < sessions * perSession; i++) {
        Viewer &viewer = viewers_.emplace_back();
        viewer.fd = connectTo(port);
        viewer.unread = shakeHands(viewer.fd.get(), "s" + std::to_string(i / perSession));
    }
    thread_ = std::thread([this] { run(); });
}

Viewers::~Viewers() {
    stop();
}

void Viewers::stop() {
    stop_ = true;
    if (thread_.joinable())
        thread_.join();
}

void Viewers::run() {
    const net::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    for (Viewer &viewer : viewers_) {
        epoll_event event{EPOLLIN, {&viewer}};
        epoll_ctl(epoll.get(), EPOLL_CTL_ADD, viewer.fd.get(), &event);
    }
    std::array<epoll_event, 64> events;
    while (!stop_) {
        const int ready = epoll_wait(epoll.get(), events.data(), events.size(), kStopLatencyMs);
        for (int i = 0; i < ready; i++)
            read(*static_cast<Viewer *>(events[static_cast<std::size_t>(i)].data.ptr), epoll.get());
    }
}

void Viewers::read(Viewer &viewer, int epoll) {
    std::array<char, 65536> buffer;
    const ssize_t got = recv(viewer.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    const std::int64_t now = monotonicNs();
    if (got <= 0) { // the session is over
        epoll_ctl(epoll, EPOLL_CTL_DEL, viewer.fd.get(), nullptr);
        return;
    }
    viewer.unread.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t at = 0;
    while (const auto frame = frameAt(viewer.unread, at)) {
        if (frame->opcode == kText)
            viewer.messages.emplace_back(now, viewer.unread.substr(at + frame->header, frame->size));
        else if (frame->opcode == kPing)
            answer(viewer.fd.get(), std::string_view(viewer.unread).substr(at + frame->header, frame->size));
        at += frame->header + frame->size;
    }
    viewer.unread.erase(0, at);
}

std::vector<std::vector<ViewerMessage>> Viewers::take(unsigned session) {
    stop();
    std::vector<std::vector<ViewerMessage>> all;
    for (unsigned i = 0; i < perSession_; i++) {
        auto &seen = all.emplace_back();
        for (const auto &[ns, text] : viewers_[session * perSession_ + i].messages)
            seen.push_back(parse(ns, text));
    }
    return all;
}

} // namespace lt::bench
