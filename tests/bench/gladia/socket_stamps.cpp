// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/gladia/socket_stamps.h"

#include "tests/bench/support/monotonic.h"

#include <array>
#include <atomic>
#include <utility>

#include <dlfcn.h>
#include <sys/socket.h>

namespace lt::bench {

namespace {

constexpr std::uint8_t kBinaryFrame = 0x82; // final, as every client's whole message is
constexpr std::int16_t kMark = 77;
constexpr std::size_t kNumbers = 512; // 25 s: the memory is the contestant's

std::atomic<SocketStamps *> stamps{nullptr};

void putSample(std::uint8_t *at, unsigned value) {
    at[0] = static_cast<std::uint8_t>(value);
    at[1] = 0;
}

} // namespace

SocketStamps::SocketStamps(std::size_t sessions, std::size_t chunkBytes)
    : chunkBytes_(chunkBytes), sessions_(sessions) {
    for (auto &session : sessions_)
        session.enteredNs.resize(kNumbers);
    stamps = this;
}

SocketStamps::~SocketStamps() {
    stamps = nullptr;
}

void SocketStamps::enter(std::size_t session, std::uint8_t *chunk) {
    std::lock_guard lock(mutex_);
    Session &entry = sessions_[session];
    const unsigned number = entry.next++ % kNumbers;
    putSample(chunk, kMark);
    putSample(chunk + 2, static_cast<unsigned>(session));
    putSample(chunk + 4, number & 0xff);
    putSample(chunk + 6, number >> 8);
    entry.enteredNs[number] = monotonicNs();
}

void SocketStamps::sent(const std::uint8_t *bytes, std::size_t size) {
    const std::int64_t now = monotonicNs();
    if (size < 6 || bytes[0] != kBinaryFrame || !(bytes[1] & 0x80))
        return;
    const unsigned form = bytes[1] & 0x7f;
    const std::size_t maskAt = form == 127 ? 10 : form == 126 ? 4 : 2;
    const std::size_t begin = maskAt + 4;
    std::lock_guard lock(mutex_);
    for (std::size_t at = 0; begin + at + chunkBytes_ <= size; at += chunkBytes_) {
        std::array<std::uint8_t, 8> name{};
        for (std::size_t i = 0; i < name.size(); i++)
            name[i] = bytes[begin + at + i] ^ bytes[maskAt + (at + i) % 4];
        const std::size_t session = name[2];
        if (name[0] != kMark || name[1] != 0 || session >= sessions_.size())
            return;
        auto &entered =
            sessions_[session].enteredNs[(name[4] | static_cast<unsigned>(name[6]) << 8) % kNumbers];
        if (const std::int64_t then = std::exchange(entered, 0))
            tookUs_.push_back(static_cast<double>(now - then) * 1e-3);
    }
}

std::vector<double> SocketStamps::take() {
    std::lock_guard lock(mutex_);
    return std::exchange(tookUs_, {});
}

} // namespace lt::bench

// What GLib's sockets call.
extern "C" __attribute__((visibility("default"))) ssize_t send(int fd, const void *data, size_t size,
                                                               int flags) {
    static const auto real =
        reinterpret_cast<ssize_t (*)(int, const void *, size_t, int)>(dlsym(RTLD_NEXT, "send"));
    const ssize_t sent = real(fd, data, size, flags);
    if (auto *active = lt::bench::stamps.load(); active && sent == static_cast<ssize_t>(size))
        active->sent(static_cast<const std::uint8_t *>(data), size);
    return sent;
}

extern "C" __attribute__((visibility("default"))) ssize_t sendmsg(int fd, const msghdr *message, int flags) {
    static const auto real =
        reinterpret_cast<ssize_t (*)(int, const msghdr *, int)>(dlsym(RTLD_NEXT, "sendmsg"));
    const ssize_t sent = real(fd, message, flags);
    auto *active = lt::bench::stamps.load();
    if (active && message->msg_iovlen == 1 && sent == static_cast<ssize_t>(message->msg_iov[0].iov_len))
        active->sent(static_cast<const std::uint8_t *>(message->msg_iov[0].iov_base),
                     message->msg_iov[0].iov_len);
    return sent;
}
