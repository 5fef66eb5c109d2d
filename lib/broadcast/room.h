// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/heartbeat.h"
#include "lib/broadcast/recent_finals.h"
#include "lib/broadcast/room_counts.h"
#include "lib/broadcast/viewer.h"
#include "lib/metrics/registry.h"
#include "lib/net/event_loop.h"
#include "lib/net/http_request.h"
#include "lib/transcript/transcript.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lt::broadcast {

struct RoomSettings {
    std::size_t maxQueue = 500;     ///< messages that may wait for one viewer
    std::size_t dedupWindow = 1000; ///< finals remembered; 0: none
};

/// A transcript on its way to the viewers.
struct RoomMessage {
    TranscriptRef transcript;
    net::TimePoint queuedAt;                       ///< handed over by the streaming thread
    std::optional<net::TimePoint> receivedAt = {}; ///< came from the recogniser, if known
};

/// Told of a room's viewers, on the loop's thread.
class RoomListener {
public:
    virtual ~RoomListener() = default;
    virtual void onViewerAdded(std::uint64_t id, const std::string &peer) = 0;
    virtual void onViewerRemoved(std::uint64_t id, const std::string &peer, Departure departure) = 0;
};

/// One session's viewers and what they are told: numbers messages, sends each final once, frames each message
/// once per form, pings, and lets go of silent viewers. Lives on the loop's thread alone; time is injected,
/// and somebody else calls tick().
class Room : private ViewerOwner {
public:
    using Now = std::function<net::TimePoint()>;

    Room(std::shared_ptr<net::EventLoop> loop, std::string session, RoomSettings settings,
         std::shared_ptr<RoomCounts> counts, metrics::Registry &registry, RoomListener &listener,
         Now now = &net::Clock::now);
    /// The viewers must have gone before: see closeNow().
    ~Room() override;
    Room(const Room &) = delete;
    Room &operator=(const Room &) = delete;

    void addViewer(net::UpgradedSocket socket, ViewerProfile profile);
    /// One turn of the fan-out: all messages go to all viewers, each viewer in one write.
    void publish(std::span<const RoomMessage> messages);

    void setHeartbeat(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed);
    /// A resting room neither pings nor closes silent viewers.
    void setResting(bool resting);
    /// How often tick() is wanted; nothing without a policy.
    std::optional<net::Duration> tickPeriod() const;
    /// Pings who is due, closes who was silent for too long.
    void tick();

    /// Sends what waits, then closes; viewers() reaches 0 when that is done.
    void closeAfterQueue(std::uint16_t code, const char *reason, Departure departure);
    /// As above, but drops what cannot be sent at once: afterwards there are no viewers.
    void closeNow(std::uint16_t code, const char *reason, Departure departure);
    /// A new session under the same name: numbers start again and nothing is remembered.
    void restart();

    std::size_t viewers() const { return present_; }

private:
    using FramesOfForm = std::array<std::vector<FrameRef>, kViewerForms>;

    void onViewerGone(Viewer &viewer, Departure departure) override;
    void onDelivered(const Frame &frame) override;
    void onQueueChanged(const QueueDrops &drops, int sizeDelta) override;
    void onIgnoredMessage() override;
    net::TimePoint now() const override { return now_(); }

    void applyPolicy();
    bool isNews(const Transcript &transcript, const std::string &identity);
    void addFrames(const RoomMessage &message, FramesOfForm &frames);
    void fanOut(const FramesOfForm &frames);
    void recordTurn(std::span<const RoomMessage> messages);
    template <typename Call>
    void forEachViewer(Call call);
    void compact();

    std::shared_ptr<net::EventLoop> loop_;
    const std::string session_;
    const RoomSettings settings_;
    const std::shared_ptr<RoomCounts> counts_;
    RoomListener &listener_;
    const Now now_;

    // Gone viewers leave an empty place while a walk is under way.
    std::vector<std::shared_ptr<Viewer>> viewers_;
    std::size_t present_ = 0;
    std::array<std::size_t, kViewerForms> presentOfForm_{};
    std::size_t firstToSend_ = 0; // moves on each turn, so that it is not always the same one who is last
    int walking_ = 0;
    std::uint64_t lastViewerId_ = 0;

    std::uint64_t seq_ = 0;
    RecentFinals recentFinals_;
    HeartbeatSources heartbeats_;
    std::optional<HeartbeatPolicy> policy_; // the one in force
    bool resting_ = false;
    PingWheel wheel_;

    const metrics::SessionSeries series_;
    struct Instruments;
    const std::unique_ptr<Instruments> instruments_;
};

} // namespace lt::broadcast
