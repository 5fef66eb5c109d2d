// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/stream_guard.h"
#include "lib/rtmp/amf0.h"
#include "lib/rtmp/audio_track.h"
#include "lib/rtmp/chunk_reader.h"
#include "lib/rtmp/chunk_writer.h"
#include "lib/rtmp/handshake.h"
#include "lib/rtmp/media_tag.h"
#include "lib/rtmp/stream_address.h"
#include "lib/rtmp/video_track.h"

#include <string>
#include <string_view>
#include <vector>

namespace lt::rtmp {

/// A publisher asks to publish.
struct PublishRequest {
    StreamAddress address; ///< checked, unless there is a problem
    std::string software;  ///< what the publisher calls itself, printable
    std::string problem;   ///< why the request cannot be granted whatever is free; a sentence without secrets
};

/// What the one who accepts a publisher wants of it.
struct PublishTerms {
    bool wantVideo = false;
    bool takeOpus = false;           ///< the stream is not written as FLV
    Milliseconds idleTimeout{10000}; ///< without any byte, once media has begun
    StreamPassRef pass{};            ///< asked before each command; null: they are not counted
    std::uint64_t maxBitrate = 0;    ///< as ByteRate's
};

enum class SessionEnd {
    None,
    Unpublished, ///< the publisher said good-bye
    Refused,     ///< we turned it away before it began
    Closed,      ///< we ended it while it was publishing
    Unsupported, ///< it sends what we do not take
    Violation,   ///< of the protocol or a limit
    Timeout,
    NotRtmp,
};

/// Told from within calls into the session.
class SessionEvents {
public:
    virtual ~SessionEvents() = default;
    /// `droppable` bytes may be lost as a whole when the peer does not read.
    virtual void send(std::vector<std::uint8_t> bytes, bool droppable) = 0;
    /// To be answered with accept() or refuse(), at once or later.
    virtual void publishRequested(const PublishRequest &request) = 0;
    virtual void media(MediaTag tag) = 0;
};

struct SessionCounters {
    std::uint64_t bytes = 0; ///< received, with the handshake
    std::uint64_t audioFrames = 0;
    std::uint64_t audioBytes = 0;
    std::uint64_t audioBeforeConfig = 0;
    std::uint64_t audioMalformed = 0;
    std::uint64_t audioIgnored = 0;
    std::uint64_t videoFrames = 0;
    std::uint64_t videoBytes = 0;
    std::uint64_t videoKeyFrames = 0;
    std::uint64_t videoDropped = 0; ///< frames not passed on
    std::uint64_t messagesDropped = 0;
};

/// The server's side of one publisher's connection, from the first byte of the handshake to the end of the
/// stream: bytes and time in, bytes and events out. One thread.
///
///     Handshake → Connecting → Connected → Deciding → Publishing → Over
///
/// Once over() nothing is read or sent any more: the owner sends what is queued, then closes its half.
class PublishSession : private ChunkReader::Sink {
public:
    PublishSession(SessionEvents &events, const Limits &limits, TimePoint now, std::uint64_t seed);

    void receive(Bytes bytes, TimePoint now);
    /// Enforces the timeouts and sends a due acknowledgement; to be called a few times a second.
    void tick(TimePoint now);
    /// Bytes the owner may throw away unread, and then reports here.
    std::size_t discardable() const { return over() ? 0 : reader_.discardable(); }
    void discarded(std::size_t count, TimePoint now);

    void accept(const PublishTerms &terms, TimePoint now);
    /// `nameTaken` chooses the code that means "somebody else publishes there".
    void refuse(std::string_view description, bool nameTaken);
    /// Ends a publisher that was accepted.
    void close(std::string_view description);

    bool over() const { return state_ == State::Over; }
    bool publishing() const { return state_ == State::Publishing; }
    SessionEnd end() const { return end_; }
    /// One sentence without secrets.
    const std::string &reason() const { return reason_; }
    const SessionCounters &counters() const { return counters_; }
    /// Null before it is known.
    const std::shared_ptr<const AudioFormat> &audioFormat() const { return audio_.format(); }
    TimePoint lastByteAt() const { return lastByteAt_; }

private:
    enum class State { Handshake, Connecting, Connected, Deciding, Publishing, Over };

    bool wanted(const MessageHeader &header) override;
    void message(const MessageHeader &header, Block body) override;
    void skipped(const MessageHeader &header, std::uint8_t firstByte) override;

    /// False, and over, when this command is one too many.
    bool mayAsk();
    void control(const MessageHeader &header, Bytes body);
    void userControl(Bytes body);
    void command(const MessageHeader &header, Bytes body);
    void connect(double transaction, const AmfValue &object);
    void publish(std::uint32_t messageStream, const AmfValue &name);
    void unpublish(std::string_view command);
    void answer(double transaction, const std::vector<std::uint8_t> &body);

    void media(std::uint8_t type, std::uint32_t timestamp, Block body);
    void audio(std::uint32_t timestamp, Block body);
    void video(std::uint32_t timestamp, Block body);
    void metadata(const MessageHeader &header, Bytes body);
    void aggregate(const MessageHeader &header, Bytes body);

    void sendControl(std::uint8_t type, Bytes body, bool droppable = false);
    void sendCommand(std::uint32_t messageStream, const std::vector<std::uint8_t> &body);
    void acknowledge();
    void acknowledgeIfDue(TimePoint now);
    void twoStepError(std::string_view code, std::string_view description);
    void finish(SessionEnd end, std::string_view reason);

    SessionEvents &events_;
    const Limits limits_;
    State state_ = State::Handshake;
    SessionEnd end_ = SessionEnd::None;
    std::string reason_;
    Handshake handshake_;
    ChunkReader reader_;
    ChunkWriter writer_;
    AudioTrack audio_;
    VideoTrack video_;
    SessionCounters counters_;

    std::string app_;
    std::string software_;
    unsigned messages_ = 0; ///< before publishing
    std::uint32_t streamsCreated_ = 0;
    std::uint32_t messageStream_ = 0; ///< of the publish command
    PublishTerms terms_;
    bool hadMedia_ = false;

    std::uint64_t acknowledged_ = 0;
    std::uint64_t ackWindow_;
    TimePoint startedAt_;
    TimePoint publishedAt_;
    TimePoint lastByteAt_;
};

} // namespace lt::rtmp
