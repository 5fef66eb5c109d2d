// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/publish_session.h"

#include <functional>
#include <string>
#include <vector>

#include <glib.h>

namespace rtmp_test {

using namespace lt::rtmp;
using Raw = std::vector<std::uint8_t>;

inline const TimePoint kStart{std::chrono::hours(1)};

/// The peer of a session: reads its replies, writes what a publisher writes.
class Peer : public SessionEvents, ChunkReader::Sink {
public:
    explicit Peer(const Limits &limits = {}) : session(*this, limits, kStart, 7), replies_(*this, limits_) {}

    void send(std::vector<std::uint8_t> bytes, bool droppable) override {
        sentDroppable += droppable;
        if (!handshaken_) {
            greeting.insert(greeting.end(), bytes.begin(), bytes.end());
            return;
        }
        g_assert_true(replies_.feed(bytes, kStart));
    }
    void publishRequested(const PublishRequest &request) override {
        requests.push_back(request);
        if (onRequest)
            onRequest();
    }
    void media(MediaTag tag) override { tags.push_back(std::move(tag)); }

    void handshake() {
        Raw hello(1 + 2 * Handshake::kPacket, 1);
        hello[0] = 3;
        session.receive(hello, now);
        g_assert_cmpuint(greeting.size(), ==, 1 + 2 * Handshake::kPacket);
        handshaken_ = true;
    }
    void command(const Raw &body, std::uint32_t messageStream = 0, std::uint8_t type = kCommand) {
        message(type, body, messageStream);
    }
    void message(std::uint8_t type, const Raw &body, std::uint32_t messageStream = 1,
                 std::uint32_t timestamp = 0, std::uint32_t chunkStream = 4) {
        Raw out;
        writer_.write(out,
                      {.chunkStream = chunkStream,
                       .timestamp = timestamp,
                       .type = type,
                       .messageStream = messageStream},
                      body);
        session.receive(out, now);
    }
    void connect(const std::string &app = "live") {
        Raw body;
        AmfWriter(body)
            .string("connect")
            .number(1)
            .beginObject()
            .key("app")
            .string(app)
            .key("flashVer")
            .string("FMLE/3.0 \x01")
            .endObject();
        command(body);
    }
    void createStream() {
        Raw body;
        AmfWriter(body).string("createStream").number(4).null();
        command(body);
    }
    void publish(const std::string &name = "demo?token=secret", std::uint32_t messageStream = 1) {
        Raw body;
        AmfWriter(body).string("publish").number(5).null().string(name).string("live");
        command(body, messageStream);
    }
    void start(bool wantVideo = false) {
        onRequest = [this, wantVideo] {
            session.accept({.wantVideo = wantVideo}, now);
        };
        handshake();
        connect();
        createStream();
        publish();
        g_assert_true(session.publishing());
    }

    PublishSession session;
    TimePoint now = kStart;
    Raw greeting;
    std::vector<PublishRequest> requests;
    std::vector<MediaTag> tags;
    std::function<void()> onRequest;
    std::vector<std::string> log; ///< replies: "name transaction code@message stream", or "type value"
    unsigned sentDroppable = 0;

private:
    bool wanted(const MessageHeader &) override { return true; }
    void skipped(const MessageHeader &, std::uint8_t) override {}
    void message(const MessageHeader &header, Block body) override {
        if (header.type == kSetChunkSize)
            replies_.setChunkSize(readU32(body.data()));
        if (header.type != kCommand) {
            log.push_back(std::to_string(header.type) + " " + std::to_string(readU32(body.data())));
            return;
        }
        AmfReader amf(body.bytes(), limits_);
        std::string line = amf.next()->text;
        line += " " + std::to_string(static_cast<int>(amf.next()->number));
        amf.next();
        const auto info = amf.next();
        g_assert_true(info.has_value());
        line += " " + (info->isNumber() ? std::to_string(static_cast<int>(info->number))
                                        : std::string(info->memberText("code")));
        log.push_back(line + "@" + std::to_string(header.messageStream));
    }

    Limits limits_;
    ChunkReader replies_;
    ChunkWriter writer_;
    bool handshaken_ = false;
};

inline const Raw kConfig = {0xaf, 0, 0x12, 0x10};
inline const Raw kFrame = {0xaf, 1, 0x21, 0x10};

inline Raw amf(const std::function<void(AmfWriter &)> &write) {
    Raw body;
    AmfWriter writer(body);
    write(writer);
    return body;
}

} // namespace rtmp_test
