// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/publish_session.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::rtmp;
using namespace std::chrono_literals;
using Raw = std::vector<std::uint8_t>;

namespace {

const TimePoint kStart{std::chrono::hours(1)};

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
            session.accept(wantVideo, now);
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

const Raw kConfig = {0xaf, 0, 0x12, 0x10};
const Raw kFrame = {0xaf, 1, 0x21, 0x10};

Raw amf(const std::function<void(AmfWriter &)> &write) {
    Raw body;
    AmfWriter writer(body);
    write(writer);
    return body;
}

} // namespace

static void a_publisher_is_led_to_its_start() {
    Peer peer;
    peer.start();
    const std::vector<std::string> expected = {"5 2500000",
                                               "6 2500000",
                                               "1 65536",
                                               "_result 1 NetConnection.Connect.Success@0",
                                               "_result 4 1@0",
                                               "4 0", // StreamBegin
                                               "onStatus 0 NetStream.Publish.Start@1"};
    g_assert_true(peer.log == expected);
    g_assert_cmpuint(peer.requests.size(), ==, 1);
    const auto &request = peer.requests[0];
    g_assert_true(request.problem.empty());
    g_assert_true(request.address.app == "live");
    g_assert_true(request.address.stream == "demo");
    g_assert_true(request.address.query[0].second == "secret");
    g_assert_true(request.software == "FMLE/3.0 ?");
}

static void the_greeting_comes_as_soon_as_the_first_packet_is_complete() {
    for (std::size_t cut = 0; cut <= 1 + Handshake::kPacket; cut += 96) {
        Peer peer;
        Raw hello(1 + Handshake::kPacket, 9);
        hello[0] = 3;
        peer.session.receive(Bytes(hello).first(cut), peer.now);
        g_assert_cmpuint(peer.greeting.size(), ==, cut == hello.size() ? 3073 : 0);
        peer.session.receive(Bytes(hello).subspan(cut), peer.now);
        g_assert_cmpuint(peer.greeting.size(), ==, 3073);
        g_assert_cmpuint(peer.greeting[0], ==, 3);
        g_assert_cmpuint(readU32(peer.greeting.data() + 5), ==, 0);
    }
}

static void who_does_not_speak_rtmp_is_named() {
    const std::pair<std::uint8_t, const char *> cases[] = {{'G', "not RTMP: looks like an HTTP request"},
                                                           {0x16, "not RTMP: a TLS client hello"},
                                                           {6, "RTMPE is not supported"},
                                                           {0xff, "not RTMP"}};
    for (const auto &[first, reason] : cases) {
        Peer peer;
        peer.session.receive(Raw{first}, peer.now);
        g_assert_true(peer.session.end() == SessionEnd::NotRtmp);
        g_assert_true(peer.session.reason() == reason);
        g_assert_true(peer.greeting.empty());
    }
}

static void a_refusal_has_two_steps() {
    for (const bool taken : {true, false}) {
        Peer peer;
        peer.handshake();
        peer.connect();
        peer.createStream();
        peer.publish();
        peer.log.clear();
        peer.session.refuse("No.", taken);
        const std::string first =
            taken ? "onStatus 0 NetStream.Publish.BadName@1" : "onStatus 0 NetStream.Publish.Denied@1";
        g_assert_true(peer.log == (std::vector<std::string>{first, "onStatus 0 NetStream.Failed@1"}));
        g_assert_true(peer.session.end() == SessionEnd::Refused);
        peer.session.accept(false, peer.now);
        peer.message(kAudio, kConfig);
        g_assert_true(peer.tags.empty());
        g_assert_cmpuint(peer.log.size(), ==, 2);
    }
}

