// SPDX-License-Identifier: LGPL-2.1-or-later
// Publishers that send more than they may, on a clock that only the test moves.
#include "lib/rtmp/byte_rate.h"
#include "tests/unit/rtmp_stalled_server.h"

using namespace rtmp_test;

namespace {

constexpr TimePoint kStart{1h};

/// 10,000 bytes a second, 100,000 at once.
ClaimOptions tenKilobytes() {
    ClaimOptions options;
    options.maxBitrate = 80000;
    return options;
}

/// AAC frames of 1000 bytes.
void sendThousands(RtmpPublisher &publisher, unsigned count) {
    Raw frame(1000, 0);
    frame[0] = 0xaf;
    frame[1] = 1;
    for (unsigned i = 0; i < count; i++)
        publisher.sendMessage(kAudio, i, frame);
}

/// Returns when the server has had every opportunity to read what was sent before.
void barrier(const StalledServer &server) {
    RtmpPublisher other(server.port());
    g_assert_true(other.handshake());
}

void waitFor(const std::atomic<unsigned> &told, unsigned count) {
    for (unsigned seen = 0; (seen = told) < count;)
        told.wait(seen);
}

} // namespace

static void without_a_limit_everything_is_read() {
    ByteRate rate;
    g_assert_true(rate.covers(SIZE_MAX));
    rate.took(1 << 30, kStart);
    g_assert_cmpuint(rate.allowance(65536, kStart), ==, 65536);
}

static void ten_seconds_may_come_at_once_and_then_the_rate_holds() {
    ByteRate rate(8'000'000);
    g_assert_true(rate.covers(10'000'000) && !rate.covers(10'000'001));
    g_assert_cmpuint(rate.allowance(SIZE_MAX, kStart), ==, 10'000'000);
    rate.took(10'000'000, kStart);
    g_assert_false(rate.covers(1));
    g_assert_cmpuint(rate.allowance(1000, kStart), ==, 0);
    std::size_t read = 0;
    for (auto now = kStart; now < kStart + 60s; now += rate.pause()) {
        const std::size_t most = rate.allowance(65536, now);
        rate.took(most, now);
        read += most;
    }
    g_assert_cmpuint(read, >, 59'800'000);
    g_assert_cmpuint(read, <=, 60'000'000);
}

