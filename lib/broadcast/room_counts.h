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
    std::atomic<std::int64_t> lastFinalUnixMs = 0;    ///< when the newest one was accepted; 0: none was
    std::atomic<std::uint64_t> lastFinalLength = 0;   ///< bytes of its text
    std::atomic<std::uint64_t> duplicates = 0;        ///< finals seen before, and partials after their final
    std::atomic<std::uint64_t> viewers = 0;           ///< connected now
    std::atomic<std::uint64_t> viewersTotal = 0;      ///< ever connected
    std::atomic<std::uint64_t> delivered = 0;         ///< messages × viewers taken by a socket
    std::atomic<std::uint64_t> droppedPartials = 0;   ///< for lack of room, in viewers' queues or the inbox
    std::atomic<std::uint64_t> droppedFinals = 0;     ///< likewise
    std::atomic<std::uint64_t> conflated = 0;         ///< queued partials replaced by newer messages
    std::atomic<std::uint64_t> sendErrors = 0;        ///< viewers removed because sending failed
    std::atomic<std::uint64_t> heartbeatTimeouts = 0; ///< viewers closed because they were silent
    std::atomic<std::uint64_t> ignoredMessages = 0; ///< sent by viewers of version 1, who have nothing to say
    std::atomic<std::uint64_t> slowViewers = 0;     ///< times a viewer's queue was nearly full
    std::atomic<std::uint64_t> tooSlow = 0;         ///< viewers closed because they took nothing
    std::atomic<std::uint64_t> resumed = 0;      ///< viewers that came back and got just what they had missed
    std::atomic<std::uint64_t> leaseChanges = 0; ///< times the coordinator lease was granted or fell vacant
    std::atomic<std::uint64_t> insights = 0;     ///< published by holders of the lease
    std::atomic<std::uint64_t> staleInsights = 0; ///< refused: the lease was lost
};

} // namespace lt::broadcast