static void calls_are_answered_if_they_have_a_number() {
    Peer peer;
    peer.handshake();
    peer.connect();
    peer.log.clear();
    for (const char *name : {"releaseStream", "FCPublish", "createStream", "_checkbw", "_result"}) {
        peer.command(amf([&](AmfWriter &w) { w.string(name).number(0).null().string("demo"); }));
        g_assert_true(peer.log.empty());
    }
    peer.command(amf([](AmfWriter &w) { w.string("releaseStream").number(2).null().string("demo"); }));
    peer.command(amf([](AmfWriter &w) { w.string("FCPublish").number(3).null().string("demo"); }));
    peer.command(amf([](AmfWriter &w) { w.string("_checkbw").number(7).null(); }));
    g_assert_true(peer.log == (std::vector<std::string>{"_result 2 @0", "_result 3 @0",
                                                        "onFCPublish 0 NetStream.Publish.Start@0",
                                                        "_error 7 NetConnection.Call.Failed@0"}));
}

static void every_way_to_say_goodbye_is_clean() {
    const Raw goodbyes[] = {
        amf([](AmfWriter &w) { w.string("FCUnpublish").number(6).null().string("demo"); }),
        amf([](AmfWriter &w) { w.string("deleteStream").number(7).null().number(1); }),
        // GStreamer's rtmp2sink names the stream
        amf([](AmfWriter &w) { w.string("deleteStream").number(0).null().string("demo"); }),
        amf([](AmfWriter &w) { w.string("closeStream").number(0).null(); })};
    for (const auto &goodbye : goodbyes) {
        Peer peer;
        peer.start();
        peer.command(goodbye);
        g_assert_true(peer.session.end() == SessionEnd::Unpublished);
    }
    Peer peer;
    peer.start();
    peer.command(amf([](AmfWriter &w) { w.string("deleteStream").number(7).null().number(2); }));
    g_assert_true(peer.session.publishing());
}

static void audio_becomes_tags() {
    Peer peer;
    peer.start();
    peer.message(kAudio, kFrame, 1, 10); // before the configuration
    peer.message(kAudio, kConfig, 1, 20);
    peer.message(kAudio, kFrame, 1, 30);
    peer.message(kAudio, {0xa2, 1, 0x21}, 1, 40); // wrong fixed bits
    peer.message(kAudio, {}, 1, 50);
    peer.message(kAudio, {0xaf}, 1, 60);
    peer.message(kAudio, kFrame, 2, 70); // another message stream
    peer.message(kVideo, {0x17, 1, 0, 0, 0, 1}, 1, 80);
    g_assert_cmpuint(peer.tags.size(), ==, 3);
    g_assert_true(peer.tags[0].kind == MediaTag::Kind::AudioConfig);
    g_assert_true(peer.tags[1].kind == MediaTag::Kind::Audio);
    g_assert_cmpuint(peer.tags[1].timestamp, ==, 30);
    g_assert_cmpuint(peer.tags[2].body.at(0), ==, 0xaf);
    const auto &counters = peer.session.counters();
    g_assert_cmpuint(counters.audioFrames, ==, 2);
    g_assert_cmpuint(counters.audioBeforeConfig, ==, 1);
    g_assert_cmpuint(counters.audioMalformed, ==, 1);
    g_assert_cmpuint(counters.audioIgnored, ==, 1);
    g_assert_cmpuint(counters.messagesDropped, ==, 1);
    g_assert_cmpuint(counters.videoDropped, ==, 1);
    g_assert_cmpuint(counters.videoKeyFrames, ==, 1);
    g_assert_cmpuint(peer.session.audioConfig()->rate, ==, 44100);
}

static void video_is_passed_on_when_wanted() {
    Peer peer;
    peer.start(true);
    peer.message(kVideo, {0x27, 1, 0, 0, 0, 1}); // before its configuration
    peer.message(kVideo, {0x17, 0, 0, 0, 0, 1});
    peer.message(kVideo, {0x17, 1, 0, 0, 0, 1});
    peer.message(kVideo, {0x27, 1, 0, 0, 0, 1});
    peer.message(kVideo, {0x90, 'a', 'v', '0', '1', 0}); // enhanced
    g_assert_cmpuint(peer.tags.size(), ==, 3);
    g_assert_true(peer.tags[0].kind == MediaTag::Kind::VideoConfig);
    g_assert_true(peer.tags[1].kind == MediaTag::Kind::VideoKey);
    g_assert_true(peer.tags[2].kind == MediaTag::Kind::Video);
    g_assert_cmpuint(peer.session.counters().videoDropped, ==, 2);
}

