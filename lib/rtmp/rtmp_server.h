// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/net/listen_socket.h"
#include "lib/net/tls_files.h"
#include "lib/rtmp/media_tag.h"
#include "lib/rtmp/publish_door.h"
#include "lib/rtmp/publish_rate.h"
#include "lib/rtmp/publish_session.h"
#include "lib/rtmp/publisher_gate.h"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace lt::rtmp {

struct PublisherInfo {
    std::uint64_t connection = 0; ///< unique in the server
    std::string peer;             ///< "127.0.0.1:50312"
    std::string software;         ///< as the publisher calls itself, printable; may be empty
};

struct PublishEnd {
    enum class Kind {
        Clean,       ///< the publisher ended the stream
        Lost,        ///< it vanished, fell silent or broke the protocol
        Unsupported, ///< it sent a codec this server does not take
        Replaced,    ///< another publisher follows at once
    };
    Kind kind = Kind::Lost;
    std::string reason; ///< a sentence without secrets
};

/// What to do with a claim whose publisher has ended.
enum class AfterEnd {
    Keep,   ///< it takes the next publisher
    Wait,   ///< its stream is open for as long as ClaimOptions::reconnectGrace; then comes gone()
    Retire, ///< it has had enough: publishers that come now wait for the next claim of the stream
};

/// What a stream's claimer hears, always on the server's loop thread; must not block.
class PublishListener {
public:
    virtual ~PublishListener() = default;
    virtual void published(const PublisherInfo &publisher) = 0;
    virtual void media(MediaTag tag) = 0;
    /// Asked before ended(), so that who hears of the end finds statistics that say what follows it. The
    /// answer counts for nothing when the publisher was replaced: published() follows.
    virtual AfterEnd after(const PublishEnd &end) const = 0;
    virtual void ended(const PublishEnd &end) = 0;
    /// Nobody came back in time. The claim has retired.
    virtual void gone() {}
};

struct ClaimOptions {
    std::shared_ptr<PublishDoor> door; ///< of this stream, behind the server's; null: open
    bool wantVideo = false;            ///< false: video is passed over as it arrives
    bool takeOpus = false; ///< Opus has no form in FLV: false where that is what is made of the stream
    PublisherPolicy policy = PublisherPolicy::Refuse;
    /// Commands of a publisher in any second, not counting what it says before it publishes; one more ends
    /// it. 0: any number.
    unsigned commandsPerSecond = 20;
    /// Bits per second a publisher is read at, video and all; what it may send at once and what becomes of
    /// the rest see ByteRate. 0: as fast as it sends.
    std::uint64_t maxBitrate = 0;
    /// Told of a publisher (peer) that sends more, and again after each further minute in which it did. Loop
    /// thread, must not block; null: nobody is told.
    std::function<void(const std::string &)> throttled{};
    /// A publisher that has sent nothing for this long is replaced by the next one, whatever the policy.
    std::chrono::milliseconds staleAfter{2000};
    /// A publisher that has sent nothing for this long is taken for lost.
    std::chrono::milliseconds idleTimeout{10000};
    /// How long a lost publisher may take to come back; counted from its last sign of life as a publisher, so
    /// one that connects again and again without sending media does not prolong it.
    std::chrono::milliseconds reconnectGrace{30000};
};

/// What is known of a stream's publishers, present and past.
struct StreamStats {
    bool publishing = false;
    bool awaited = false; ///< the publisher was lost and may still come back
    std::string peer;
    std::string software;
    std::uint64_t publishers = 0;  ///< accepted so far
    std::uint64_t reconnects = 0;  ///< of those, how many went on with a lost publisher's stream
    std::uint64_t takeovers = 0;   ///< of those, how many replaced one that was still connected
    std::uint64_t refused = 0;     ///< turned away because somebody was publishing
    std::uint64_t rateLimited = 0; ///< turned away because too many came within a second
    Milliseconds throttled{};      ///< in which a publisher was not read, as it sends more than it may
    AudioFormat audio;             ///< of the present or the last publisher, once it is known
    SessionCounters counters;      ///< of the present or the last publisher
    std::uint64_t bitrate = 0; ///< bits per second from the present publisher, mean of two seconds; else 0
};

/// Statistics that outlive the claim. Any thread.
class StreamStatsBox {
public:
    StreamStats get() const {
        std::lock_guard lock(mutex_);
        return stats_;
    }
    template <typename Change>
    void change(Change &&apply) {
        std::lock_guard lock(mutex_);
        apply(stats_);
    }

private:
    mutable std::mutex mutex_;
    StreamStats stats_;
};

/// Limits of a whole server; Limits are those of one connection.
struct ServerLimits {
    Limits connection;
    std::size_t connections = 4096;
    std::size_t handshakes = 512;  ///< connections that have not finished their handshake
    std::size_t pending = 256;     ///< publishers that wait for somebody to claim their stream
    std::size_t publishers = 2048; ///< publishing or waiting
    std::size_t connectionsPerAddress = 1024;
    /// Wrong credentials from one address in ten seconds; then it is refused without a look at them.
    std::size_t wrongCredentials = 20;
    std::chrono::milliseconds claimTimeout{5000};
    /// Who comes beyond these is refused without a look at what it shows.
    PublishRates publishRates{};
};

/// Listens on one address and port, takes publishers and gives each to whoever claimed its stream. One per
/// (address, port) in the process, for as long as somebody holds it; lives on net::ingestLoop().
class LT_EXPORT RtmpServer {
public:
    /// A stream that belongs to its holder: at most one claim per (app, stream). Destroying it turns its
    /// publisher away, and returns when no callback of its listener runs or will run.
    class LT_EXPORT Claim {
    public:
        virtual ~Claim() = default;
        virtual std::shared_ptr<const StreamStatsBox> stats() const = 0;
    };

    /// The server for (address, port), started if need be; port 0 starts one on a free port. Null with
    /// `error` set when it cannot listen, or has other TLS files or publish rates already. Any thread but the
    /// loop's; the last holder's release ends it, its connections are told and closed in the background.
    static std::shared_ptr<RtmpServer> acquire(const std::string &address, std::uint16_t port,
                                               net::ListenError &error, const ServerLimits &limits = {},
                                               const net::TlsFiles &tls = {});

    virtual ~RtmpServer() = default;
    virtual std::uint16_t port() const = 0;
    /// With these set everybody on this port speaks TLS (rtmps://).
    virtual const net::TlsFiles &tls() const = 0;
    virtual const PublishRates &publishRates() const = 0;
    /// Who publishes anything on this port passes this door first, also when nobody has claimed the stream:
    /// who is let in waits ServerLimits::claimTimeout for a claim. Null: open. When it returns the last door
    /// is not used any more. Any thread but the loop's.
    virtual void setDoor(std::shared_ptr<PublishDoor> door) = 0;
    /// Null when the stream is claimed already. A publisher that is waiting for this stream is accepted at
    /// once. Keep the server for as long as the claim.
    virtual std::unique_ptr<Claim> claim(const std::string &app, const std::string &stream,
                                         const ClaimOptions &options, PublishListener &listener) = 0;
};

} // namespace lt::rtmp
