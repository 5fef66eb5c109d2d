// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/byte_stream.h"
#include "lib/net/event_loop.h"
#include "lib/net/unique_fd.h"
#include "lib/rtmp/ack_timing.h"
#include "lib/rtmp/byte_rate.h"
#include "lib/rtmp/publish_session.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lt::rtmp {

/// One publisher's socket and its session. Lives on the loop's thread.
///
/// Reading never waits for anything downstream, only for PublishTerms::maxBitrate. What cannot be sent at
/// once is queued, up to a bound. After the session is over the queue is sent, then our half is closed, and
/// what still comes is thrown away until the peer closes too, for a second at most: closing with unread input
/// would make the kernel send a reset that can destroy the refusal on its way.
class RtmpConnection : public net::FdListener, private SessionEvents {
public:
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void publishRequested(RtmpConnection &connection, const PublishRequest &request) = 0;
        virtual void media(RtmpConnection &connection, MediaTag tag) = 0;
        /// The session is over or the peer is gone: told once.
        virtual void ended(RtmpConnection &connection) = 0;
        /// The socket is closed. The owner may destroy the connection, but not before the loop's next turn.
        virtual void closed(RtmpConnection &connection) = 0;
    };
    /// Shared by all connections of a thread: received bytes never outlive a read.
    using Scratch = std::array<std::uint8_t, 65536>;

    /// `stream` stands between the socket and us, or is null. `now` outlives the connection.
    RtmpConnection(net::EventLoop &loop, net::UniqueFd fd, std::unique_ptr<net::ByteStream> stream,
                   std::string peer, Owner &owner, const Limits &limits, Scratch &scratch,
                   const TimeSource &now, std::uint64_t id);
    ~RtmpConnection() override;
    RtmpConnection(const RtmpConnection &) = delete;
    RtmpConnection &operator=(const RtmpConnection &) = delete;

    /// False when the loop cannot watch the socket.
    bool start();
    void onReady(std::uint32_t events) override;
    void tick(net::TimePoint now);

    void accept(const PublishTerms &terms);
    void refuse(const std::string &description, bool nameTaken);
    void close(const std::string &description);

    std::uint64_t id() const { return id_; }
    const std::string &peer() const { return peer_; }
    /// The peer without its port.
    std::string address() const { return peer_.substr(0, peer_.rfind(':')); }
    const PublishSession &session() const { return session_; }
    bool handshaking() const { return !session_.over() && session_.counters().bytes < kHandshakeBytes; }
    /// For how long what it sent was left unread, because it sends more than it may.
    net::Duration heldBack() const { return heldBack_; }
    /// After ended(): did the publisher say good-bye, and what happened.
    bool endedCleanly() const { return session_.end() == SessionEnd::Unpublished; }
    const std::string &endReason() const { return session_.over() ? session_.reason() : lostReason_; }

private:
    static constexpr std::size_t kHandshakeBytes = 1 + 2 * Handshake::kPacket;

    void send(std::vector<std::uint8_t> bytes, bool droppable) override;
    void publishRequested(const PublishRequest &request) override;
    void media(MediaTag tag) override;

    /// `toTheEnd`: the peer's close is among what there is to read.
    void readSome(bool toTheEnd);
    /// How much of the scratch may be filled now.
    std::size_t mayRead(bool toTheEnd);
    void holdBack();
    void timeAcknowledgement(std::uint64_t audioFrames, std::uint64_t videoFrames);
    ssize_t receive(std::size_t size, bool discard);
    ssize_t write(const std::uint8_t *bytes, std::size_t size);
    /// What is left is read in another turn: no event will come for it.
    void readOnLater(bool toTheEnd);
    void flush();
    /// Brings the socket's side in line with the session after anything that may have ended it.
    void settle();
    void lose(const std::string &reason);
    void shut();
    void watchFor(std::uint32_t events);

    net::EventLoop &loop_;
    net::UniqueFd fd_;
    std::unique_ptr<net::ByteStream> stream_;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    const std::string peer_;
    Owner &owner_;
    Scratch &scratch_;
    const TimeSource &now_;
    const std::uint64_t id_;
    PublishSession session_;
    /// Until it publishes each of its questions waits for our answer.
    std::optional<net::EventLoop::Haste> haste_;
    net::EventLoop::WatchId watch_ = 0;
    std::uint32_t watched_ = 0;
    AckTiming acks_;
    ByteRate rate_;
    net::EventLoop::TimerId holdTimer_ = 0;
    net::Duration heldBack_{};
    std::vector<std::uint8_t> out_;
    bool overflow_ = false;
    bool inRead_ = false;
    bool endTold_ = false;
    bool halfClosed_ = false;
    net::TimePoint drainUntil_;
    std::string lostReason_;
};

} // namespace lt::rtmp