static void an_unsupported_codec_ends_the_session_with_its_name() {
    const std::pair<Raw, const char *> cases[] = {{{0x2f, 1, 2}, "MP3"},
                                                  {{0x90, 'O', 'p', 'u', 's', 1}, "Opus"},
                                                  {{0x95, 0, 'O', 'p', 'u', 's'}, "multitrack audio"}};
    for (const auto &[body, codec] : cases) {
        Peer peer;
        peer.start();
        peer.log.clear();
        peer.message(kAudio, body);
        g_assert_true(peer.session.end() == SessionEnd::Unsupported);
        g_assert_true(
            peer.session.reason() ==
            std::string("The audio codec is not supported: this server takes AAC, the publisher sends ") +
                codec + ".");
        g_assert_cmpuint(peer.log.size(), ==, 2);
        g_assert_true(peer.tags.empty());
    }
    Peer peer;
    peer.start();
    peer.message(kAudio, {0xff, 0}); // "device specific": no audio
    g_assert_true(peer.session.publishing());
}

static void metadata_is_reduced_to_what_is_harmless() {
    Peer peer;
    peer.start();
    Raw deep = amf([](AmfWriter &w) { w.string("@setDataFrame").string("onMetaData").beginObject(); });
    for (int i = 0; i < 10000; i++)
        deep.insert(deep.end(), {0, 1, 'a', 3});
    peer.message(kData, deep);
    g_assert_true(peer.tags.empty());
    const Raw body = amf([](AmfWriter &w) {
        w.string("@setDataFrame").string("onMetaData").beginObject();
        w.key("encoder")
            .string("ffm\xff")
            .key("duration")
            .number(1e300)
            .key("width")
            .number(1280)
            .endObject();
    });
    peer.message(kData, body);
    Raw enveloped = body;
    enveloped.insert(enveloped.begin(), 0);
    peer.message(kDataAmf3, enveloped);
    const Raw expected = amf(
        [](AmfWriter &w) { w.string("onMetaData").beginObject().key("encoder").string("ffm?").endObject(); });
    g_assert_cmpuint(peer.tags.size(), ==, 2);
    for (const auto &tag : peer.tags) {
        g_assert_true(tag.kind == MediaTag::Kind::Metadata);
        g_assert_true(Raw(tag.body.bytes().begin(), tag.body.bytes().end()) == expected);
    }
    peer.message(kData, {1, 2, 3});
    peer.message(kData, {});
    g_assert_true(peer.session.publishing());
}

static void aggregates_are_taken_apart() {
    Peer peer;
    peer.start();
    Raw body;
    const auto add = [&body](std::uint8_t type, std::uint32_t time, const Raw &content) {
        body.push_back(type);
        appendBig(body, static_cast<std::uint32_t>(content.size()), 3);
        appendBig(body, time, 3);
        appendBig(body, 0, 4);
        body.insert(body.end(), content.begin(), content.end());
        appendBig(body, static_cast<std::uint32_t>(content.size() + 11), 4);
    };
    add(kAudio, 5000, kConfig);
    add(kAudio, 5023, kFrame);
    add(kAggregate, 5030, {1, 2, 3});
    add(kAudio, 5046, kFrame);
    peer.message(kAggregate, body, 1, 700);
    g_assert_cmpuint(peer.tags.size(), ==, 3);
    g_assert_cmpuint(peer.tags[1].timestamp, ==, 723);
    g_assert_cmpuint(peer.tags[2].timestamp, ==, 746);
    for (std::size_t size = 1; size < 60; size += 7) {
        Peer other;
        other.start();
        other.message(kAggregate, Raw(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)));
        g_assert_true(other.session.publishing() || other.session.end() == SessionEnd::Violation);
    }
}

