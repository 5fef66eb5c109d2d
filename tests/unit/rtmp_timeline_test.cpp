// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/arrival_jitter.h"
#include "lib/rtmp/media_timeline.h"

#include <cstdlib>

#include <glib.h>

using namespace lt::rtmp;
using namespace std::chrono_literals;
using Track = MediaTimeline::Track;

namespace {

const TimePoint kStart{std::chrono::hours(1)};

} // namespace

static void time_starts_at_zero_and_follows_the_publisher() {
    MediaTimeline line;
    g_assert_cmpuint(line.map(Track::Audio, 100000, kStart).ms, ==, 0);
    g_assert_cmpuint(line.map(Track::Audio, 100023, kStart + 23ms).ms, ==, 23);
    g_assert_cmpuint(line.map(Track::Audio, 100900, kStart + 23ms).ms, ==, 900);
    // A small step back is neither followed nor added up.
    g_assert_cmpuint(line.map(Track::Audio, 100880, kStart + 24ms).ms, ==, 900);
    const auto next = line.map(Track::Audio, 100920, kStart + 25ms);
    g_assert_cmpuint(next.ms, ==, 920);
    g_assert_false(next.discont);
}

static void wraps_at_31_and_32_bits_are_unwrapped() {
    const std::uint32_t cases[][3] = {{0x7ffffff0, 0x7fffffff, 0x0000000f},  // wraps at 2^31
                                      {0xfffffff0, 0xffffffff, 0x0000000f},  // at 2^32
                                      {0x7ffffff0, 0x7fffffff, 0x8000000f}}; // goes on above 2^31
    for (const auto &times : cases) {
        MediaTimeline line;
        g_assert_cmpuint(line.map(Track::Audio, times[0], kStart).ms, ==, 0);
        g_assert_cmpuint(line.map(Track::Audio, times[1], kStart).ms, ==, 15);
        const auto after = line.map(Track::Audio, times[2], kStart);
        g_assert_cmpuint(after.ms, ==, 31);
        g_assert_false(after.discont);
    }
}

static void a_hole_that_the_clock_confirms_stays() {
    MediaTimeline line;
    line.map(Track::Audio, 0, kStart);
    const auto after = line.map(Track::Audio, 8000, kStart + 8100ms);
    g_assert_cmpuint(after.ms, ==, 8000);
    g_assert_true(after.discont);
    // After a stall a publisher that kept only the newest comes in a burst.
    line.map(Track::Audio, 8023, kStart + 20s);
    g_assert_cmpuint(line.map(Track::Audio, 17000, kStart + 20s).ms, ==, 17000);
}

static void jumps_that_the_clock_does_not_confirm_are_closed() {
    for (const std::uint32_t jump : {3600000u, 0u, 900u, 0x80000000u}) {
        MediaTimeline line;
        line.map(Track::Audio, 2000, kStart);
        line.map(Track::Audio, 2500, kStart + 500ms);
        const auto after = line.map(Track::Audio, jump, kStart + 523ms);
        g_assert_cmpuint(after.ms, ==, 523);
        g_assert_true(after.discont);
        g_assert_cmpuint(line.map(Track::Audio, jump + 23, kStart + 546ms).ms, ==, 546);
    }
}

static void another_publisher_continues_where_the_clock_is() {
    MediaTimeline line;
    line.map(Track::Audio, 5000, kStart);
    line.map(Track::Audio, 6000, kStart + 1s);
    line.newInput();
    const auto first = line.map(Track::Audio, 77, kStart + 4s);
    g_assert_cmpuint(first.ms, ==, 4000);
    g_assert_true(first.discont);
    line.newInput(); // at once, ahead of the clock: never back
    line.map(Track::Audio, 1000, kStart + 4s);
    g_assert_cmpuint(line.map(Track::Audio, 1023, kStart + 4s).ms, ==, 4046);
}

static void audio_and_video_keep_their_distance() {
    MediaTimeline line;
    line.map(Track::Audio, 1000, kStart);
    g_assert_cmpuint(line.map(Track::Video, 1040, kStart).ms, ==, 40);
    g_assert_cmpuint(line.map(Track::Video, 1073, kStart).ms, ==, 73);
    MediaTimeline early;
    early.map(Track::Audio, 1000, kStart);
    g_assert_cmpuint(early.map(Track::Video, 990, kStart).ms, ==, 0);
}

