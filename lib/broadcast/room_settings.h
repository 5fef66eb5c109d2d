// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lt::broadcast {

struct RoomSettings {
    std::size_t maxQueue = 500;                            ///< messages that may wait for one viewer
    std::size_t dedupWindow = 1000;                        ///< finals remembered; 0: none
    std::size_t maxQueueBytes = 1024 * 1024;               ///< their bytes
    net::Duration maxPartialAge = std::chrono::seconds(3); ///< waiting partials older than this go; 0: never
    net::Duration writeTimeout =
        std::chrono::seconds(10);                     ///< a viewer that takes nothing is closed; 0: never
    std::size_t history = 100;                        ///< finals of a snapshot; 0: nothing is kept
    net::Duration leaseTtl = std::chrono::seconds(5); ///< the lease lapses when not renewed
    net::Duration drain = std::chrono::seconds(1);    ///< a shutdown closes viewers over this time
    net::Duration linger{};                           ///< viewers stay for this long without an element
    unsigned ioThreads = 1;                           ///< fan-out threads the viewers are spread over
    unsigned maxMessageRate = 20;                     ///< a viewer may send in a second; 0: any number
};

/// What a room is like as long as it is only waited in; the element that comes brings settings of its own.
struct WaitingRoom {
    RoomSettings settings{};
    std::uint32_t pingIntervalMs = 0; ///< 0: viewers are not pinged
    std::uint32_t maxMissed = 3;      ///< pings
};

} // namespace lt::broadcast
