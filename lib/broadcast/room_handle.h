// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/room.h"
#include "lib/net/event_loop.h"
#include "lib/net/http_request.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace lt::broadcast {

/// What an element hears of its room; on the fan-out thread, so it must not take long.
class RoomWatcher {
public:
    virtual ~RoomWatcher() = default;
    virtual void onViewerAdded(const ViewerInfoRef &viewer) = 0;
    virtual void onViewerRemoved(const ViewerInfoRef &viewer, Departure departure) = 0;
    /// Its queue is filling up: what waits.
    virtual void onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) = 0;
    /// `holder` is null when nobody holds the lease any more.
    virtual void onLeaseChanged(const ViewerInfoRef &holder, std::uint64_t token) = 0;
    /// After endSession(): every viewer has been sent all there was and a close frame, or was given up.
    virtual void onSessionFlushed() = 0;
};

/// A room as other threads see it: an inbox, and whatever must happen on the loop's thread. Any thread,
/// unless said otherwise; keep it in a shared_ptr.
class RoomHandle : public std::enable_shared_from_this<RoomHandle>, private RoomListener {
public:
    /// Messages that may wait for the loop; beyond that partials are dropped, beyond twice that finals too.
    static constexpr std::size_t kMaxInbox = 4096;

    /// A room nobody feeds yet: viewers may enter and wait. It has no metrics of its own.
    RoomHandle(Room::Loops loops, std::string session, const RoomSettings &settings,
               metrics::Registry &registry);
    ~RoomHandle() override;

    /// An element takes the room over, with its settings. One at a time; `watcher` must outlive its stay.
    void attach(RoomWatcher &watcher, const RoomSettings &settings, const Room::Loops &loops);
    /// The element has gone, the room stays: numbers, history and viewers. The watcher is told nothing any
    /// more when this returns.
    void detach();

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
    /// The same when the session goes because its server does: they are told `shutdown` and closed with 1001
    /// over the settings' drain time. `returning`: as for beginShutDown().
    void interruptSession(std::size_t returning);
    /// Whether its publisher is there but waits to be heard.
    void setQueued(bool queued);
    /// False between endSession() and the next publish(), and after the end: nobody may enter.
    bool live() const { return live_ && !over_; }
    /// True from the first attach().
    bool fed() const { return fed_; }
    /// Closes whoever is left with 1001, spread over the settings' drain time (at once when called on a
    /// fan-out thread). Waits for that, and when it returns the watcher is told nothing any more. Nothing
    /// brings the room back.
    void shutDown();
    /// The same in two steps, for many rooms that are left at a time: the first does not wait. `returning`:
    /// how many viewers of all of them will come back together.
    void beginShutDown(std::size_t returning);
    void finishShutDown();
    /// Ends the session, and the room with it when all have been told, after 2 s at the latest; does not
    /// wait.
    void expire();
    /// The end of a room that was only waited in: closes with 1001 at once; does not wait.
    void dismiss();

    std::shared_ptr<const RoomCounts> counts() const { return counts_; }

private:
    void onViewerAdded(const ViewerInfoRef &viewer) override;
    void onViewerRemoved(const ViewerInfoRef &viewer, Departure departure) override;
    void onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) override;
    void onLeaseChanged(const ViewerInfoRef &holder, std::uint64_t token) override;

    void turn();
    void beginFlush(const Farewell &farewell, net::Duration within);
    void checkFlushed();
    bool mayWait() const;
    void waitForDrain();
    void endRoom();
    template <typename Call>
    void onLoop(Call call);

    const std::shared_ptr<net::EventLoop> loop_;
    const std::shared_ptr<RoomCounts> counts_;
    FanoutInstruments instruments_;
    std::atomic<bool> live_ = true, fed_ = false, over_ = false; // over_: not live any more, for good

    mutable std::mutex mutex_; // guards the five below; nothing else is locked or called under it
    std::vector<RoomMessage> inbox_;
    ClassCount overflow_;  // dropped since the last turn
    bool restart_ = false; // the next turn begins a new session
    std::string recogniser_;
    Room::Loops loops_; // all that viewers live on

    std::mutex drainMutex_; // for the wait in shutDown()
    std::condition_variable drained_;

    // Loop thread only.
    RoomWatcher *watcher_ = nullptr;
    std::shared_ptr<Room> room_; // null after the end
    net::EventLoop::TimerId flushTimer_ = 0;
    bool flushing_ = false, expiring_ = false;
    std::optional<net::Duration> drain_; // while a shutdown goes on
};

} // namespace lt::broadcast
