// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"
#include "lib/admission/sliding_log.h"
#include "lib/admission/stream_guard.h"
#include "lib/net/event_loop.h"
#include "lib/net/tls_acceptor.h"
#include "lib/rtmp/bitrate_meter.h"
#include "lib/rtmp/publish_rate.h"
#include "lib/rtmp/rtmp_connection.h"
#include "lib/rtmp/rtmp_server.h"
#include "lib/rtmp/server_metrics.h"

#include <map>
#include <unordered_map>

namespace lt::rtmp {

/// The part of an RtmpServer that lives on the loop's thread: accepts, decides, routes. Outlives the server
/// by the second its last connections may need to part politely.
class ServerCore : public std::enable_shared_from_this<ServerCore>,
                   public net::FdListener,
                   public RtmpConnection::Owner {
public:
    /// Without `tls` null everybody speaks TLS. `now` decides what is too late; how often that is looked at
    /// is the loop's affair.
    ServerCore(std::shared_ptr<net::EventLoop> loop, net::UniqueFd listener, const ServerLimits &limits,
               std::unique_ptr<net::TlsAcceptor> tls, TimeSource now = net::Clock::now);

    void start();
    void setDoor(std::shared_ptr<PublishDoor> door) { door_ = std::move(door); }
    /// Stops listening, tells everybody.
    void stop();
    /// The claim's id, or 0 when the stream is claimed already.
    std::uint64_t addClaim(const std::string &key, const ClaimOptions &options, PublishListener &listener,
                           std::shared_ptr<StreamStatsBox> stats);
    /// Nothing happens when the claim has retired.
    void removeClaim(const std::string &key, std::uint64_t id);

private:
    struct Claimed {
        std::uint64_t id;
        ClaimOptions options;
        PublishListener *listener;
        std::shared_ptr<StreamStatsBox> stats;
        PublisherGate gate{};
        bool hadMedia = false;                       ///< from the present publisher
        std::optional<net::TimePoint> returnUntil{}; ///< a lost publisher is awaited
    };
    /// A publisher that holds its stream's only place: publishing, or waiting for a claim.
    struct Publication {
        RtmpConnection *connection;
        StreamPassRef pass;
        StreamAddress address;
        std::string software;
        bool accepted;
        net::TimePoint waitUntil;
        BitrateMeter bitrate{};
        Milliseconds throttled{};                      ///< of its connection, as far as counted
        std::optional<net::TimePoint> toldThrottled{}; ///< when that was said last
    };

    void onReady(std::uint32_t events) override;
    void publishRequested(RtmpConnection &connection, const PublishRequest &request) override;
    void media(RtmpConnection &connection, MediaTag tag) override;
    void ended(RtmpConnection &connection) override;
    void closed(RtmpConnection &connection) override;

    void take(net::UniqueFd fd, const std::string &peer);
    void encrypt(net::UniqueFd fd, const std::string &peer, const StreamPassRef &pass);
    void adopt(net::UniqueFd fd, std::unique_ptr<net::ByteStream> stream, const std::string &peer,
               const StreamPassRef &pass);
    void pauseAccepting();
    void armTick();
    void tick();
    std::size_t handshaking() const;
    std::size_t waiting() const;

    void refuse(RtmpConnection &connection, const Refusal &refusal, bool nameTaken = false);
    /// What stands against a publisher whatever becomes of its stream.
    std::optional<Refusal> objection(RtmpConnection &connection, const PublishRequest &request);
    std::optional<Refusal> askDoor(RtmpConnection &connection, const std::shared_ptr<PublishDoor> &door,
                                   const StreamAddress &address, const std::string &software);
    std::optional<Refusal> tooOften(const RtmpConnection &connection, const std::string &key);
    bool appExists(const std::string &app) const;
    /// Makes way for a new publisher, or says why not.
    std::optional<Refusal> makeWay(const std::string &key);
    void letIn(const std::string &key, Publication &publication, Claimed &claimed);
    void acceptPublication(const std::string &key, Publication &publication, Claimed &claimed);
    void endPublication(const std::string &key, PublishEnd end);
    /// `now`: when its publisher was lost.
    void awaitReturn(const std::string &key, Claimed &claimed, net::TimePoint now);
    void giveUpWaiting(net::TimePoint now);
    void noteCounters(const Claimed &claimed, Publication &publication);
    void noteThrottle(const Claimed &claimed, Publication &publication);
    std::string keyOf(const RtmpConnection &connection) const;

    const std::shared_ptr<net::EventLoop> loop_;
    net::UniqueFd listener_;
    const ServerLimits limits_;
    const std::unique_ptr<net::TlsAcceptor> tls_;
    const TimeSource now_;
    PublishRate rate_;
    std::size_t encrypting_ = 0; ///< TLS handshakes under way
    RtmpConnection::Scratch scratch_{};
    net::EventLoop::WatchId watch_ = 0;
    net::EventLoop::TimerId tickTimer_ = 0;
    net::EventLoop::TimerId resumeTimer_ = 0;
    std::uint64_t lastId_ = 0;
    ServerMetrics metrics_{metrics::registry()};
    struct Connected {
        std::unique_ptr<RtmpConnection> connection;
        StreamPassRef pass;
    };
    std::shared_ptr<PublishDoor> door_;
    std::unordered_map<RtmpConnection *, Connected> connections_;
    std::map<std::string, SlidingLog> wrongCredentials_; ///< by address
    /// Where a publisher's media goes.
    struct Route {
        std::string key;
        Claimed *claim; ///< null until it is accepted, and when the claim has gone
    };
    std::unordered_map<const RtmpConnection *, Route> routes_; ///< of those in publications_
    std::map<std::string, Claimed> claims_;
    std::map<std::string, Publication> publications_;
    StreamGuard doorstep_; ///< connections, before they name a stream
    StreamGuard streams_;  ///< publishers; one of each stream
};

} // namespace lt::rtmp
