// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/deliveries.h"
#include "lib/broadcast/heartbeat.h"
#include "lib/broadcast/room_counts.h"
#include "lib/broadcast/room_instruments.h"
#include "lib/broadcast/room_settings.h"
#include "lib/broadcast/slow_viewers.h"
#include "lib/broadcast/turn.h"
#include "lib/broadcast/turn_writer.h"
#include "lib/broadcast/viewer.h"
#include "lib/net/event_loop.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt::broadcast {

class ViewerShard;

/// A viewer as other threads hold it: known, and reachable through its shard.
struct ViewerHandle {
    ViewerInfoRef info;
    std::weak_ptr<Viewer> viewer; ///< locked on the shard's thread only
    std::shared_ptr<ViewerShard> shard;
};

/// Told by a shard, on the shard's thread.
class ShardListener {
public:
    virtual ~ShardListener() = default;
    virtual void onViewerRemoved(const ViewerInfoRef &viewer, ViewerForm form, Departure departure) = 0;
    virtual void onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) = 0;
    virtual void onRequest(const ViewerHandle &viewer, std::string_view text) = 0;
};

/// Time and chance, so that tests can do without.
struct Environment {
    std::function<net::TimePoint()> now;
    std::function<std::int64_t()> unixMs; ///< ms since 1970
    std::function<std::uint64_t()> random;

    static Environment real();
};

/// The viewers of a room that live on one loop: sends them what the room says, pings, and lets go of those
/// that are silent, stuck, or out of permission. Lives on the loop's thread alone; keep it in a shared_ptr.
class ViewerShard : public std::enable_shared_from_this<ViewerShard>, private ViewerOwner {
public:
    /// `listener` hears nothing any more after abandon().
    ViewerShard(std::shared_ptr<net::EventLoop> loop, std::string session, const RoomSettings &settings,
                std::shared_ptr<RoomCounts> counts, std::shared_ptr<FanoutInstruments> instruments,
                ShardListener &listener, Environment environment);
    /// The viewers must have gone before: see closeNow().
    ~ViewerShard() override;
    ViewerShard(const ViewerShard &) = delete;
    ViewerShard &operator=(const ViewerShard &) = delete;

    const std::shared_ptr<net::EventLoop> &loop() const { return loop_; } // any thread

    void apply(const RoomSettings &settings);
    void setSeries(SessionInstrumentsRef series);
    /// `setup.limits` is filled in here.
    void add(Viewer::Setup setup, const std::vector<FrameRef> &greeting);
    /// One turn of the fan-out: everything to everybody, each viewer in one write.
    void deliver(Turn &turn);
    /// A notice or a close for one.
    void tell(const std::weak_ptr<Viewer> &viewer, const FrameRef &notice);
    void dismiss(const std::weak_ptr<Viewer> &viewer, const Farewell &farewell);
    /// Who is sent everything before the others.
    void setFirst(std::weak_ptr<Viewer> viewer) { first_ = std::move(viewer); }

    /// Nothing: nobody is pinged or closed for silence.
    void setHeartbeat(const std::optional<HeartbeatPolicy> &policy);
    /// What must be done from time to time; the shard does it by itself.
    void tick();

    /// Sends what waits, then closes. Who leaves because of a shutdown is told when to come back.
    void closeAfterQueue(const Farewell &farewell);
    /// As above, but drops what cannot be sent at once: afterwards there are no viewers.
    void closeNow(const Farewell &farewell);
    /// Closes with 1001, a batch after the other, and all that are left when `within` has passed.
    /// `returning`: how many will come back together, viewers of other shards and rooms included.
    void drain(net::Duration within, std::size_t returning);
    /// Closes all, tells nothing any more.
    void abandon(const Farewell &farewell);

    std::size_t viewers() const { return present_; }

private:
    void onViewerGone(Viewer &viewer, Departure departure) override;
    void onDelivered(const Frame &frame, net::TimePoint now) override;
    void onQueueChanged(Viewer &viewer, const QueueDrops &drops, int sizeDelta) override;
    void onRequest(Viewer &viewer, std::string_view text) override;
    void onIgnoredMessage() override;
    void onPong(std::string_view payload) override;
    void onDirect(Viewer &viewer, int fd) override;
    net::TimePoint now() const override { return environment_.now(); }
    std::int64_t unixMs() const override { return environment_.unixMs(); }

    template <typename Call>
    void forEachSlot(Call call);
    template <typename Call>
    void forEachViewer(Call call);
    void deliverTo(std::size_t slot, TurnWriter &writer);
    void compact();
    void check(Viewer &viewer, net::TimePoint now);
    void logDrops(std::uint64_t id, const QueueDrops &drops) const;
    void arm();
    void drainStep();
    void spreadReturn(std::size_t returning);
    void sendOff(Viewer &viewer, const Farewell &farewell);
    void recordTurn(const Turn &turn);

    const std::shared_ptr<net::EventLoop> loop_;
    const std::string session_;
    RoomSettings settings_;
    ViewerLimits limits_;
    const std::shared_ptr<RoomCounts> counts_;
    const std::shared_ptr<FanoutInstruments> instruments_;
    Deliveries deliveries_;
    SessionInstrumentsRef series_;
    ShardListener *listener_;
    const Environment environment_;

    // Gone viewers leave an empty place while a walk is under way.
    std::vector<std::shared_ptr<Viewer>> viewers_;
    std::vector<Lane> lanes_; // of viewers_, one each
    // Those that went during a walk, to its end: whoever walks may still have one in hand.
    std::vector<std::shared_ptr<Viewer>> gone_;
    std::size_t present_ = 0;
    std::size_t firstSlot_ = 0; // moves on each turn, so that it is not always the same one who is last
    std::weak_ptr<Viewer> first_;
    int walking_ = 0;
    SlowViewers slow_;

    std::optional<HeartbeatPolicy> policy_;
    PingWheel wheel_;
    net::EventLoop::TimerId tickTimer_ = 0;

    net::EventLoop::TimerId drainTimer_ = 0;
    std::size_t drainBatch_ = 0;
    unsigned drainStepsLeft_ = 0;
    std::uint32_t reconnectSpreadMs_ = 0;
};

} // namespace lt::broadcast
