// SPDX-License-Identifier: LGPL-2.1-or-later
// How a publisher is led to its stream, and turned away.
#include "tests/unit/rtmp_session_peer.h"

#include <limits>

using namespace rtmp_test;
using namespace std::chrono_literals;

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
        peer.session.accept({}, peer.now);
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

static void the_first_acknowledgement_comes_early_then_one_per_window() {
    Peer peer;
    peer.start();
    peer.sentDroppable = 0;
    peer.message(kAudio, kConfig);
    g_assert_cmpuint(peer.sentDroppable, ==, 0);
    peer.now += 1s;
    peer.message(kAudio, kFrame);
    g_assert_cmpuint(peer.sentDroppable, ==, 1);
    g_assert_true(peer.log.back() == "3 " + std::to_string(peer.session.counters().bytes));
    // Who closes with one unread resets the connection: no more than needed.
    peer.now += 60s;
    peer.message(kAudio, kFrame);
    peer.message(kVideo, Raw(900000, 0x27));
    g_assert_cmpuint(peer.sentDroppable, ==, 1);
    peer.message(kVideo, Raw(200000, 0x27));
    g_assert_cmpuint(peer.sentDroppable, ==, 2);
    peer.message(kWindowAckSize, {0, 0, 0x20, 0}, 0);
    peer.message(kVideo, Raw(8192, 0x27));
    g_assert_cmpuint(peer.sentDroppable, ==, 3);

    Peer fast;
    fast.start();
    fast.sentDroppable = 0;
    fast.message(kVideo, Raw(65536, 0x27));
    g_assert_cmpuint(fast.sentDroppable, ==, 1);

    Peer slow; // the clock alone
    slow.start();
    slow.sentDroppable = 0;
    slow.session.tick(slow.now + 1s);
    g_assert_cmpuint(slow.sentDroppable, ==, 1);
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
    dead.session.tick(kStart + PublishTerms().idleTimeout - 1ms);
    g_assert_true(dead.session.publishing());
    dead.session.tick(kStart + PublishTerms().idleTimeout);
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
    g_test_add_func("/rtmp/session/acknowledge", the_first_acknowledgement_comes_early_then_one_per_window);
    g_test_add_func("/rtmp/session/ping", pings_are_answered_on_any_chunk_stream);
    g_test_add_func("/rtmp/session/violations", violations_end_the_session);
    g_test_add_func("/rtmp/session/requests", requests_that_make_no_sense_are_refused_with_words);
    g_test_add_func("/rtmp/session/odd", odd_commands_do_no_harm);
    g_test_add_func("/rtmp/session/timeouts", slow_peers_are_timed_out);
    return g_test_run();
}
