// SPDX-License-Identifier: LGPL-2.1-or-later
// Publishers that stall, on a clock that only the test moves.
#include "lib/rtmp/bitrate_meter.h"
#include "tests/unit/rtmp_stalled_server.h"

using namespace rtmp_test;
using End = PublishEnd::Kind;

static void a_stall_of_five_seconds_changes_nothing() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    server.pass(5s);
    server.look();
    publisher.sendFrames(3, 23);
    const Seen seen = server.recorder.frames(4);
    g_assert_cmpuint(seen.ends.size(), ==, 0);
    g_assert_true(server.stats().publishing);
}

/// The publisher is lost after idleTimeout, and told so when it wakes up.
static void after_a_stall_of_twenty_seconds_the_publisher_goes_on_with_its_stream() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    server.pass(9999ms);
    server.look();
    g_assert_cmpuint(server.recorder.now().ends.size(), ==, 0);
    server.pass(1ms);
    Seen seen = server.recorder.ends(1);
    g_assert_true(seen.ends[0].kind == End::Lost);
    g_assert_true(server.stats().awaited);
    publisher.sendFrames(3, 23); // nobody's
    g_assert_true(publisher.awaitVerdict().description == "The publisher has been silent for too long.");
    server.pass(10s);
    RtmpPublisher again(server.port());
    server.publish(again);
    seen = server.recorder.now();
    g_assert_cmpuint(seen.frames, ==, 2);
    g_assert_cmpuint(seen.gone, ==, 0);
    g_assert_cmpuint(server.stats().reconnects, ==, 1);
}

static void a_stall_of_forty_seconds_is_the_longest_that_is_survived() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    server.pass(10s);
    server.recorder.ends(1);
    server.pass(29999ms);
    server.look();
    g_assert_true(server.stats().awaited);
    g_assert_cmpuint(server.recorder.now().gone, ==, 0);
    server.pass(1ms);
    server.recorder.goneOnce();
    g_assert_false(server.stats().awaited);
}

static void after_a_stall_of_sixty_seconds_the_stream_is_nobodys() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    server.pass(10s);
    server.recorder.ends(1);
    server.pass(50s);
    server.recorder.goneOnce();
    RtmpPublisher again(server.port());
    g_assert_true(again.handshake() && again.connect("live"));
    again.requestPublish("demo");
    server.asked(2);
    server.pass(5s);
    assertRefused(again.awaitVerdict(), "NetStream.Publish.Denied", "Nobody is receiving /live/demo");
    g_assert_cmpuint(server.recorder.now().publishers.size(), ==, 1);
}

static void coming_back_without_media_does_not_prolong_the_wait() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    publisher.drop();
    server.recorder.ends(1);
    for (std::size_t round = 2; round <= 3; round++) {
        server.pass(10s);
        RtmpPublisher again(server.port());
        g_assert_true(again.publish("live", "demo").accepted);
        again.sendConfig(); // headers are no media
        again.drop();
        server.recorder.ends(round);
    }
    server.pass(9999ms);
    server.look();
    g_assert_cmpuint(server.recorder.now().gone, ==, 0);
    server.pass(1ms);
    server.recorder.goneOnce();
}

/// Silence is sent as audio: no idle timeout concerns it.
static void ten_minutes_of_silence_are_no_stall() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    constexpr unsigned kEach = 9;
    for (unsigned turn = 0; turn < 120; turn++) {
        server.pass(5s);
        publisher.sendFrames(kEach, turn * 5000);
        server.recorder.frames(1 + (turn + 1) * kEach);
        if (turn % 30 == 29)
            server.look();
    }
    g_assert_cmpuint(server.recorder.now().ends.size(), ==, 0);
    g_assert_cmpuint(server.stats().publishers, ==, 1);
    g_assert_true(server.stats().publishing);
}

