// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/outlet.h"

#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

namespace lt::ws {

namespace {

/// More than this is not kept for what comes next.
constexpr std::size_t kIdleCapacity = 4096;
/// So much need not wait for what belongs to it: the socket's memory is the better place.
constexpr std::size_t kEnough = 8192;

} // namespace

void Outlet::open(int fd, net::ByteStream *stream) {
    std::lock_guard lock(mutex_);
    fd_ = fd;
    stream_ = stream;
}

void Outlet::close() {
    std::lock_guard lock(mutex_);
    fd_ = -1;
    stream_ = nullptr;
    takesFrames_ = false;
    out_ = {};
    sent_ = 0;
}

// ---- what is to be sent

void Outlet::append(std::string_view bytes) {
    std::lock_guard lock(mutex_);
    out_ += bytes;
}

void Outlet::begin() {
    std::lock_guard lock(mutex_);
    takesFrames_ = true;
}

void Outlet::append(Opcode type, std::string_view payload) {
    std::lock_guard lock(mutex_);
    appendLocked(type, payload);
}

void Outlet::appendFill(std::uint8_t byte, std::size_t size) {
    append(Opcode::Binary, std::string(size, static_cast<char>(byte)));
}

void Outlet::appendLast(Opcode type, std::string_view payload) {
    std::lock_guard lock(mutex_);
    appendLocked(type, payload);
    takesFrames_ = false;
}

void Outlet::appendLocked(Opcode type, std::string_view payload) {
    if (!takesFrames_ || deaf_)
        return;
    appendFrame(out_, type, payload, keys_.next());
    if (out_.size() >= kEnough && !full_)
        flushLocked();
}

// ---- the socket

ssize_t Outlet::write(const char *bytes, std::size_t size) const {
    if (!stream_)
        return ::send(fd_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    const iovec piece{const_cast<char *>(bytes), size};
    return stream_->send(&piece, 1);
}

bool Outlet::flush() {
    std::lock_guard lock(mutex_);
    return flushLocked();
}

bool Outlet::flushLocked() {
    if (fd_ < 0)
        return true;
    while (sent_ < out_.size() && !deaf_) {
        const ssize_t count = write(out_.data() + sent_, out_.size() - sent_);
        if (count > 0) {
            sent_ += static_cast<std::size_t>(count);
        } else if (count == 0 || errno == EAGAIN) {
            full_ = true;
            return false;
        } else if (errno != EINTR) {
            deaf_ = true; // reading tells the rest, and what had come before
        }
    }
    full_ = false;
    sent_ = 0;
    if (out_.capacity() > kIdleCapacity)
        out_ = {};
    else
        out_.clear();
    return true;
}

std::size_t Outlet::pending() const {
    std::lock_guard lock(mutex_);
    return out_.size() - sent_;
}

ssize_t Outlet::receive(void *buffer, std::size_t size) {
    std::lock_guard lock(mutex_);
    return stream_->receive(buffer, size);
}

} // namespace lt::ws
