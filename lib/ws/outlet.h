// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/byte_stream.h"
#include "lib/ws/mask_keys.h"
#include "lib/ws/wire.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace lt::ws {

/// What a client has to say, on its way into the socket. Any thread: each call takes the lock for itself, and
/// none waits for the network.
class Outlet {
public:
    /// The socket, and what stands before it (null: nothing), stay the caller's until close().
    void open(int fd, net::ByteStream *stream);
    /// Forgets both, and what was to be sent.
    void close();

    /// Bytes that are no frame.
    void append(std::string_view bytes);
    /// From now on frames are taken; until then, and after the last one, they are ignored.
    void begin();
    /// Waits for flush(), unless there is much of it already.
    void append(Opcode type, std::string_view payload);
    /// A binary message of `size` times the same byte.
    void appendFill(std::uint8_t byte, std::size_t size);
    void appendLast(Opcode type, std::string_view payload);

    /// Sends as much as the socket takes. False when something is left that has to wait for it.
    bool flush();
    std::size_t pending() const;
    /// As recv(): what stands before the socket is used by one thread at a time.
    ssize_t receive(void *buffer, std::size_t size);

private:
    void appendLocked(Opcode type, std::string_view payload);
    bool flushLocked();
    ssize_t write(const char *bytes, std::size_t size) const;

    mutable std::mutex mutex_; // guards all below
    int fd_ = -1;
    net::ByteStream *stream_ = nullptr;
    MaskKeys keys_;
    std::string out_; // [sent_, end) has to be sent
    std::size_t sent_ = 0;
    bool takesFrames_ = false;
    bool full_ = false; // the socket took less than there was
    bool deaf_ = false; // the peer takes nothing any more
};

} // namespace lt::ws
