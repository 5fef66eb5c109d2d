// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/publish_session.h"

#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/printable.h"
#include "lib/rtmp/replies.h"

namespace lt::rtmp {

namespace {

constexpr std::uint32_t kWindow = 2'500'000;
/// Publishers count on being acknowledged early: LiveKit takes a drop before the first one as final. After
/// that as seldom as the window allows, and never early for those that do not even say who they are (librtmp
/// does not read while it publishes): who closes with an acknowledgement unread resets the connection, and
/// its good-bye, which Nagle's algorithm still holds back, is lost.
constexpr std::uint64_t kFirstAckBytes = 65536;
constexpr auto kFirstAckAfter = std::chrono::seconds(1);
constexpr std::uint64_t kAckBytes = 1 << 20;
constexpr std::uint64_t kAckBytesMin = 4096;

constexpr std::uint32_t kControlChunks = 2;
constexpr std::uint32_t kCommandChunks = 3;
constexpr std::uint32_t kStatusChunks = 5;

} // namespace

PublishSession::PublishSession(SessionEvents &events, const Limits &limits, TimePoint now, std::uint64_t seed)
    : events_(events),
      limits_(limits),
      handshake_(static_cast<std::uint32_t>(
                     std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count()),
                 seed),
      reader_(*this, limits_),
      ackWindow_(kAckBytes),
      startedAt_(now),
      lastByteAt_(now) {}

void PublishSession::receive(Bytes bytes, TimePoint now) {
    if (over() || bytes.empty())
        return;
    lastByteAt_ = now;
    counters_.bytes += bytes.size();
    if (state_ == State::Handshake) {
        std::vector<std::uint8_t> reply;
        if (!handshake_.feed(bytes, reply)) {
            finish(SessionEnd::NotRtmp, handshake_.error());
            return;
        }
        if (!reply.empty())
            events_.send(std::move(reply), false);
        if (!handshake_.done())
            return;
        state_ = State::Connecting;
    }
    if (!reader_.feed(bytes, now) && !over())
        finish(SessionEnd::Violation, reader_.error());
    acknowledgeIfDue(now);
}

void PublishSession::acknowledgeIfDue(TimePoint now) {
    const std::uint64_t due = counters_.bytes - acknowledged_;
    const bool first = acknowledged_ == 0 && state_ == State::Publishing && !software_.empty();
    const bool early = first && (due >= kFirstAckBytes || now - publishedAt_ >= kFirstAckAfter);
    if (!over() && (early || due >= ackWindow_))
        acknowledge();
}

void PublishSession::discarded(std::size_t count, TimePoint now) {
    if (over())
        return;
    lastByteAt_ = now;
    counters_.bytes += count;
    reader_.discarded(count);
    acknowledgeIfDue(now);
}

void PublishSession::tick(TimePoint now) {
    switch (state_) {
    case State::Handshake:
        if (now - startedAt_ >= limits_.handshakeTimeout)
            finish(SessionEnd::Timeout, "no complete handshake in time");
        return;
    case State::Connecting:
    case State::Connected:
        if (now - startedAt_ >= limits_.publishTimeout)
            finish(SessionEnd::Timeout, "no publish command in time");
        return;
    case State::Publishing:
        if (!hadMedia_ && now - publishedAt_ >= limits_.firstMediaTimeout)
            close("No media arrived after publishing began.");
        else if (hadMedia_ && now - lastByteAt_ >= terms_.idleTimeout)
            close("The publisher has been silent for too long.");
        else
            acknowledgeIfDue(now);
        // Ended by us, but the cause is the peer's silence.
        if (over())
            end_ = SessionEnd::Timeout;
        return;
    case State::Deciding:
    case State::Over:
        return;
    }
}

void PublishSession::accept(const PublishTerms &terms, TimePoint now) {
    if (state_ != State::Deciding)
        return;
    state_ = State::Publishing;
    terms_ = terms;
    audio_.takeOpus(terms.takeOpus);
    publishedAt_ = now;
    std::uint8_t begin[6];
    writeBig(begin, kStreamBegin, 2);
    writeBig(begin + 2, messageStream_, 4);
    sendControl(kUserControl, begin);
    sendCommand(messageStream_, replies::status("status", "NetStream.Publish.Start", "Publishing."));
}

/// Every tested publisher stops at the first status; plain librtmp ignores it and stops at the second.
void PublishSession::twoStepError(std::string_view code, std::string_view description) {
    sendCommand(messageStream_, replies::status("error", code, description));
    sendCommand(messageStream_, replies::status("error", "NetStream.Failed", description));
}

void PublishSession::refuse(std::string_view description, bool nameTaken) {
    if (state_ != State::Deciding)
        return;
    twoStepError(nameTaken ? "NetStream.Publish.BadName" : "NetStream.Publish.Denied", description);
    finish(SessionEnd::Refused, description);
}

void PublishSession::close(std::string_view description) {
    if (over())
        return;
    if (state_ == State::Deciding || state_ == State::Publishing)
        twoStepError("NetStream.Publish.Denied", description);
    finish(SessionEnd::Closed, description);
}

void PublishSession::finish(SessionEnd end, std::string_view reason) {
    state_ = State::Over;
    end_ = end;
    reason_ = reason;
    reader_.stop();
}

bool PublishSession::wanted(const MessageHeader &header) {
    const bool ours = state_ == State::Publishing && header.messageStream == messageStream_;
    switch (header.type) {
    case kAudio:
        return ours;
    case kVideo:
        return ours && terms_.wantVideo;
    case kData:
    case kDataAmf3:
    case kAggregate:
        return state_ == State::Publishing;
    case kCommand:
    case kCommandAmf3:
        return true;
    default:
        return header.type >= kSetChunkSize && header.type <= kSetPeerBandwidth;
    }
}

void PublishSession::skipped(const MessageHeader &header, std::uint8_t firstByte) {
    if (header.type == kVideo && state_ == State::Publishing) {
        hadMedia_ = true;
        counters_.videoFrames++;
        counters_.videoDropped++;
        counters_.videoBytes += header.length;
        counters_.videoKeyFrames += isKeyFrame(firstByte);
        return;
    }
    counters_.messagesDropped++;
    if (state_ != State::Publishing && ++messages_ > limits_.messagesBeforePublish)
        finish(SessionEnd::Violation, "too many messages before publishing");
}

void PublishSession::message(const MessageHeader &header, Block body) {
    if (state_ != State::Publishing && ++messages_ > limits_.messagesBeforePublish) {
        finish(SessionEnd::Violation, "too many messages before publishing");
        return;
    }
    switch (header.type) {
    case kAudio:
    case kVideo:
        media(header.type, header.timestamp, std::move(body));
        return;
    case kAggregate:
        aggregate(header, body.bytes());
        return;
    case kCommand:
    case kData:
    case kCommandAmf3:
    case kDataAmf3: {
        // The AMF3 forms begin with a format byte; what follows is AMF0 in practice.
        const bool enveloped = header.type == kCommandAmf3 || header.type == kDataAmf3;
        const Bytes content = body.bytes().subspan(enveloped && !body.empty() ? 1 : 0);
        if (header.type == kData || header.type == kDataAmf3)
            metadata(header, content);
        else if (mayAsk())
            command(header, content);
        return;
    }
    default:
        control(header, body.bytes());
        return;
    }
}

bool PublishSession::mayAsk() {
    // Before the stream begins Limits::messagesBeforePublish holds.
    if (state_ != State::Publishing || !terms_.pass || terms_.pass->mayAsk(lastByteAt_))
        return true;
    close("RESOURCE_EXHAUSTED: Too many commands in a second.");
    return false;
}

/// By type, whatever chunk stream it came on: some cameras do not use the one reserved for control.
void PublishSession::control(const MessageHeader &header, Bytes body) {
    if (header.type == kUserControl) {
        userControl(body);
        return;
    }
    if (body.size() < 4) {
        finish(SessionEnd::Violation, "short control message");
        return;
    }
    const std::uint32_t value = readU32(body.data());
    if (header.type == kSetChunkSize)
        reader_.setChunkSize(value); // an illegal size ends feed()
    else if (header.type == kAbort)
        reader_.abort(value);
    else if (header.type == kWindowAckSize)
        ackWindow_ = std::clamp<std::uint64_t>(value, kAckBytesMin, kAckBytes);
}

void PublishSession::userControl(Bytes body) {
    if (body.size() < 6 || readU16(body.data()) != kPingRequest)
        return;
    std::uint8_t reply[6];
    writeBig(reply, kPingResponse, 2);
    std::copy_n(body.begin() + 2, 4, reply + 2);
    sendControl(kUserControl, reply, true);
}

void PublishSession::sendControl(std::uint8_t type, Bytes body, bool droppable) {
    std::vector<std::uint8_t> out;
    writer_.write(out, {.chunkStream = kControlChunks, .type = type}, body);
    events_.send(std::move(out), droppable);
}

void PublishSession::sendCommand(std::uint32_t messageStream, const std::vector<std::uint8_t> &body) {
    std::vector<std::uint8_t> out;
    writer_.write(out,
                  {.chunkStream = messageStream == 0 ? kCommandChunks : kStatusChunks,
                   .type = kCommand,
                   .messageStream = messageStream},
                  body);
    events_.send(std::move(out), false);
}

void PublishSession::acknowledge() {
    acknowledged_ = counters_.bytes;
    std::uint8_t body[4];
    // 32 bits that wrap: a counter that stops at its end makes encoders stop sending.
    writeBig(body, static_cast<std::uint32_t>(acknowledged_), 4);
    sendControl(kAcknowledgement, body, true);
}

void PublishSession::connect(double transaction, const AmfValue &object) {
    if (state_ != State::Connecting) {
        finish(SessionEnd::Violation, "connect twice");
        return;
    }
    state_ = State::Connected;
    app_ = object.memberText("app");
    software_ = printable(object.memberText("flashVer"), 64);
    std::uint8_t window[5];
    writeBig(window, kWindow, 4);
    window[4] = 2; // dynamic
    sendControl(kWindowAckSize, Bytes(window, 4));
    sendControl(kSetPeerBandwidth, window);
    std::uint8_t chunkSize[4];
    writeBig(chunkSize, limits_.replyChunkSize, 4);
    sendControl(kSetChunkSize, chunkSize);
    writer_.setChunkSize(limits_.replyChunkSize);
    answer(transaction, replies::connected(transaction));
}

void PublishSession::answer(double transaction, const std::vector<std::uint8_t> &body) {
    if (transaction != 0)
        sendCommand(0, body);
}

} // namespace lt::rtmp
