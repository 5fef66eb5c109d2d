// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace lt::bench {

/// How long each chunk of audio took from the element's sink pad to the kernel. The audio carries its own
/// name: the first samples of a chunk are its session and number, too quiet to be heard. The program's own
/// send() and sendmsg() stand before the system's and read them out of the WebSocket frames that pass.
///
/// Made once, before the first thread; any thread.
class SocketStamps {
public:
    SocketStamps(std::size_t sessions, std::size_t chunkBytes);
    ~SocketStamps();
    SocketStamps(const SocketStamps &) = delete;
    SocketStamps &operator=(const SocketStamps &) = delete;

    /// Writes the chunk's name into `chunk`; it is about to be handed to the element.
    void enter(std::size_t session, std::uint8_t *chunk);
    /// One write that the kernel has taken.
    void sent(const std::uint8_t *bytes, std::size_t size);
    /// Microseconds, of all chunks that went out, and forgets them.
    std::vector<double> take();

private:
    struct Session {
        std::uint16_t next = 0;
        std::vector<std::int64_t> enteredNs; // by number, 0: none
    };

    const std::size_t chunkBytes_;
    std::mutex mutex_; // guards all below
    std::vector<Session> sessions_;
    std::vector<double> tookUs_;
};

} // namespace lt::bench