static void who_is_held_back_is_read_twenty_times_a_second() {
    for (const std::uint64_t bits : {32000u, 1'000'000u, 1'000'000'000u}) {
        ByteRate rate(bits);
        rate.took(bits / 8 * 10, kStart);
        g_assert_true(rate.pause() > 49ms && rate.pause() <= 50ms + 1us);
        g_assert_cmpuint(rate.allowance(SIZE_MAX, kStart + rate.pause()), >=, bits / 8 / 20);
    }
}

static void what_was_not_used_is_kept_for_ten_seconds() {
    ByteRate rate(80000);
    rate.took(100'000, kStart);
    g_assert_cmpuint(rate.allowance(SIZE_MAX, kStart + 3s), ==, 30'000);
    g_assert_cmpuint(rate.allowance(SIZE_MAX, kStart + 1h), ==, 100'000);
}

static void a_limit_that_no_speech_fits_in_is_raised() {
    ByteRate rate(1);
    g_assert_cmpuint(rate.allowance(SIZE_MAX, kStart), ==, ByteRate::kLeast / 8 * 10);
}

/// 6 Mbit/s of video and audio, with a key frame of ten times a frame's share every two seconds, cut off for
/// half a minute: what the encoder kept comes as fast as the network takes it.
static void a_catch_up_of_half_a_minute_is_read_as_it_comes() {
    ByteRate rate(50'000'000);
    std::size_t kept = 30 * 6'000'000 / 8;
    while (kept > 0) {
        const std::size_t most = rate.allowance(std::min<std::size_t>(kept, 65536), kStart);
        g_assert_cmpuint(most, >, 0);
        rate.took(most, kStart);
        kept -= most;
    }
    auto now = kStart;
    for (int frame = 0; frame < 25 * 600; frame++, now += 40ms) {
        const std::size_t size = frame % 50 == 0 ? 255'000 : 25'000;
        g_assert_cmpuint(rate.allowance(size, now), ==, size);
        rate.took(size, now);
    }
}

static void a_publisher_over_its_bitrate_is_held_back_and_loses_nothing() {
    std::atomic<unsigned> told = 0;
    auto options = tenKilobytes();
    options.throttled = [&](const std::string &peer) {
        told += peer.starts_with("127.0.0.1:");
        told.notify_all();
    };
    StalledServer server({}, options);
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    sendThousands(publisher, 130);
    server.recorder.waitFor([](const Seen &seen) { return seen.frames >= 97; });
    barrier(server);
    g_assert_cmpuint(server.recorder.now().frames, <=, 101);
    server.pass(1s);
    server.recorder.waitFor([](const Seen &seen) { return seen.frames >= 107; });
    barrier(server);
    g_assert_cmpuint(server.recorder.now().frames, <=, 111);
    waitFor(told, 1);
    g_assert_true(server.stats().throttled == 1s);
    g_assert_true(server.stats().publishing);
    server.pass(3s);
    g_assert_cmpuint(server.recorder.frames(131).ends.size(), ==, 0);
}

static void who_is_held_back_for_long_is_told_of_once_a_minute() {
    std::atomic<unsigned> told = 0;
    auto options = tenKilobytes();
    options.throttled = [&](const std::string &) {
        told++;
    };
    StalledServer server({}, options);
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    sendThousands(publisher, 110);
    for (unsigned step = 1; step <= 16; step++) { // of eight seconds
        sendThousands(publisher, 80);
        barrier(server); // it is being held back
        const auto before = server.stats().throttled;
        server.pass(8s);
        server.recorder.waitFor([=](const Seen &seen) { return seen.frames >= 97 + step * 78; });
        while (server.stats().throttled == before)
            g_thread_yield(); // until the server has looked
    }
    g_assert_cmpuint(told, ==, 2);
}

static void what_a_publisher_left_that_has_gone_is_read_at_once() {
    StalledServer server({}, tenKilobytes());
    RtmpPublisher publisher(server.port());
    server.publish(publisher);
    sendThousands(publisher, 130);
    server.recorder.waitFor([](const Seen &seen) { return seen.frames >= 97; });
    publisher.drop();
    const Seen seen = server.recorder.ends(1);
    g_assert_cmpuint(seen.frames, ==, 131);
}

static void who_comes_back_has_its_ten_seconds_again() {
    StalledServer server({}, tenKilobytes());
    for (unsigned round = 1; round <= 3; round++) {
        RtmpPublisher publisher(server.port());
        server.publish(publisher);
        sendThousands(publisher, 90);
        server.recorder.frames(round * 91);
        publisher.drop();
        server.recorder.ends(round);
    }
    g_assert_true(server.stats().throttled == 0ms);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/byte-rate/none", without_a_limit_everything_is_read);
    g_test_add_func("/rtmp/byte-rate/burst", ten_seconds_may_come_at_once_and_then_the_rate_holds);
    g_test_add_func("/rtmp/byte-rate/turns", who_is_held_back_is_read_twenty_times_a_second);
    g_test_add_func("/rtmp/byte-rate/kept", what_was_not_used_is_kept_for_ten_seconds);
    g_test_add_func("/rtmp/byte-rate/least", a_limit_that_no_speech_fits_in_is_raised);
    g_test_add_func("/rtmp/byte-rate/catch-up", a_catch_up_of_half_a_minute_is_read_as_it_comes);
    g_test_add_func("/rtmp/throttle/held-back", a_publisher_over_its_bitrate_is_held_back_and_loses_nothing);
    g_test_add_func("/rtmp/throttle/told", who_is_held_back_for_long_is_told_of_once_a_minute);
    g_test_add_func("/rtmp/throttle/gone", what_a_publisher_left_that_has_gone_is_read_at_once);
    g_test_add_func("/rtmp/throttle/again", who_comes_back_has_its_ten_seconds_again);
    return g_test_run();
}