static void a_day_of_frames_does_not_drift() {
    MediaTimeline line;
    std::uint64_t last = 0;
    const std::uint64_t frames = 24ull * 3600 * 44100 / 1024;
    for (std::uint64_t i = 0; i < frames; i++) {
        const std::uint64_t exact = i * 1024 * 1000 / 44100;
        const auto mapped = line.map(Track::Audio, static_cast<std::uint32_t>(0xfff00000u + exact),
                                     kStart + std::chrono::milliseconds(exact));
        g_assert_true(mapped.ms == exact && mapped.ms >= last && mapped.discont == (i == 0));
        last = mapped.ms;
    }
}

static void a_publishers_wrong_clock_is_followed_for_a_day() {
    // ±200 ppm, with a network that delays each frame by up to 40 ms, and by 300 ms for a second each minute.
    for (const std::int64_t ppm : {-200, 200}) {
        MediaTimeline line;
        std::int64_t worst = 0;
        std::uint64_t last = 0, step = 0;
        std::uint32_t random = 1;
        for (std::int64_t ms = 0; ms < 24 * 3600 * 1000; ms += 20) {
            random = random * 1664525 + 1013904223;
            const std::int64_t delay = (random >> 16) % 40 + (ms % 60000 < 1000 ? 300 : 0);
            const auto stamp = static_cast<std::uint32_t>(ms + ms * ppm / 1000000);
            const auto mapped = line.map(Track::Audio, stamp, kStart + std::chrono::milliseconds(ms + delay));
            g_assert_cmpuint(mapped.ms, >=, last);
            step = std::max(step, ms == 0 ? 0 : mapped.ms - last);
            last = mapped.ms;
            worst = std::max(worst, std::abs(static_cast<std::int64_t>(mapped.ms) - ms));
        }
        g_assert_cmpint(worst, <=, 100); // uncorrected: 17 s
        g_assert_cmpuint(step, <=, 22);  // and no frame is seen to jump
    }
}

static void who_sends_faster_than_time_is_not_corrected() {
    MediaTimeline line;
    for (std::uint32_t ms = 0; ms < 3600000; ms += 20)
        g_assert_cmpuint(line.map(Track::Audio, ms, kStart + std::chrono::milliseconds(ms / 10)).ms, ==, ms);
}

static void after_a_restart_drift_is_measured_anew() {
    DriftCorrector drift;
    for (std::int64_t ms = 0; ms < 100000; ms += 20)
        g_assert_cmpint(drift.correct(ms + 500, ms), ==, 0); // a constant distance is no drift
    drift.restart();
    for (std::int64_t ms = 100000; ms < 200000; ms += 20)
        g_assert_cmpint(drift.correct(ms - 700, ms), ==, 0);
}

static void jitter_is_the_mean_deviation() {
    ArrivalJitter jitter;
    for (std::uint64_t ms = 0; ms < 20000; ms += 20)
        jitter.frame(ms, kStart + std::chrono::milliseconds(ms + (ms / 20 % 2 ? 10 : 0)));
    g_assert_cmpfloat(jitter.ms(), >, 9.5);
    g_assert_cmpfloat(jitter.ms(), <, 10.5);
    jitter.restart();
    jitter.frame(9000000, kStart);
    g_assert_cmpfloat(jitter.ms(), <, 10.5);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/timeline/start", time_starts_at_zero_and_follows_the_publisher);
    g_test_add_func("/rtmp/timeline/wrap", wraps_at_31_and_32_bits_are_unwrapped);
    g_test_add_func("/rtmp/timeline/hole", a_hole_that_the_clock_confirms_stays);
    g_test_add_func("/rtmp/timeline/jump", jumps_that_the_clock_does_not_confirm_are_closed);
    g_test_add_func("/rtmp/timeline/publisher", another_publisher_continues_where_the_clock_is);
    g_test_add_func("/rtmp/timeline/tracks", audio_and_video_keep_their_distance);
    g_test_add_func("/rtmp/timeline/day", a_day_of_frames_does_not_drift);
    g_test_add_func("/rtmp/timeline/drift", a_publishers_wrong_clock_is_followed_for_a_day);
    g_test_add_func("/rtmp/timeline/faster", who_sends_faster_than_time_is_not_corrected);
    g_test_add_func("/rtmp/timeline/drift-restart", after_a_restart_drift_is_measured_anew);
    g_test_add_func("/rtmp/jitter", jitter_is_the_mean_deviation);
    return g_test_run();
}