static void acknowledgements_come_early_and_wrap() {
    Peer peer;
    peer.start();
    peer.sentDroppable = 0;
    peer.message(kAudio, kConfig);
    g_assert_cmpuint(peer.sentDroppable, ==, 0);
    peer.now += 1s;
    peer.message(kAudio, kFrame);
    g_assert_cmpuint(peer.sentDroppable, ==, 1);
    peer.message(kVideo, Raw(65536, 0x27));
    g_assert_cmpuint(peer.sentDroppable, ==, 2);
    g_assert_true(peer.log.back() == "3 " + std::to_string(peer.session.counters().bytes));
    // A quiet publisher's last bytes are acknowledged by the clock.
    peer.message(kAudio, kFrame);
    peer.session.tick(peer.now + 2s);
    g_assert_true(peer.log.back() == "3 " + std::to_string(peer.session.counters().bytes));
    const auto count = peer.sentDroppable;
    peer.session.tick(peer.now + 4s);
    g_assert_cmpuint(peer.sentDroppable, ==, count);
}

static void pings_are_answered_on_any_chunk_stream() {
    Peer peer;
    peer.start();
    peer.message(kUserControl, {0, 6, 1, 2, 3, 4}, 0, 0, 9);
    g_assert_true(peer.log.back() == "4 " + std::to_string(0x00070102));
    peer.message(kUserControl, {0, 99}, 0);
    g_assert_true(peer.session.publishing());
}

static void violations_end_the_session() {
    struct Case {
        const char *reason;
        std::function<void(Peer &)> provoke;
    };
    const Case cases[] = {
        {"illegal chunk size",
         [](Peer &p) {
             p.message(kSetChunkSize, {0, 0, 0, 0}, 0);
         }},
        {"illegal chunk size",
         [](Peer &p) {
             p.message(kSetChunkSize, {0xff, 0xff, 0xff, 0xff}, 0);
         }},
        {"short control message",
         [](Peer &p) {
             p.message(kSetChunkSize, {0, 0, 1}, 0);
         }},
        {"a command before connect",
         [](Peer &p) {
             p.publish();
         }},
        {"connect twice",
         [](Peer &p) {
             p.connect();
             p.connect();
         }},
        {"too many message streams",
         [](Peer &p) {
             p.connect();
             for (int i = 0; i < 9; i++)
                 p.createStream();
         }},
        {"too many messages before publishing",
         [](Peer &p) {
             p.connect();
             for (int i = 0; i < 40 && !p.session.over(); i++)
                 p.command(amf([](AmfWriter &w) { w.string("FCSubscribe").number(0).null(); }));
         }},
        {"too many messages before publishing",
         [](Peer &p) {
             p.connect();
             for (int i = 0; i < 40 && !p.session.over(); i++)
                 p.message(kAudio, kFrame);
         }},
        {"unreadable command",
         [](Peer &p) {
             p.command({2, 0, 99, 'x'});
         }},
        {"unreadable command",
         [](Peer &p) {
             p.command({});
         }},
    };
    for (const auto &example : cases) {
        Peer peer;
        peer.handshake();
        example.provoke(peer);
        g_assert_true(peer.session.end() == SessionEnd::Violation);
        g_assert_true(peer.session.reason() == example.reason);
    }
}

static void requests_that_make_no_sense_are_refused_with_words() {
    Peer early;
    early.handshake();
    early.connect();
    early.publish("demo", 1);
    g_assert_true(early.requests.at(0).problem ==
                  "publish needs a message stream: createStream comes first.");
    Peer nameless;
    nameless.handshake();
    nameless.connect();
    nameless.createStream();
    nameless.command(amf([](AmfWriter &w) { w.string("publish").number(5).null(); }), 1);
    g_assert_true(nameless.requests.at(0).problem ==
                  "The stream name is missing: publish to rtmp://host:port/app/stream.");
    Peer twice;
    twice.start();
    twice.publish();
    g_assert_true(twice.session.end() == SessionEnd::Closed);
    Peer player;
    player.handshake();
    player.connect();
    player.createStream();
    player.command(amf([](AmfWriter &w) { w.string("play").number(5).null().string("demo"); }), 1);
    g_assert_true(player.session.end() == SessionEnd::Refused);
    g_assert_true(player.log.back() == "onStatus 0 NetStream.Play.Failed@1");
}

