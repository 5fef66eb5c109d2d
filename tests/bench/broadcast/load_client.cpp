// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/broadcast/load_client.h"

#include "tests/bench/support/monotonic.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace lt::bench {

namespace {

constexpr std::int64_t kConnectLimitNs = 60'000'000'000;
constexpr std::size_t kBuffer = 256 * 1024;

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A close that leaves no port in TIME_WAIT.
void reset(net::UniqueFd &fd) {
    const linger none{1, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    fd.reset();
}

} // namespace

LoadClient::LoadClient(const Request &request)
    : request_(request), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kBuffer) {
    if (!epoll_)
        fail("epoll_create1");
}

LoadClient::~LoadClient() {
    cut();
}

void LoadClient::add() {
    viewers_.emplace_back();
    start(viewers_.size() - 1);
}

void LoadClient::start(std::size_t index) {
    Viewer &viewer = viewers_[index];
    viewer = {};
    viewer.fd.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(request_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!viewer.fd || ::connect(viewer.fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fail("connect");
    const std::string text = "GET " + request_.path +
                             " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                             request_.headers + "\r\n";
    if (::send(viewer.fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
        fail("sending a handshake");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, viewer.fd.get(), &event) != 0)
        fail("epoll_ctl");
}

void LoadClient::connect(std::size_t count, std::size_t together) {
    const std::int64_t limit = monotonicNs() + kConnectLimitNs;
    const std::size_t wanted = connected_ + count;
    while (connected_ < wanted) {
        while (viewers_.size() < wanted && viewers_.size() - connected_ < together)
            add();
        turn(limit);
        if (monotonicNs() >= limit)
            throw std::runtime_error("not all viewers could connect within a minute");
    }
}

void LoadClient::stall(std::size_t count) {
    for (std::size_t i = 0; i < count && i < viewers_.size(); i++) {
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, viewers_[i].fd.get(), nullptr);
        viewers_[i].stalled = true;
        reading_--;
    }
}

void LoadClient::cut() {
    for (Viewer &viewer : viewers_)
        if (viewer.fd)
            reset(viewer.fd);
    viewers_.clear();
    connected_ = reading_ = 0;
    resetCounts();
}

double LoadClient::handshakesPerSecond(double seconds, std::size_t together) {
    const std::int64_t begin = monotonicNs();
    const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
    const std::size_t first = viewers_.size();
    for (std::size_t i = 0; i < together; i++)
        add();
    std::size_t done = 0;
    while (monotonicNs() < end) {
        turn(end);
        for (const std::size_t index : opened_) {
            reset(viewers_[index].fd);
            start(index);
        }
        done += opened_.size();
        connected_ -= opened_.size();
        reading_ -= opened_.size();
    }
    const double took = static_cast<double>(monotonicNs() - begin) * 1e-9;
    for (std::size_t i = first; i < viewers_.size(); i++)
        reset(viewers_[i].fd);
    viewers_.resize(first);
    return static_cast<double>(done) / took;
}

void LoadClient::turn(std::int64_t deadlineNs) {
    opened_.clear();
    std::array<epoll_event, 512> events;
    const timespec atOnce{};
    int count;
    do // never sleeps: to wake it up would be counted as the server's work, and a network's far end costs
       // none
        count = epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &atOnce, nullptr);
    while (count <= 0 && monotonicNs() < deadlineNs);
    for (int i = 0; i < count; i++)
        read(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64));
}

void LoadClient::read(std::size_t index) {
    Viewer &viewer = viewers_[index];
    const ssize_t got = recv(viewer.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        throw std::runtime_error("the server closed a viewer: " + viewer.head);
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (!viewer.open) {
        if (!readHandshake(viewer, bytes))
            return;
        opened_.push_back(index);
    }
    count(viewer, viewer.frames.feed(bytes));
}

bool LoadClient::readHandshake(Viewer &viewer, std::string_view &bytes) {
    const std::size_t before = viewer.head.size();
    viewer.head += bytes;
    const std::size_t end = viewer.head.find("\r\n\r\n");
    if (end == viewer.head.npos)
        return false;
    if (!viewer.head.starts_with("HTTP/1.1 101 "))
        throw std::runtime_error("the server refused a viewer: " + viewer.head);
    bytes.remove_prefix(end + 4 - before);
    viewer.head = {};
    viewer.open = true;
    connected_++;
    reading_++;
    return true;
}

void LoadClient::resetCounts() {
    receivers_.clear();
    completeAt_.clear();
    for (Viewer &viewer : viewers_)
        viewer.messages = 0;
}

void LoadClient::count(Viewer &viewer, std::size_t messages) {
    for (; messages > 0; messages--) {
        const std::size_t index = viewer.messages++;
        if (index >= receivers_.size())
            receivers_.resize(index + 1);
        if (++receivers_[index] == reading_) // never before its predecessors: each viewer gets them in order
            completeAt_.push_back(monotonicNs());
    }
}

} // namespace lt::bench
