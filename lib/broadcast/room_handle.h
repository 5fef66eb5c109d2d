// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/room.h"
#include "lib/net/event_loop.h"
#include "lib/net/http_request.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace lt::broadcast {

/// What an element hears of its room; on the fan-out thread, so it must not take long.
class RoomWatcher {
public:
    virtual ~RoomWatcher() = default;
    virtual void onViewerAdded(std::uint64_t id, const std::string &peer) = 0;
    virtual void onViewerRemoved(std::uint64_t id, const std::string &peer, Departure departure) = 0;
    /// After endSession(): every viewer has been sent all there was and a close frame, or was given up.
    virtual void onSessionFlushed() = 0;
};

/// A room as other threads see it: an inbox, and whatever must happen on the loop's thread. Any thread,
/// unless said otherwise; keep it in a shared_ptr.
class RoomHandle : public std::enable_shared_from_this<RoomHandle>, private RoomListener {
public:
    /// Messages that may wait for the loop; beyond that partials are dropped, beyond twice that finals too.
    static constexpr std::size_t kMaxInbox = 4096;

    RoomHandle(std::shared_ptr<net::EventLoop> loop, std::string session, RoomSettings settings,
               metrics::Registry &registry, RoomWatcher &watcher);
    ~RoomHandle() override;

    /// Never waits: a short lock, and a wake-up when the inbox was empty.
    void publish(RoomMessage message);
    void setHeartbeat(std::string source, std::uint32_t intervalMs, std::uint32_t maxMissed);
    void setResting(bool resting);
    /// Who recognises the speech, for viewers to read; "" when they need not know.
    void setRecogniser(std::string name);
    std::string recogniser() const;
    void addViewer(net::UpgradedSocket socket, ViewerProfile profile);

    /// All viewers get what waits for them and a close with 1000; onSessionFlushed() follows, after 2 s at
    /// the latest. The next publish() begins a new session.
    void endSession();
    /// False between endSession() and the next publish(): nobody may enter.
    bool live() const { return live_; }
    /// Closes with 1001 whoever is left. When it returns the watcher is told nothing any more.
    void shutDown();

    std::shared_ptr<const RoomCounts> counts() const { return counts_; }

private:
    void onViewerAdded(std::uint64_t id, const std::string &peer) override;
    void onViewerRemoved(std::uint64_t id, const std::string &peer, Departure departure) override;

    void turn();
    void armTick();
    void checkFlushed();
    template <typename Call>
    void onLoop(Call call);

    const std::shared_ptr<net::EventLoop> loop_;
    const std::shared_ptr<RoomCounts> counts_;
    metrics::Counter &drops_;
    std::atomic<bool> live_ = true;

    mutable std::mutex mutex_; // guards the three below; nothing else is locked or called under it
    std::vector<RoomMessage> inbox_;
    bool restart_ = false; // the next turn begins a new session
    std::string recogniser_;

    // Loop thread only.
    RoomWatcher *watcher_;
    std::unique_ptr<Room> room_; // null after shutDown()
    net::EventLoop::TimerId tickTimer_ = 0;
    net::EventLoop::TimerId flushTimer_ = 0;
    bool flushing_ = false;
};

} // namespace lt::broadcast
