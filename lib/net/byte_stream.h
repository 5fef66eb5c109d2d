// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

#include <sys/types.h>

struct iovec;

namespace lt::net {

/// What stands between a socket and its user, such as TLS. Belongs to whoever uses the socket, one thread
/// at a time; both calls never block and answer as sendmsg() and recv() do: -1 with errno, EAGAIN when the
/// socket must become ready first.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    virtual ssize_t send(const iovec *pieces, std::size_t count) = 0;
    virtual ssize_t receive(void *buffer, std::size_t size) = 0;
    /// True when receive() has bytes that no EPOLLIN will announce any more.
    virtual bool pending() const = 0;
};

} // namespace lt::net
