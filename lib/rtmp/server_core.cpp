// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/server_core.h"

#include "lib/rtmp/server_log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace lt::rtmp {

namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
/// When the process has no descriptors left, peers wait in the backlog for this long.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr int kAcceptsPerTurn = 64;

Refusal alreadyPublishing(const std::string &key) {
    return {RefusalCode::ResourceExhausted, "/" + key + " is already being published."};
}

} // namespace

ServerCore::ServerCore(std::shared_ptr<net::EventLoop> loop, net::UniqueFd listener,
                       const ServerLimits &limits)
    : loop_(std::move(loop)), listener_(std::move(listener)), limits_(limits) {}

void ServerCore::start() {
    watch_ = loop_->watch(listener_.get(), EPOLLIN, this);
}

void ServerCore::stop() {
    loop_->cancelTimer(std::exchange(resumeTimer_, 0));
    loop_->unwatch(std::exchange(watch_, 0));
    listener_.reset();
    // Collected first: closing one may change the table.
    std::vector<RtmpConnection *> all;
    for (const auto &[connection, owned] : connections_)
        all.push_back(connection);
    for (auto *connection : all)
        connection->close("UNAVAILABLE: The server is shutting down.");
}

void ServerCore::onReady(std::uint32_t) {
    for (int i = 0; i < kAcceptsPerTurn; i++) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        net::UniqueFd fd(accept4(listener_.get(), reinterpret_cast<sockaddr *>(&address), &size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd) {
            take(std::move(fd), net::endpointText(address));
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            GST_WARNING("cannot accept publishers: %s; trying again shortly", std::strerror(errno));
            pauseAccepting();
            return;
        }
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

void ServerCore::pauseAccepting() {
    loop_->modify(watch_, 0);
    resumeTimer_ = loop_->startTimer(kAcceptPause, [this] {
        resumeTimer_ = 0;
        loop_->modify(watch_, EPOLLIN);
    });
}

std::size_t ServerCore::handshaking() const {
    std::size_t count = 0;
    for (const auto &[connection, owned] : connections_)
        count += connection->handshaking();
    return count;
}

std::size_t ServerCore::waiting() const {
    return static_cast<std::size_t>(std::count_if(publications_.begin(), publications_.end(),
                                                  [](const auto &entry) { return !entry.second.accepted; }));
}

void ServerCore::take(net::UniqueFd fd, const std::string &peer) {
    // Counted only when it may matter.
    if (connections_.size() >= limits_.connections ||
        (connections_.size() >= limits_.handshakes && handshaking() >= limits_.handshakes)) {
        GST_WARNING("%s: closed at once: too many connections", peer.c_str());
        return;
    }
    auto connection = std::make_unique<RtmpConnection>(*loop_, std::move(fd), peer, *this, limits_.connection,
                                                       scratch_, ++lastId_);
    if (!connection->start())
        return;
    auto *key = connection.get();
    connections_.emplace(key, std::move(connection));
    armTick();
}

void ServerCore::armTick() {
    if (tickTimer_ != 0)
        return;
    // Holds the core while there are connections, also after the server itself is gone.
    tickTimer_ = loop_->startTimer(kTick, [self = shared_from_this()] {
        self->tickTimer_ = 0;
        self->tick();
    });
}

void ServerCore::tick() {
    const auto now = net::Clock::now();
    std::vector<RtmpConnection *> all;
    for (const auto &[connection, owned] : connections_)
        all.push_back(connection);
    for (auto *connection : all)
        connection->tick(now);
    std::vector<RtmpConnection *> unclaimed;
    for (const auto &[key, publication] : publications_) {
        const auto claim = claims_.find(key);
        if (publication.accepted && claim != claims_.end())
            noteCounters(claim->second, *publication.connection);
        else if (now >= publication.waitUntil)
            unclaimed.push_back(publication.connection);
    }
    for (auto *connection : unclaimed)
        refuse(*connection,
               {RefusalCode::Unavailable, "Nobody is receiving /" + keyOf(*connection) + " on this server."});
    giveUpWaiting(now);
    const bool awaiting = std::any_of(claims_.begin(), claims_.end(),
                                      [](const auto &entry) { return entry.second.returnUntil.has_value(); });
    if (awaiting || !connections_.empty())
        armTick();
}

/// Ends the streams whose lost publishers have not come back in time.
void ServerCore::giveUpWaiting(net::TimePoint now) {
    for (auto claim = claims_.begin(); claim != claims_.end();) {
        const auto &claimed = claim->second;
        if (!claimed.returnUntil || now < *claimed.returnUntil || publications_.contains(claim->first)) {
            ++claim;
            continue;
        }
        GST_INFO("/%s: the publisher has not come back", claim->first.c_str());
        claimed.stats->change([](StreamStats &stats) { stats.awaited = false; });
        auto *listener = claimed.listener;
        claim = claims_.erase(claim);
        listener->gone();
    }
}

void ServerCore::refuse(RtmpConnection &connection, const Refusal &refusal) {
    connection.refuse(std::string(refusalWord(refusal.code)) + ": " + refusal.reason,
                      refusal.code == RefusalCode::ResourceExhausted);
}

std::string ServerCore::keyOf(const RtmpConnection &connection) const {
    const auto found = keys_.find(&connection);
    return found == keys_.end() ? std::string() : found->second;
}

/// The only place where a publisher is let in or turned away.
void ServerCore::publishRequested(RtmpConnection &connection, const PublishRequest &request) {
    if (!request.problem.empty()) {
        refuse(connection, {RefusalCode::InvalidArgument, request.problem});
        return;
    }
    if (!listener_) {
        refuse(connection, {RefusalCode::Unavailable, "The server is shutting down."});
        return;
    }
    const std::string key = request.address.app + "/" + request.address.stream;
    const auto claim = claims_.find(key);
    if (const auto refusal = makeWay(key)) {
        if (claim != claims_.end())
            claim->second.stats->change([](StreamStats &stats) { stats.refused++; });
        refuse(connection, *refusal);
        return;
    }
    auto place = places_.acquire(key);
    if (!place) {
        refuse(connection, alreadyPublishing(key));
        return;
    }
    if (claim == claims_.end() && publications_.size() >= limits_.pending && waiting() >= limits_.pending) {
        refuse(connection, {RefusalCode::Unavailable, "Too many publishers wait for a receiver."});
        return;
    }
    const auto added = publications_
                           .emplace(key, Publication{&connection, std::move(*place), request.software, false,
                                                     net::Clock::now() + limits_.claimTimeout})
                           .first;
    keys_.emplace(&connection, key);
    if (claim != claims_.end())
        acceptPublication(key, added->second, claim->second);
    else
        GST_INFO("%s: waits for somebody to receive /%s", connection.peer().c_str(), key.c_str());
}

std::optional<Refusal> ServerCore::makeWay(const std::string &key) {
    const auto present = publications_.find(key);
    if (present == publications_.end())
        return std::nullopt;
    const auto claim = claims_.find(key);
    if (claim == claims_.end() || !present->second.accepted)
        return alreadyPublishing(key);
    auto *incumbent = present->second.connection;
    const auto &options = claim->second.options;
    const auto now = net::Clock::now();
    switch (claim->second.gate.decide(options.policy, now - incumbent->session().lastByteAt(),
                                      options.staleAfter, now)) {
    case PublisherGate::Decision::Refuse:
        return alreadyPublishing(key);
    case PublisherGate::Decision::TooOften:
        return Refusal{RefusalCode::ResourceExhausted,
                       "/" + key + " was taken over too often: several publishers fight for it."};
    case PublisherGate::Decision::Replace:
        break;
    }
    claim->second.stats->change([](StreamStats &stats) { stats.takeovers++; });
    endPublication(key, {PublishEnd::Kind::Replaced, "Replaced by a new publisher."});
    incumbent->close("RESOURCE_EXHAUSTED: Replaced by a new publisher.");
    return std::nullopt;
}

void ServerCore::acceptPublication(const std::string &key, Publication &publication, Claimed &claimed) {
    auto &connection = *publication.connection;
    publication.accepted = true;
    claimed.hadMedia = false;
    GST_INFO("%s: publishes /%s (%s)", connection.peer().c_str(), key.c_str(), publication.software.c_str());
    claimed.stats->change([&](StreamStats &stats) {
        stats.publishing = true;
        stats.awaited = false;
        stats.publishers++;
        stats.reconnects += claimed.returnUntil.has_value();
        stats.peer = connection.peer();
        stats.software = publication.software;
        stats.counters = connection.session().counters();
    });
    claimed.listener->published({connection.id(), connection.peer(), publication.software});
    const auto &options = claimed.options;
    connection.accept({options.wantVideo, options.takeOpus, options.idleTimeout});
}

void ServerCore::noteCounters(const Claimed &claimed, const RtmpConnection &connection) {
    claimed.stats->change([&](StreamStats &stats) {
        stats.counters = connection.session().counters();
        if (const auto &format = connection.session().audioFormat())
            stats.audio = *format;
    });
}

void ServerCore::endPublication(const std::string &key, PublishEnd end) {
    auto node = publications_.extract(key);
    if (node.empty())
        return;
    keys_.erase(node.mapped().connection);
    const auto claim = claims_.find(key);
    if (!node.mapped().accepted || claim == claims_.end())
        return;
    noteCounters(claim->second, *node.mapped().connection);
    claim->second.stats->change([](StreamStats &stats) { stats.publishing = false; });
    const AfterEnd after = claim->second.listener->ended(end);
    if (end.kind == PublishEnd::Kind::Replaced)
        return;
    if (after == AfterEnd::Retire)
        claims_.erase(claim);
    else if (after == AfterEnd::Wait)
        awaitReturn(key, claim->second);
}

void ServerCore::awaitReturn(const std::string &key, Claimed &claimed) {
    const auto now = net::Clock::now();
    if (!claimed.returnUntil || claimed.hadMedia)
        claimed.returnUntil = now + claimed.options.reconnectGrace;
    GST_INFO("/%s: the stream stays open for %d ms", key.c_str(),
             static_cast<int>(
                 std::chrono::duration_cast<std::chrono::milliseconds>(*claimed.returnUntil - now).count()));
    claimed.stats->change([](StreamStats &stats) { stats.awaited = true; });
    giveUpWaiting(now);
    armTick();
}

void ServerCore::media(RtmpConnection &connection, MediaTag tag) {
    const auto key = keys_.find(&connection);
    if (key == keys_.end())
        return; // replaced, and not gone yet
    const auto claim = claims_.find(key->second);
    if (claim == claims_.end())
        return;
    if (!tag.isHeader()) {
        claim->second.hadMedia = true;
        claim->second.returnUntil.reset();
    }
    claim->second.listener->media(std::move(tag));
}

void ServerCore::ended(RtmpConnection &connection) {
    const auto end = connection.session().end();
    const bool peaceful = connection.endedCleanly() || end == SessionEnd::Closed;
    GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT, peaceful ? GST_LEVEL_INFO : GST_LEVEL_WARNING, nullptr,
                      "%s: ended: %s", connection.peer().c_str(), connection.endReason().c_str());
    endPublication(keyOf(connection), {connection.endedCleanly()        ? PublishEnd::Kind::Clean
                                       : end == SessionEnd::Unsupported ? PublishEnd::Kind::Unsupported
                                                                        : PublishEnd::Kind::Lost,
                                       connection.endReason()});
}

void ServerCore::closed(RtmpConnection &connection) {
    const auto found = connections_.find(&connection);
    if (found == connections_.end())
        return;
    // It is still on the stack.
    loop_->post([dead = std::shared_ptr<RtmpConnection>(std::move(found->second))] {});
    connections_.erase(found);
}

std::uint64_t ServerCore::addClaim(const std::string &key, const ClaimOptions &options,
                                   PublishListener &listener, std::shared_ptr<StreamStatsBox> stats) {
    const auto [claim, added] =
        claims_.emplace(key, Claimed{lastId_ + 1, options, &listener, std::move(stats)});
    if (!added)
        return 0;
    const std::uint64_t id = ++lastId_;
    if (const auto waiting = publications_.find(key); waiting != publications_.end())
        acceptPublication(key, waiting->second, claim->second);
    return id;
}

void ServerCore::removeClaim(const std::string &key, std::uint64_t id) {
    const auto claim = claims_.find(key);
    if (claim == claims_.end() || claim->second.id != id)
        return;
    claims_.erase(claim);
    if (const auto present = publications_.find(key); present != publications_.end())
        present->second.connection->close("UNAVAILABLE: The receiver of this stream has gone.");
}

} // namespace lt::rtmp
