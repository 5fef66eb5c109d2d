// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/greeter.h"
#include "lib/broadcast/heartbeat.h"
#include "lib/broadcast/history.h"
#include "lib/broadcast/lease_desk.h"
#include "lib/broadcast/recent_finals.h"
#include "lib/broadcast/room_counts.h"
#include "lib/broadcast/room_instruments.h"
#include "lib/broadcast/room_settings.h"
#include "lib/broadcast/turn.h"
#include "lib/broadcast/viewer_shard.h"
#include "lib/metrics/registry.h"
#include "lib/net/event_loop.h"
#include "lib/net/http_request.h"
#include "lib/transcript/transcript.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lt::broadcast {

/// A transcript on its way to the viewers.
struct RoomMessage {
    TranscriptRef transcript;
    net::TimePoint queuedAt;                       ///< handed over by the streaming thread
    std::optional<net::TimePoint> receivedAt = {}; ///< came from the recogniser, if known
};

/// Told of a room's viewers, on the room's thread.
class RoomListener {
public:
    virtual ~RoomListener() = default;
    virtual void onViewerAdded(const ViewerInfoRef &viewer) = 0;
    virtual void onViewerRemoved(const ViewerInfoRef &viewer, Departure departure) = 0;
    virtual void onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) = 0;
    /// `holder` is null when nobody holds the lease any more.
    virtual void onLeaseChanged(const ViewerInfoRef &holder, std::uint64_t token) = 0;
};

/// One session as its viewers see it: numbers messages, sends each final once, frames each message once per
/// form, keeps what late joiners and returning viewers need, and runs the coordinator lease. Its viewers live
/// in shards, one per loop; the first loop is the room's own, and everything here happens on it unless said
/// otherwise. Time and chance are injected.
class Room : public std::enable_shared_from_this<Room>, private ShardListener, private LeaseHost {
public:
    using Loops = std::vector<std::shared_ptr<net::EventLoop>>;

    Room(Loops loops, std::string session, const RoomSettings &settings, std::shared_ptr<RoomCounts> counts,
         metrics::Registry &registry, RoomListener &listener, Environment environment = Environment::real());
    /// end() must have come before, if there were viewers.
    ~Room() override;
    Room(const Room &) = delete;
    Room &operator=(const Room &) = delete;

    /// Another element has come, with settings of its own. Loops are only ever added.
    void apply(const RoomSettings &settings, const Loops &loops);
    void setState(RoomState state);
    void setRecogniser(std::string name) { recogniser_ = std::move(name); }

    void addViewer(net::UpgradedSocket socket, ViewerProfile profile);
    /// One turn of the fan-out: all messages go to all viewers, each viewer in one write.
    void publish(std::span<const RoomMessage> messages);

    /// Messages were lost before they had a number: they get one now, and a gap is told.
    void announceLoss(ClassCount lost);

    void setHeartbeat(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed);
    /// A resting room neither pings nor closes silent viewers.
    void setResting(bool resting);
    /// What must be done from time to time; the room does it by itself, this is for tests.
    void tick();

    /// Tells that the session is over, sends what waits, then closes with 1000.
    void endSession();
    /// Closes with 1001, spread over `within`. `returning`: viewers that will come back together.
    void drain(net::Duration within, std::size_t returning);
    /// Closes, and drops what cannot be sent at once.
    void closeNow(const Farewell &farewell);
    /// As above; when it returns no shard runs any more, and the listener is told nothing.
    void end(const Farewell &farewell);
    /// A new session under the same name: numbers start again and nothing is remembered.
    void restart();

    const RoomSettings &settings() const { return settings_; }

private:
    void onViewerRemoved(const ViewerInfoRef &viewer, ViewerForm form, Departure departure) override;
    void onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) override;
    void onRequest(const ViewerHandle &viewer, std::string_view text) override;
    void tellOne(const ViewerHandle &viewer, const FrameRef &notice) override;
    void tellAll(const FrameRef &notice) override;
    void onLeaseChanged(const ViewerHandle *holder, std::uint64_t token) override;

    void removed(const ViewerInfoRef &viewer, ViewerForm form, Departure departure);
    void handle(const ViewerHandle &viewer, const std::string &text);
    void replay(const ViewerHandle &viewer, const ViewerRequest &request);
    void publishInsight(const ViewerHandle &viewer, const ViewerRequest &request);
    void refuse(const ViewerHandle &viewer, RefusalCode code, std::string_view request,
                std::string_view sentence);
    void settleLease();
    void armLease();

    void applyPolicy();
    bool isNews(const Transcript &transcript, const std::string &identity);
    void addMessage(const RoomMessage &message, Turn &turn);
    void addFrame(const FrameRef &plain, bool alsoV1, Turn &turn);
    void fanOut(const std::shared_ptr<Turn> &turn);
    std::vector<FrameRef> greetingFor(const ViewerInfo &info, const ViewerProfile &profile);
    bool anyV2() const;

    template <typename Call>
    void onShard(const std::shared_ptr<ViewerShard> &shard, Call call);
    template <typename Call>
    void atHome(Call call);

    const std::shared_ptr<net::EventLoop> home_;
    const std::string session_;
    RoomSettings settings_;
    const std::shared_ptr<RoomCounts> counts_;
    metrics::Registry &registry_;
    RoomListener &listener_;
    const Environment environment_;
    const std::shared_ptr<FanoutInstruments> instruments_;
    SessionInstrumentsRef series_;

    std::vector<std::shared_ptr<ViewerShard>> shards_; // the first one is at home
    std::array<std::size_t, kViewerForms> presentOfForm_{};
    std::uint64_t lastViewerId_ = 0;

    RoomState state_ = RoomState::Waiting;
    std::string recogniser_;
    std::string epoch_;
    std::uint64_t seq_ = 0;
    RecentFinals recentFinals_;
    History history_;
    Greeter greeter_;
    LeaseDesk lease_;
    net::EventLoop::TimerId leaseTimer_ = 0;
    bool settling_ = false;
    HeartbeatSources heartbeats_;
    std::optional<HeartbeatPolicy> policy_; // the one in force
    bool resting_ = false;
};

} // namespace lt::broadcast
