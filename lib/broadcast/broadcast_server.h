// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/access.h"
#include "lib/broadcast/hand_over.h"
#include "lib/broadcast/room_handle.h"
#include "lib/export.h"
#include "lib/net/http_listener.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace lt::broadcast {

class SessionOverview;

/// Why an element could not be attached; `sentence` is for the user.
struct AttachError {
    bool busy = false; ///< the port is taken by another program, or the session by another element
    std::string sentence;
};

/// The viewers' side of one (address, port): HTTP, WebSocket upgrade and the rooms behind it. Shared by all
/// elements of the process that attach to the same port; gone, port included, with the last of them.
class LT_EXPORT BroadcastServer : public std::enable_shared_from_this<BroadcastServer> {
public:
    class Attachment;

    /// Opens the session's room for one element; a second one is refused, as is one whose idea of access is
    /// another than that of the elements before it. `watcher` must outlive the
    /// attachment. Any thread but the HTTP thread; does not wait for the network.
    static std::unique_ptr<Attachment> attach(const std::string &address, std::uint16_t port,
                                              const AccessSettings &access, const std::string &session,
                                              const RoomSettings &settings, RoomWatcher &watcher,
                                              AttachError &error);
    /// Keeps the port open without a session, for who serves many: elements join with the same settings.
    /// Null with `error` set when it cannot be opened. Any thread but the HTTP thread.
    static std::shared_ptr<BroadcastServer> open(const std::string &address, std::uint16_t port,
                                                 const AccessSettings &access, AttachError &error);
    /// Who still waits here is closed with 1001 at once.
    ~BroadcastServer();
    /// Says good-bye: nobody enters any more, elements included, and all viewers of all rooms are told
    /// `shutdown` and closed with 1001, in batches over the rooms' drain time. Returns when that is done; 500
    /// ms after that time at the latest. The elements may stay: what they publish is dropped. Any thread but
    /// the HTTP thread and the fan-out threads.
    ///
    /// When the process exits this is done for rooms that linger or are waited in.
    void shutDown();
    BroadcastServer(const BroadcastServer &) = delete;
    BroadcastServer &operator=(const BroadcastServer &) = delete;

    std::uint16_t port() const { return listener_->port(); }
    /// The fan-out threads in use.
    const std::shared_ptr<net::EventLoop> &loop() const { return loop_; }
    const Doorkeeper &doorkeeper() const { return *doorkeeper_; }
    const HandOver &handOver() const { return handOver_; }
    /// The room of a live session, else null.
    std::shared_ptr<RoomHandle> room(const std::string &session) const;
    /// The same, for a viewer; where viewers may wait, an unknown session gets a room to wait in. Null, and
    /// `full` set, when there are too many of these. One that nobody waits in goes after a while.
    std::shared_ptr<RoomHandle> roomToEnter(const std::string &session, bool &full);
    /// For rooms that are waited in from now on. Any thread.
    void setWaitingRoom(const WaitingRoom &like);
    /// Names of the sessions that are live or linger, in order; not of those that are only waited for.
    std::vector<std::string> sessions() const;
    /// Sessions that end from now on do so because the server goes: their viewers get what is left, and are
    /// told to come back instead of being told that it was all. shutDown() is to follow. Any thread.
    void announceShutDown() { goingAway_ = true; }
    /// Tells the viewers of a session that its publisher waits to be heard, or does not any more. Any thread.
    void setQueued(const std::string &session, bool queued);
    /// Who runs the sessions, if a service does; null otherwise. Any thread.
    void setOverview(std::shared_ptr<const SessionOverview> overview);
    std::shared_ptr<const SessionOverview> overview() const;
    /// There are rooms, and all of them are closing; or the server shuts down.
    bool draining() const;
    bool shuttingDown() const;

private:
    BroadcastServer(std::shared_ptr<net::HttpListener> listener, std::unique_ptr<Doorkeeper> doorkeeper);

    struct Entry {
        std::shared_ptr<RoomHandle> room;
        bool attached = false;
        std::uint64_t stay = 0; ///< which attachment this is: tells whether a lingering room was taken over
        std::shared_ptr<BroadcastServer> keeper = {}; ///< this server, while the room lingers
    };
    std::shared_ptr<RoomHandle> claim(const std::string &session, const RoomSettings &settings,
                                      const Room::Loops &loops, std::uint64_t &stay);
    static void leave(const std::shared_ptr<BroadcastServer> &server, const std::string &session,
                      const std::shared_ptr<RoomHandle> &room, std::uint64_t stay, net::Duration linger);
    void lapse(const std::string &session, std::uint64_t stay);
    void watchIdle(const std::string &session, std::uint64_t stay);
    void forgetIdle(const std::string &session, std::uint64_t stay);

    static std::unique_ptr<BroadcastServer> make(const std::string &address, std::uint16_t port,
                                                 const AccessSettings &access, AttachError &error);
    bool openMetrics(const std::string &address, AttachError &error);

    const std::shared_ptr<net::EventLoop> loop_;
    const std::shared_ptr<net::HttpListener> listener_;
    const std::unique_ptr<Doorkeeper> doorkeeper_;
    const HandOver handOver_;
    std::atomic<bool> goingAway_ = false;
    mutable std::mutex mutex_; // guards the five below
    std::map<std::string, Entry> rooms_;
    WaitingRoom waiting_;
    std::shared_ptr<const SessionOverview> overview_;
    bool shuttingDown_ = false;
    std::uint64_t lastStay_ = 0;
    std::unique_ptr<net::HttpListener::Serving> serving_, servingMetrics_; // first to go
};

/// One element's hold on its room. Destroying it ends the room: viewers are closed with 1001 over the
/// settings' drain time; or, with a linger time in the settings, leaves it for the next element of this
/// session. The watcher is told nothing any more.
class LT_EXPORT BroadcastServer::Attachment {
public:
    ~Attachment();
    Attachment(const Attachment &) = delete;
    Attachment &operator=(const Attachment &) = delete;

    /// These may be called from any thread and never wait; see RoomHandle.
    void publish(RoomMessage message);
    void setHeartbeat(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed);
    void setResting(bool resting);
    void setRecogniser(const std::string &name);
    void endSession();
    /// May be kept, and read, after the attachment.
    std::shared_ptr<const RoomCounts> counts() const;
    std::uint16_t port() const;

private:
    friend class BroadcastServer;
    Attachment(std::shared_ptr<BroadcastServer> server, std::string session, std::shared_ptr<RoomHandle> room,
               std::uint64_t stay, net::Duration linger);

    const std::shared_ptr<BroadcastServer> server_;
    const std::string session_;
    const std::shared_ptr<RoomHandle> room_;
    const std::uint64_t stay_;
    const net::Duration linger_;
};

} // namespace lt::broadcast