static void odd_commands_do_no_harm() {
    Peer peer;
    peer.handshake();
    peer.command(amf(
        [](AmfWriter &w) { w.string("connect").number(std::numeric_limits<double>::quiet_NaN()).null(); }));
    peer.command(
        amf([](AmfWriter &w) { w.string("createStream").number(-std::numeric_limits<double>::infinity()); }));
    peer.command(amf([](AmfWriter &w) { w.string("pause"); }));
    Raw enveloped = amf([](AmfWriter &w) { w.string("FCPublish").number(3).null().string("demo"); });
    enveloped.insert(enveloped.begin(), 0);
    peer.command(enveloped, 0, kCommandAmf3);
    g_assert_false(peer.session.over());
    g_assert_true(peer.log.back() == "onFCPublish 0 NetStream.Publish.Start@0");
}

static void slow_peers_are_timed_out() {
    const Limits limits;
    Peer silent;
    silent.session.tick(kStart + limits.handshakeTimeout - 1ms);
    g_assert_false(silent.session.over());
    silent.session.tick(kStart + limits.handshakeTimeout);
    g_assert_true(silent.session.end() == SessionEnd::Timeout);

    Peer idle;
    idle.handshake();
    idle.connect();
    idle.session.tick(kStart + limits.publishTimeout);
    g_assert_true(idle.session.end() == SessionEnd::Timeout);

    Peer mute;
    mute.start();
    mute.session.tick(kStart + limits.firstMediaTimeout - 1ms);
    g_assert_true(mute.session.publishing());
    mute.session.tick(kStart + limits.firstMediaTimeout);
    g_assert_true(mute.session.end() == SessionEnd::Timeout);

    Peer dead;
    dead.start();
    dead.message(kAudio, kConfig);
    dead.session.tick(kStart + limits.idleTimeout - 1ms);
    g_assert_true(dead.session.publishing());
    dead.session.tick(kStart + limits.idleTimeout);
    g_assert_true(dead.session.end() == SessionEnd::Timeout);

    Peer waiting; // for somebody else's decision: not its fault
    waiting.handshake();
    waiting.connect();
    waiting.createStream();
    waiting.publish();
    waiting.session.tick(kStart + 1h);
    g_assert_false(waiting.session.over());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/session/start", a_publisher_is_led_to_its_start);
    g_test_add_func("/rtmp/session/greeting", the_greeting_comes_as_soon_as_the_first_packet_is_complete);
    g_test_add_func("/rtmp/session/not-rtmp", who_does_not_speak_rtmp_is_named);
    g_test_add_func("/rtmp/session/refusal", a_refusal_has_two_steps);
    g_test_add_func("/rtmp/session/calls", calls_are_answered_if_they_have_a_number);
    g_test_add_func("/rtmp/session/goodbye", every_way_to_say_goodbye_is_clean);
    g_test_add_func("/rtmp/session/audio", audio_becomes_tags);
    g_test_add_func("/rtmp/session/video", video_is_passed_on_when_wanted);
    g_test_add_func("/rtmp/session/codec", an_unsupported_codec_ends_the_session_with_its_name);
    g_test_add_func("/rtmp/session/metadata", metadata_is_reduced_to_what_is_harmless);
    g_test_add_func("/rtmp/session/aggregate", aggregates_are_taken_apart);
    g_test_add_func("/rtmp/session/acknowledge", acknowledgements_come_early_and_wrap);
    g_test_add_func("/rtmp/session/ping", pings_are_answered_on_any_chunk_stream);
    g_test_add_func("/rtmp/session/violations", violations_end_the_session);
    g_test_add_func("/rtmp/session/requests", requests_that_make_no_sense_are_refused_with_words);
    g_test_add_func("/rtmp/session/odd", odd_commands_do_no_harm);
    g_test_add_func("/rtmp/session/timeouts", slow_peers_are_timed_out);
    return g_test_run();
}
