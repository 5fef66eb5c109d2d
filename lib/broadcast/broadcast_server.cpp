// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/broadcast_server.h"

#include "lib/broadcast/http_doors.h"
#include "lib/metrics/registry.h"
#include "lib/net/service_table.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>

#include <gst/gst.h>
#include <unistd.h>

namespace lt::broadcast {

namespace {

using ServerTable = net::ServiceTable<std::pair<std::string, std::uint16_t>, BroadcastServer>;

ServerTable &servers() {
    static ServerTable table;
    return table;
}

/// Threads still run when this is called, but GStreamer may have ended: nothing is logged then. Not in a
/// forked child, which has no threads.
void sayGoodbyeAtExit() {
    static const pid_t process = getpid();
    static const bool asked = [] {
        metrics::registry(); // must outlive the call
        return std::atexit([] {
                   if (getpid() != process)
                       return;
                   if (!gst_is_initialized())
                       gst_debug_set_active(FALSE);
                   for (const auto &server : servers().all())
                       server->shutDown();
               }) == 0;
    }();
    (void)asked;
}

/// The source of heartbeats of a room without an element.
constexpr const char *kWaitingHeartbeat = "waiting-room";

Room::Loops fanoutLoops(unsigned count) {
    Room::Loops loops;
    for (unsigned i = 0; i < std::max(count, 1u); i++)
        loops.push_back(net::fanoutLoop(i));
    return loops;
}

} // namespace

std::shared_ptr<BroadcastServer> BroadcastServer::open(const std::string &address, std::uint16_t port,
                                                       const AccessSettings &access, AttachError &error) {
    const std::string known = net::listenAddress(address);
    auto server = servers().get({known, port}, [&] {
        auto made = make(address, port, access, error);
        const std::uint16_t truePort = made ? made->port() : 0;
        return std::pair(std::pair(known, truePort), std::move(made));
    });
    if (server)
        sayGoodbyeAtExit();
    if (!server || server->doorkeeper_->settings() == access)
        return server;
    error = {true, "Port " + std::to_string(port) +
                       " is shared with elements whose settings of access differ: tokens, origins, limits, "
                       "TLS and metrics are those of a port. Set them alike, or choose a port of its own."};
    return nullptr;
}

std::unique_ptr<BroadcastServer> BroadcastServer::make(const std::string &address, std::uint16_t port,
                                                       const AccessSettings &access, AttachError &error) {
    auto doorkeeper = Doorkeeper::make(access, error.sentence);
    if (!doorkeeper)
        return nullptr;
    net::ListenError listenError;
    auto listener = net::HttpListener::open(
        address, port, {access.handshakeTimeout, access.certificateFile, access.keyFile}, listenError);
    if (!listener) {
        error = {listenError.inUse, listenError.sentence};
        return nullptr;
    }
    std::unique_ptr<BroadcastServer> server(new BroadcastServer(std::move(listener), std::move(doorkeeper)));
    if (access.metricsPort > 0 && !server->openMetrics(address, error))
        return nullptr;
    return server;
}

bool BroadcastServer::openMetrics(const std::string &address, AttachError &error) {
    const AccessSettings &access = doorkeeper_->settings();
    net::ListenError listenError;
    auto listener = net::HttpListener::open(access.metricsAddress.empty() ? address : access.metricsAddress,
                                            access.metricsPort, {access.handshakeTimeout}, listenError);
    if (listener)
        servingMetrics_ = std::make_unique<net::HttpListener::Serving>(
            std::move(listener), net::HttpListener::Routes{metricsDoor(*doorkeeper_)});
    else
        error = {listenError.inUse, listenError.sentence};
    return servingMetrics_ != nullptr;
}

std::unique_ptr<BroadcastServer::Attachment>
BroadcastServer::attach(const std::string &address, std::uint16_t port, const AccessSettings &access,
                        const std::string &session, const RoomSettings &settings, RoomWatcher &watcher,
                        AttachError &error) try {
    auto server = open(address, port, access, error);
    if (!server)
        return nullptr;
    const Room::Loops loops = fanoutLoops(settings.ioThreads);
    std::uint64_t stay = 0;
    if (auto room = server->claim(session, settings, loops, stay)) {
        room->attach(watcher, settings, loops);
        room->setHeartbeat(kWaitingHeartbeat, 0, 0); // the session's own holds from now on
        return std::unique_ptr<Attachment>(
            new Attachment(server, session, std::move(room), stay, settings.linger));
    }
    if (server->shuttingDown()) {
        error = {true, "The server on port " + std::to_string(server->port()) +
                           " is shutting down and takes no session any more."};
        return nullptr;
    }
    error = {true, "Session \"" + session + "\" is already broadcast on port " +
                       std::to_string(server->port()) +
                       " by another element. Give this one a session of its own."};
    return nullptr;
} catch (const std::exception &failure) { // no threads or descriptors left
    error = {false, std::string("Cannot broadcast: ") + failure.what() + "."};
    return nullptr;
}

BroadcastServer::BroadcastServer(std::shared_ptr<net::HttpListener> listener,
                                 std::unique_ptr<Doorkeeper> doorkeeper)
    : loop_(net::fanoutLoop()),
      listener_(std::move(listener)),
      doorkeeper_(std::move(doorkeeper)),
      handOver_(loop_),
      serving_(std::make_unique<net::HttpListener::Serving>(listener_, httpDoors(*this))) {}

BroadcastServer::~BroadcastServer() {
    serving_.reset();                        // nobody enters any more
    for (const auto &[name, entry] : rooms_) // what is left is only waited in
        if (entry.room)
            entry.room->dismiss();
}

std::shared_ptr<RoomHandle> BroadcastServer::room(const std::string &session) const {
    std::lock_guard lock(mutex_);
    const auto found = rooms_.find(session);
    return found != rooms_.end() && found->second.room->live() ? found->second.room : nullptr;
}

std::shared_ptr<RoomHandle> BroadcastServer::roomToEnter(const std::string &session, bool &full) {
    const AccessSettings &access = doorkeeper_->settings();
    full = false;
    if (auto found = room(session); found || !access.waitForSession)
        return found;
    std::shared_ptr<RoomHandle> made;
    std::uint64_t stay;
    {
        std::lock_guard lock(mutex_);
        if (shuttingDown_)
            return nullptr;
        const auto waiting = std::count_if(rooms_.begin(), rooms_.end(), [](const auto &each) {
            return !each.second.attached && !each.second.room->fed();
        });
        Entry &entry = rooms_[session];
        if (entry.room && entry.room->live()) // an element has just come
            return entry.room;
        if (entry.attached) // its session has just ended, and its last viewers are being told
            return nullptr;
        full = static_cast<std::size_t>(waiting) >= access.maxWaitingRooms;
        if (full) {
            if (!entry.room)
                rooms_.erase(session);
            return nullptr;
        }
        made = entry.room =
            std::make_shared<RoomHandle>(Room::Loops{loop_}, session, waiting_.settings, metrics::registry());
        if (waiting_.pingIntervalMs > 0)
            made->setHeartbeat(kWaitingHeartbeat, waiting_.pingIntervalMs, waiting_.maxMissed);
        stay = entry.stay = ++lastStay_;
    }
    watchIdle(session, stay);
    return made;
}

void BroadcastServer::watchIdle(const std::string &session, std::uint64_t stay) {
    loop_->post([weak = weak_from_this(), loop = std::weak_ptr(loop_), session, stay,
                 idle = doorkeeper_->settings().roomIdle] {
        if (const auto running = loop.lock())
            running->startTimer(idle, [weak, session, stay] {
                if (const auto server = weak.lock())
                    server->forgetIdle(session, stay);
            });
    });
}

void BroadcastServer::forgetIdle(const std::string &session, std::uint64_t stay) {
    std::shared_ptr<RoomHandle> idle;
    {
        std::lock_guard lock(mutex_);
        const auto found = rooms_.find(session);
        if (found == rooms_.end() || found->second.attached || found->second.stay != stay ||
            found->second.room->fed())
            return;
        if (found->second.room->counts()->viewers == 0) {
            idle = std::move(found->second.room);
            rooms_.erase(found);
        }
    }
    if (idle)
        idle->dismiss();
    else
        watchIdle(session, stay);
}

void BroadcastServer::setWaitingRoom(const WaitingRoom &like) {
    std::lock_guard lock(mutex_);
    waiting_ = like;
}

std::vector<std::string> BroadcastServer::sessions() const {
    std::vector<std::string> names;
    std::lock_guard lock(mutex_);
    for (const auto &[name, entry] : rooms_)
        if (entry.room->live() && entry.room->fed())
            names.push_back(name);
    return names;
}

bool BroadcastServer::shuttingDown() const {
    std::lock_guard lock(mutex_);
    return shuttingDown_;
}

void BroadcastServer::shutDown() {
    std::vector<std::shared_ptr<RoomHandle>> rooms;
    {
        std::lock_guard lock(mutex_);
        shuttingDown_ = true;
        for (const auto &[name, entry] : rooms_)
            rooms.push_back(entry.room);
        // Elements take theirs away themselves.
        std::erase_if(rooms_, [](const auto &each) { return !each.second.attached; });
    }
    std::size_t viewers = 0;
    for (const auto &room : rooms)
        viewers += room->counts()->viewers;
    for (const auto &room : rooms)
        room->beginShutDown(viewers);
    for (const auto &room : rooms)
        room->finishShutDown();
}

void BroadcastServer::setQueued(const std::string &session, bool queued) {
    if (const auto there = room(session))
        there->setQueued(queued);
}

void BroadcastServer::setOverview(std::shared_ptr<const SessionOverview> overview) {
    std::lock_guard lock(mutex_);
    overview_ = std::move(overview);
}

std::shared_ptr<const SessionOverview> BroadcastServer::overview() const {
    std::lock_guard lock(mutex_);
    return overview_;
}

bool BroadcastServer::draining() const {
    std::lock_guard lock(mutex_);
    if (shuttingDown_)
        return true;
    const auto is = [this](bool live) {
        return std::any_of(rooms_.begin(), rooms_.end(), [live](const auto &each) {
            return each.second.room->fed() && each.second.room->live() == live;
        });
    };
    return is(false) && !is(true);
}

/// The session's room, unless an element has it. A room that lingers is taken over, but for one that has
/// ended.
std::shared_ptr<RoomHandle> BroadcastServer::claim(const std::string &session, const RoomSettings &settings,
                                                   const Room::Loops &loops, std::uint64_t &stay) {
    std::lock_guard lock(mutex_);
    if (shuttingDown_)
        return nullptr;
    Entry &entry = rooms_[session];
    if (entry.attached)
        return nullptr;
    if (!entry.room || !entry.room->live())
        entry.room = std::make_shared<RoomHandle>(loops, session, settings, metrics::registry());
    entry.attached = true;
    entry.keeper.reset();
    stay = entry.stay = ++lastStay_;
    return entry.room;
}

void BroadcastServer::leave(const std::shared_ptr<BroadcastServer> &server, const std::string &session,
                            const std::shared_ptr<RoomHandle> &room, std::uint64_t stay,
                            net::Duration linger) {
    if (linger <= net::Duration::zero() || !room->live() || server->shuttingDown()) {
        // Before the name is free again: the next room of this name must find its metrics gone.
        room->shutDown();
        std::lock_guard lock(server->mutex_);
        server->rooms_.erase(session);
        return;
    }
    room->detach();
    {
        std::lock_guard lock(server->mutex_);
        if (!room->live()) // the server has shut down meanwhile
            server->rooms_.erase(session);
        else
            server->rooms_[session] = {room, false, stay, server};
    }
    server->loop_->post([weak = server->weak_from_this(), session, stay, linger] {
        if (const auto there = weak.lock())
            there->loop_->startTimer(linger, [weak, session, stay] {
                if (const auto late = weak.lock())
                    late->lapse(session, stay);
            });
    });
}

void BroadcastServer::lapse(const std::string &session, std::uint64_t stay) {
    std::shared_ptr<RoomHandle> room;
    {
        std::lock_guard lock(mutex_);
        const auto found = rooms_.find(session);
        if (found == rooms_.end() || found->second.attached || found->second.stay != stay)
            return;
        room = std::move(found->second.room);
        rooms_.erase(found);
    }
    room->expire();
}

BroadcastServer::Attachment::Attachment(std::shared_ptr<BroadcastServer> server, std::string session,
                                        std::shared_ptr<RoomHandle> room, std::uint64_t stay,
                                        net::Duration linger)
    : server_(std::move(server)),
      session_(std::move(session)),
      room_(std::move(room)),
      stay_(stay),
      linger_(linger) {}

BroadcastServer::Attachment::~Attachment() {
    leave(server_, session_, room_, stay_, linger_);
}

void BroadcastServer::Attachment::publish(RoomMessage message) {
    room_->publish(std::move(message));
}

void BroadcastServer::Attachment::setHeartbeat(const std::string &source, std::uint32_t intervalMs,
                                               std::uint32_t maxMissed) {
    room_->setHeartbeat(source, intervalMs, maxMissed);
}

void BroadcastServer::Attachment::setResting(bool resting) {
    room_->setResting(resting);
}

void BroadcastServer::Attachment::setRecogniser(const std::string &name) {
    room_->setRecogniser(name);
}

void BroadcastServer::Attachment::endSession() {
    if (server_->goingAway_)
        room_->interruptSession(server_->doorkeeper().seated());
    else
        room_->endSession();
}

std::shared_ptr<const RoomCounts> BroadcastServer::Attachment::counts() const {
    return room_->counts();
}

std::uint16_t BroadcastServer::Attachment::port() const {
    return server_->port();
}

} // namespace lt::broadcast
