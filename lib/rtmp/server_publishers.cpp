// SPDX-License-Identifier: LGPL-2.1-or-later

/// The part of ServerCore that decides on publishers: who is let in, who makes way, who is waited for.
#include "lib/rtmp/server_core.h"

#include "lib/rtmp/server_log.h"

#include <chrono>

namespace lt::rtmp {

namespace {

/// Who sends more than it may all the time is told of this often.
constexpr auto kThrottleNews = std::chrono::minutes(1);

Refusal alreadyPublishing(const std::string &key) {
    return {RefusalCode::ResourceExhausted, "/" + key + " is already being published."};
}

} // namespace

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

void ServerCore::refuse(RtmpConnection &connection, const Refusal &refusal, bool nameTaken) {
    connection.refuse(std::string(refusalWord(refusal.code)) + ": " + refusal.reason, nameTaken);
}

bool ServerCore::appExists(const std::string &app) const {
    const auto claim = claims_.lower_bound(app + "/");
    return claim != claims_.end() && claim->first.starts_with(app + "/");
}

std::optional<Refusal> ServerCore::objection(RtmpConnection &connection, const PublishRequest &request) {
    if (auto refusal = tooOften(connection, request.address.key()))
        return refusal;
    if (!request.problem.empty())
        return Refusal{RefusalCode::InvalidArgument, request.problem};
    if (!listener_)
        return Refusal{RefusalCode::Unavailable, "The server is shutting down."};
    if (auto refusal = askDoor(connection, door_, request.address, request.software))
        return refusal;
    // Without a door of the server's nobody makes streams on demand.
    if (!door_ && !claims_.empty() && !appExists(request.address.app))
        return Refusal{RefusalCode::InvalidArgument,
                       "There is no application " + request.address.app + " here."};
    return std::nullopt;
}

std::optional<Refusal> ServerCore::tooOften(const RtmpConnection &connection, const std::string &key) {
    if (rate_.admit(connection.address(), now_()))
        return std::nullopt;
    metrics_.rateLimited.add();
    if (const auto claim = claims_.find(key); claim != claims_.end())
        claim->second.stats->change([](StreamStats &stats) { stats.rateLimited++; });
    return Refusal{RefusalCode::ResourceExhausted,
                   "Too many publishers within a second: try again in some seconds."};
}

std::optional<Refusal> ServerCore::askDoor(RtmpConnection &connection,
                                           const std::shared_ptr<PublishDoor> &door,
                                           const StreamAddress &address, const std::string &software) {
    constexpr std::size_t kAddressesKept = 1024;
    constexpr auto kWindow = std::chrono::seconds(10);
    if (!door)
        return std::nullopt;
    const auto now = now_();
    const auto wrong = wrongCredentials_.find(connection.address());
    if (wrong != wrongCredentials_.end() && !wrong->second.wouldPass(now))
        return Refusal{RefusalCode::ResourceExhausted,
                       "Too many wrong credentials: try again in some seconds."};
    const auto refusal = door->admit({address, connection.peer(), software});
    if (refusal && refusal->code == RefusalCode::Unauthenticated && limits_.wrongCredentials > 0) {
        if (wrong == wrongCredentials_.end() && wrongCredentials_.size() >= kAddressesKept)
            wrongCredentials_.clear();
        wrongCredentials_.try_emplace(connection.address(), limits_.wrongCredentials, kWindow)
            .first->second.check(now);
    }
    return refusal;
}

/// The only place where a publisher is let in or turned away.
void ServerCore::publishRequested(RtmpConnection &connection, const PublishRequest &request) {
    if (const auto refusal = objection(connection, request)) {
        refuse(connection, *refusal);
        return;
    }
    const std::string key = request.address.key();
    const auto claim = claims_.find(key);
    if (claim != claims_.end()) {
        if (const auto refusal =
                askDoor(connection, claim->second.options.door, request.address, request.software)) {
            refuse(connection, *refusal);
            return;
        }
    }
    if (const auto refusal = makeWay(key)) {
        if (claim != claims_.end())
            claim->second.stats->change([](StreamStats &stats) { stats.refused++; });
        refuse(connection, *refusal, true);
        return;
    }
    const bool crowded = publications_.size() >= limits_.pending && waiting() >= limits_.pending;
    if (claim == claims_.end() && crowded) {
        refuse(connection, {RefusalCode::ResourceExhausted,
                            "Too many publishers wait for somebody to receive their streams."});
        return;
    }
    const auto entry = streams_.admitStream(key);
    if (const auto *denied = std::get_if<StreamGuard::Denied>(&entry)) {
        const bool nameTaken = denied->why == StreamGuard::Why::Session;
        refuse(connection, nameTaken ? alreadyPublishing(key) : denied->refusal, nameTaken);
        return;
    }
    const auto added =
        publications_
            .emplace(key, Publication{&connection, std::get<StreamPassRef>(entry), request.address,
                                      request.software, false, now_() + limits_.claimTimeout})
            .first;
    routes_.emplace(&connection, Route{key, nullptr});
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
    const auto now = now_();
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
    metrics_.takeovers.add();
    endPublication(key, {PublishEnd::Kind::Replaced, "Replaced by a new publisher."});
    incumbent->close("RESOURCE_EXHAUSTED: Replaced by a new publisher.");
    return std::nullopt;
}

/// A publisher that came before its claim.
void ServerCore::letIn(const std::string &key, Publication &publication, Claimed &claimed) {
    auto &connection = *publication.connection;
    if (const auto refusal =
            askDoor(connection, claimed.options.door, publication.address, publication.software))
        refuse(connection, *refusal); // which frees its place
    else
        acceptPublication(key, publication, claimed);
}

void ServerCore::acceptPublication(const std::string &key, Publication &publication, Claimed &claimed) {
    auto &connection = *publication.connection;
    publication.accepted = true;
    routes_.at(&connection).claim = &claimed;
    metrics_.publishers.add(1);
    metrics_.publishes.add();
    metrics_.returns.add(claimed.returnUntil.has_value());
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
    publication.pass->setRate(options.commandsPerSecond);
    connection.accept(
        {options.wantVideo, options.takeOpus, options.idleTimeout, publication.pass, options.maxBitrate});
}

void ServerCore::awaitReturn(const std::string &key, Claimed &claimed, net::TimePoint now) {
    if (!claimed.returnUntil || claimed.hadMedia)
        claimed.returnUntil = now + claimed.options.reconnectGrace;
    GST_INFO("/%s: the stream stays open for %d ms", key.c_str(),
             static_cast<int>(
                 std::chrono::duration_cast<std::chrono::milliseconds>(*claimed.returnUntil - now).count()));
    giveUpWaiting(now);
    armTick();
}

void ServerCore::endPublication(const std::string &key, PublishEnd end) {
    auto node = publications_.extract(key);
    if (node.empty())
        return;
    routes_.erase(node.mapped().connection);
    node.mapped().pass->leave(); // whoever else still holds it
    if (node.mapped().accepted)
        metrics_.publishers.add(-1);
    metrics_.lost.add(node.mapped().accepted && end.kind == PublishEnd::Kind::Lost);
    const auto claim = claims_.find(key);
    if (!node.mapped().accepted || claim == claims_.end())
        return;
    const auto now = now_();
    const bool replaced = end.kind == PublishEnd::Kind::Replaced;
    const AfterEnd after = replaced ? AfterEnd::Keep : claim->second.listener->after(end);
    noteCounters(claim->second, node.mapped());
    claim->second.stats->change([after](StreamStats &stats) {
        stats.publishing = false;
        stats.bitrate = 0;
        stats.awaited = after == AfterEnd::Wait;
    });
    claim->second.listener->ended(end);
    if (after == AfterEnd::Retire)
        claims_.erase(claim);
    else if (after == AfterEnd::Wait)
        awaitReturn(key, claim->second, now);
}

void ServerCore::noteCounters(const Claimed &claimed, Publication &publication) {
    const auto &session = publication.connection->session();
    publication.bitrate.note(session.counters().bytes, now_());
    std::uint64_t received = 0;
    claimed.stats->change([&](StreamStats &stats) {
        received = session.counters().bytes - stats.counters.bytes;
        stats.counters = session.counters();
        stats.bitrate = publication.bitrate.bitsPerSecond();
        if (const auto &format = session.audioFormat())
            stats.audio = *format;
    });
    metrics_.bytes.add(received);
    noteThrottle(claimed, publication);
}

void ServerCore::noteThrottle(const Claimed &claimed, Publication &publication) {
    const auto throttled = std::chrono::floor<Milliseconds>(publication.connection->heldBack());
    const auto more = throttled - publication.throttled;
    if (more <= Milliseconds::zero())
        return;
    publication.throttled = throttled;
    claimed.stats->change([more](StreamStats &stats) { stats.throttled += more; });
    metrics_.throttledMs.add(static_cast<std::uint64_t>(more.count()));
    const auto now = now_();
    if (publication.toldThrottled && now - *publication.toldThrottled < kThrottleNews)
        return;
    publication.toldThrottled = now;
    const auto &peer = publication.connection->peer();
    GST_WARNING("%s: sends more than it may and is read at %" G_GUINT64_FORMAT " bits per second",
                peer.c_str(), claimed.options.maxBitrate);
    if (claimed.options.throttled)
        claimed.options.throttled(peer);
}

} // namespace lt::rtmp
