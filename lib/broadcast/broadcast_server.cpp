// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/broadcast_server.h"

#include "lib/broadcast/http_doors.h"
#include "lib/metrics/registry.h"
#include "lib/net/service_table.h"

#include <exception>
#include <utility>

namespace lt::broadcast {

namespace {

using ServerTable = net::ServiceTable<std::pair<std::string, std::uint16_t>, BroadcastServer>;

ServerTable &servers() {
    static ServerTable table;
    return table;
}

} // namespace

std::shared_ptr<BroadcastServer> BroadcastServer::open(const std::string &address, std::uint16_t port,
                                                       AttachError &error) {
    const std::string known = net::listenAddress(address);
    return servers().get({known, port}, [&] {
        net::ListenError listenError;
        std::unique_ptr<BroadcastServer> made;
        auto listener = net::HttpListener::open(address, port, listenError);
        const std::uint16_t truePort = listener ? listener->port() : 0;
        if (listener)
            made.reset(new BroadcastServer(std::move(listener)));
        else
            error = {listenError.inUse, listenError.sentence};
        return std::pair(std::pair(known, truePort), std::move(made));
    });
}

std::unique_ptr<BroadcastServer::Attachment>
BroadcastServer::attach(const std::string &address, std::uint16_t port, const std::string &session,
                        const RoomSettings &settings, RoomWatcher &watcher, AttachError &error) try {
    auto server = open(address, port, error);
    if (!server)
        return nullptr;
    auto room = std::make_shared<RoomHandle>(server->loop_, session, settings, metrics::registry(), watcher);
    {
        std::lock_guard lock(server->mutex_);
        if (server->rooms_.emplace(session, room).second)
            return std::unique_ptr<Attachment>(new Attachment(server, session, std::move(room)));
    }
    error = {true, "Session \"" + session + "\" is already broadcast on port " +
                       std::to_string(server->port()) +
                       " by another element. Give this one a session of its own."};
    return nullptr;
} catch (const std::exception &failure) { // no threads or descriptors left
    error = {false, std::string("Cannot broadcast: ") + failure.what() + "."};
    return nullptr;
}

BroadcastServer::BroadcastServer(std::shared_ptr<net::HttpListener> listener)
    : loop_(net::fanoutLoop()),
      listener_(std::move(listener)),
      serving_(std::make_unique<net::HttpListener::Serving>(listener_, httpDoors(*this))) {}

BroadcastServer::~BroadcastServer() = default;

std::shared_ptr<RoomHandle> BroadcastServer::room(const std::string &session) const {
    std::lock_guard lock(mutex_);
    const auto found = rooms_.find(session);
    return found != rooms_.end() && found->second->live() ? found->second : nullptr;
}

std::vector<std::string> BroadcastServer::sessions() const {
    std::vector<std::string> names;
    std::lock_guard lock(mutex_);
    for (const auto &[name, room] : rooms_)
        if (room->live())
            names.push_back(name);
    return names;
}

BroadcastServer::Attachment::Attachment(std::shared_ptr<BroadcastServer> server, std::string session,
                                        std::shared_ptr<RoomHandle> room)
    : server_(std::move(server)), session_(std::move(session)), room_(std::move(room)) {}

BroadcastServer::Attachment::~Attachment() {
    // Before the name is free again: the next room of this name must find its metrics gone.
    room_->shutDown();
    std::lock_guard lock(server_->mutex_);
    server_->rooms_.erase(session_);
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
    room_->endSession();
}

std::shared_ptr<const RoomCounts> BroadcastServer::Attachment::counts() const {
    return room_->counts();
}

std::uint16_t BroadcastServer::Attachment::port() const {
    return server_->port();
}

} // namespace lt::broadcast
