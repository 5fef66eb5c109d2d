// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>

namespace lt::broadcast {

/// What a room has done since its element attached. Written by the loop's thread and by the publisher, read
/// by any.
struct RoomCounts {
    std::atomic<std::uint64_t> partials = 0;          ///< accepted for sending
    std::atomic<std::uint64_t> finals = 0;            ///< accepted for sending
    std::atomic<std::uint64_t> duplicates = 0;        ///< finals seen before, and partials after their final
    std::atomic<std::uint64_t> viewers = 0;           ///< connected now
    std::atomic<std::uint64_t> viewersTotal = 0;      ///< ever connected
    std::atomic<std::uint64_t> delivered = 0;         ///< messages × viewers taken by a socket
    std::atomic<std::uint64_t> droppedPartials = 0;   ///< for lack of room, in viewers' queues or the inbox
    std::atomic<std::uint64_t> droppedFinals = 0;     ///< likewise
    std::atomic<std::uint64_t> conflated = 0;         ///< queued partials replaced by newer messages
    std::atomic<std::uint64_t> sendErrors = 0;        ///< viewers removed because sending failed
    std::atomic<std::uint64_t> heartbeatTimeouts = 0; ///< viewers closed because they were silent
    std::atomic<std::uint64_t> ignoredMessages = 0;   ///< sent by viewers, who have nothing to say
};

} // namespace lt::broadcast
