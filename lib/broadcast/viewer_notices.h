// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"
#include "lib/broadcast/frame.h"
#include "lib/broadcast/heartbeat.h"
#include "lib/broadcast/history.h"
#include "lib/broadcast/queue_limits.h"
#include "lib/broadcast/viewer_messages.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What viewers of version 2 are told besides a session's messages; docs/viewer-protocol.md has the meanings.
/// Pure.
namespace lt::broadcast {

/// Whether anybody feeds the room.
enum class RoomState : std::uint8_t {
    Waiting, ///< nobody has yet
    Live,
    Paused, ///< the publisher has gone and may come back
    Queued, ///< the publisher is there, its words wait for a place at the recogniser
};

/// What a notice tells of: a newer one replaces the one that waits.
namespace noticekey {
constexpr FrameLabel::Key kState = 1, kLease = 2, kLeaseAnswer = 3, kPong = 4, kError = 5, kEnd = 6, kGap = 7,
                          kReplay = 8;
} // namespace noticekey

/// Who holds the lease, as viewers see it.
struct LeaseView {
    std::uint64_t token = 0;
    std::uint64_t viewerId = 0;
    std::string userId;
    std::int64_t ttlMs = 0;
};

struct Hello {
    std::string_view session, epoch;
    std::uint64_t seq = 0;
    RoomState state = RoomState::Live;
    std::optional<bool> resumed;
    std::uint64_t viewerId = 0;
    std::string_view userId, recogniser;
    bool mayCoordinate = true;
    std::optional<HeartbeatPolicy> heartbeat;
    std::optional<LeaseView> lease;
    std::int64_t unixMs = 0;
};
std::string helloMessage(const Hello &hello);

/// `stamp.seq` is the newest number.
std::string snapshotMessage(const Stamp &stamp, std::string_view epoch, const History::Excerpt &excerpt);
std::string replayMessage(std::uint64_t fromSeq, const History::Range &range, std::int64_t unixMs);
std::string gapMessage(const QueueDrops &drops, std::int64_t unixMs);
std::string stateMessage(RoomState state, std::int64_t unixMs);
std::string pongMessage(std::int64_t unixMs);
std::string errorMessage(RefusalCode code, std::string_view request, std::string_view sentence);
std::string shutdownMessage(std::uint32_t reconnectAfterMs, std::string_view reason, std::int64_t unixMs);
std::string sessionEndMessage(const Stamp &stamp, std::string_view epoch);

struct LeaseNews {
    const char *event;               ///< "changed", or the answer to a request
    std::optional<LeaseView> holder; ///< nobody
    bool isHolder = false;           ///< who is told holds it
    std::size_t position = 0;        ///< of who is told, in the queue; 0: not in it
    std::size_t candidates = 0;
    std::int64_t unixMs = 0;
};
std::string leaseMessage(const LeaseNews &news, bool toEverybody);

/// `data` is a JSON object.
std::string insightMessage(const Stamp &stamp, const LeaseView &holder, std::string_view data);

} // namespace lt::broadcast
