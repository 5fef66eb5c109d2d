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

} // namespace

ServerCore::ServerCore(std::shared_ptr<net::EventLoop> loop, net::UniqueFd listener,
                       const ServerLimits &limits, std::unique_ptr<net::TlsAcceptor> tls, TimeSource now)
    : loop_(std::move(loop)),
      listener_(std::move(listener)),
      limits_(limits),
      tls_(std::move(tls)),
      now_(std::move(now)),
      rate_(limits.publishRates),
      doorstep_({limits.connections, 0, limits.connectionsPerAddress}, "connections"),
      streams_({limits.publishers, 1, 0}, "publishers") {}

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
    std::size_t count = encrypting_;
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
    const bool crowded =
        connections_.size() + encrypting_ >= limits_.handshakes && handshaking() >= limits_.handshakes;
    const auto entry = doorstep_.admitStream("", peer.substr(0, peer.rfind(':')));
    const auto *pass = std::get_if<StreamPassRef>(&entry);
    if (crowded || !pass) {
        GST_WARNING("%s: closed at once: too many connections", peer.c_str());
        metrics_.dropped.add();
        return;
    }
    if (tls_)
        encrypt(std::move(fd), peer, *pass);
    else
        adopt(std::move(fd), nullptr, peer, *pass);
}

void ServerCore::encrypt(net::UniqueFd fd, const std::string &peer, const StreamPassRef &pass) {
    encrypting_++;
    const auto done = [loop = loop_, self = shared_from_this(), peer,
                       pass](net::UniqueFd own, std::unique_ptr<net::ByteStream> stream) {
        // A task is copied: what can only be moved goes in a shared place.
        auto socket = std::make_shared<net::UniqueFd>(std::move(own));
        auto shared = std::make_shared<std::unique_ptr<net::ByteStream>>(std::move(stream));
        loop->post([self, peer, pass, socket, shared] {
            self->encrypting_--;
            if (*socket && self->listener_) {
                self->adopt(std::move(*socket), std::move(*shared), peer, pass);
                return;
            }
            GST_WARNING("%s: closed: no TLS handshake", peer.c_str());
            self->metrics_.dropped.add();
        });
    };
    tls_->accept(std::move(fd), limits_.connection.handshakeTimeout, done);
}

void ServerCore::adopt(net::UniqueFd fd, std::unique_ptr<net::ByteStream> stream, const std::string &peer,
                       const StreamPassRef &pass) {
    const bool encrypted = stream != nullptr;
    auto connection = std::make_unique<RtmpConnection>(*loop_, std::move(fd), std::move(stream), peer, *this,
                                                       limits_.connection, scratch_, now_, ++lastId_);
    if (!connection->start())
        return;
    auto *key = connection.get();
    connections_.emplace(key, Connected{std::move(connection), pass});
    armTick();
    if (encrypted) // what came with the last record of the handshake announces itself no more
        key->onReady(EPOLLIN);
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
    const auto now = now_();
    std::vector<RtmpConnection *> all;
    for (const auto &[connection, owned] : connections_)
        all.push_back(connection);
    for (auto *connection : all)
        connection->tick(now);
    std::vector<RtmpConnection *> unclaimed;
    for (auto &[key, publication] : publications_) {
        const auto claim = claims_.find(key);
        if (publication.accepted && claim != claims_.end())
            noteCounters(claim->second, publication);
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

std::string ServerCore::keyOf(const RtmpConnection &connection) const {
    const auto found = routes_.find(&connection);
    return found == routes_.end() ? std::string() : found->second.key;
}

void ServerCore::media(RtmpConnection &connection, MediaTag tag) {
    const auto route = routes_.find(&connection);
    if (route == routes_.end() || !route->second.claim)
        return; // replaced, and not gone yet; or its claim has gone
    auto &claimed = *route->second.claim;
    if (!tag.isHeader()) {
        claimed.hadMedia = true;
        claimed.returnUntil.reset();
    }
    claimed.listener->media(std::move(tag));
}

void ServerCore::ended(RtmpConnection &connection) {
    const auto end = connection.session().end();
    const bool peaceful = connection.endedCleanly() || end == SessionEnd::Closed;
    GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT, peaceful ? GST_LEVEL_INFO : GST_LEVEL_WARNING, nullptr,
                      "%s: ended: %s", connection.peer().c_str(), connection.endReason().c_str());
    if (end == SessionEnd::Refused)
        metrics_.refused.add();
    else if (!routes_.contains(&connection) && !peaceful)
        metrics_.dropped.add();
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
    loop_->post([dead = std::shared_ptr<RtmpConnection>(std::move(found->second.connection))] {});
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
        letIn(key, waiting->second, claim->second);
    return id;
}

void ServerCore::removeClaim(const std::string &key, std::uint64_t id) {
    const auto claim = claims_.find(key);
    if (claim == claims_.end() || claim->second.id != id)
        return;
    claims_.erase(claim);
    const auto present = publications_.find(key);
    if (present == publications_.end())
        return;
    routes_.at(present->second.connection).claim = nullptr;
    present->second.connection->close("UNAVAILABLE: The receiver of this stream has gone.");
}

} // namespace lt::rtmp