static void more_publishers_than_the_rate_are_refused_and_counted() {
    ServerLimits limits;
    limits.publishRates = {10, 3};
    StalledServer server(limits);
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    const auto rival = [&](const char *code, const char *part) {
        RtmpPublisher one(server.port());
        assertRefused(one.publish("live", "demo"), code, part);
    };
    for (int i = 0; i < 2; i++)
        rival("NetStream.Publish.BadName", "already being published");
    for (int i = 0; i < 2; i++)
        rival("NetStream.Publish.Denied", "RESOURCE_EXHAUSTED: Too many publishers within a second");
    server.pass(1s);
    rival("NetStream.Publish.BadName", "already being published");
    g_assert_cmpuint(server.stats().rateLimited, ==, 2);
    g_assert_cmpuint(server.stats().refused, ==, 3);
    publisher.sendFrame(23);
    server.recorder.frames(2);
}

static void an_address_that_tries_too_often_leaves_room_for_others() {
    const PublishRate::TimePoint now{1h};
    PublishRate rate({5, 2});
    g_assert_true(rate.admit("a", now) && rate.admit("a", now));
    for (int i = 0; i < 10; i++)
        g_assert_false(rate.admit("a", now));
    g_assert_true(rate.admit("b", now) && rate.admit("b", now) && rate.admit("c", now));
    g_assert_false(rate.admit("d", now)); // the sixth of all
    g_assert_true(rate.admit("d", now + 1s));
    PublishRate open({0, 0});
    for (int i = 0; i < 10000; i++)
        g_assert_true(open.admit("a", now));
}

static void the_bitrate_is_that_of_the_last_two_seconds() {
    const TimePoint start{1h};
    BitrateMeter meter;
    g_assert_cmpuint(meter.bitsPerSecond(), ==, 0);
    std::uint64_t bytes = 3073;
    meter.note(bytes, start);
    g_assert_cmpuint(meter.bitsPerSecond(), ==, 0);
    for (int i = 1; i <= 40; i++)
        meter.note(bytes += 4000, start + i * 250ms);
    g_assert_cmpuint(meter.bitsPerSecond(), ==, 128000);
    for (int i = 41; i <= 48; i++)
        meter.note(bytes, start + i * 250ms);
    g_assert_cmpuint(meter.bitsPerSecond(), ==, 0);
}

static void the_bitrate_is_told_while_somebody_publishes() {
    StalledServer server;
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    server.look();
    publisher.sendMessage(kVideo, 0, Raw(100000, 0x27), 6);
    publisher.sendFrame(23);
    server.recorder.frames(2);
    server.pass(1s);
    server.look();
    g_assert_cmpuint(server.stats().bitrate, >, 800000);
    g_assert_cmpuint(server.stats().bitrate, <, 810000);
    publisher.drop();
    server.recorder.ends(1);
    g_assert_cmpuint(server.stats().bitrate, ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/stall/5s", a_stall_of_five_seconds_changes_nothing);
    g_test_add_func("/rtmp/stall/20s", after_a_stall_of_twenty_seconds_the_publisher_goes_on_with_its_stream);
    g_test_add_func("/rtmp/stall/40s", a_stall_of_forty_seconds_is_the_longest_that_is_survived);
    g_test_add_func("/rtmp/stall/60s", after_a_stall_of_sixty_seconds_the_stream_is_nobodys);
    g_test_add_func("/rtmp/stall/no-media", coming_back_without_media_does_not_prolong_the_wait);
    g_test_add_func("/rtmp/stall/silence", ten_minutes_of_silence_are_no_stall);
    g_test_add_func("/rtmp/rate/server", more_publishers_than_the_rate_are_refused_and_counted);
    g_test_add_func("/rtmp/rate/addresses", an_address_that_tries_too_often_leaves_room_for_others);
    g_test_add_func("/rtmp/bitrate/meter", the_bitrate_is_that_of_the_last_two_seconds);
    g_test_add_func("/rtmp/bitrate/server", the_bitrate_is_told_while_somebody_publishes);
    return g_test_run();
}
