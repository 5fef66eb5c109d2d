// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_timeline.h"

#include <glib.h>

using namespace lt;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};

/// 100 ms of audio.
constexpr std::uint64_t kChunk = 3200;

AudioTimeline filled(std::uint64_t startNs, int chunks) {
    AudioTimeline timeline;
    timeline.reset(kFormat);
    for (int i = 0; i < chunks; i++) {
        const std::uint64_t at = startNs + static_cast<std::uint64_t>(i) * 100 * kMs;
        timeline.append(kChunk, at, at + 1000 * kSecond, at + 1001 * kSecond);
    }
    return timeline;
}

} // namespace

static void session_time_starts_where_its_audio_did() {
    const AudioTimeline timeline = filled(5 * kSecond, 20);
    g_assert_cmpuint(timeline.runningTimeAt(0), ==, 5 * kSecond);
    g_assert_cmpuint(timeline.runningTimeAt(1.25), ==, 6250 * kMs);
    g_assert_cmpuint(timeline.sentBytes(), ==, 20 * kChunk);
}

static void times_are_clamped_to_the_audio_sent() {
    const AudioTimeline timeline = filled(5 * kSecond, 10);
    g_assert_cmpuint(timeline.runningTimeAt(-3), ==, 5 * kSecond);
    g_assert_cmpuint(timeline.runningTimeAt(1e9), ==, 6 * kSecond);
    g_assert_cmpuint(AudioTimeline().runningTimeAt(3), ==, 0);
}

static void a_hole_shifts_what_follows_and_is_told_once() {
    AudioTimeline timeline = filled(0, 10);
    timeline.append(kChunk, 4 * kSecond, 0, 0); // three seconds are missing
    g_assert_cmpuint(timeline.runningTimeAt(0.9), ==, 900 * kMs);
    g_assert_cmpuint(timeline.runningTimeAt(1.05), ==, 4050 * kMs);
    g_assert_false(timeline.crossesHole(0.5));
    g_assert_true(timeline.crossesHole(1.05));
    g_assert_false(timeline.crossesHole(1.06));
}

static void jitter_is_not_a_hole_and_does_not_drift() {
    AudioTimeline timeline;
    timeline.reset(kFormat);
    for (std::uint64_t i = 0; i < 10'000; i++)
        timeline.append(kChunk, i * 100 * kMs + (i % 2 ? kMs : 0), 0, 0);
    g_assert_cmpuint(timeline.runningTimeAt(999.5), ==, 999'500 * kMs);
    g_assert_false(timeline.crossesHole(999.5));
}

static void a_slow_clock_is_followed() {
    AudioTimeline timeline;
    timeline.reset(kFormat);
    // Timestamps run 0.1 % fast against the count of frames.
    std::uint64_t at = 0;
    for (int i = 0; i < 1000; i++, at += 100'100'000)
        timeline.append(kChunk, at, 0, 0);
    const std::uint64_t is = timeline.runningTimeAt(99.9);
    g_assert_cmpuint(is + 3 * kMs, >, at - 100'100'000);
    g_assert_false(timeline.crossesHole(99.9));
}

static void frames_are_counted_not_durations() {
    AudioTimeline timeline;
    const AudioFormat cd{Encoding::Pcm, 44100, 2};
    timeline.reset(cd);
    // 24 h in pieces whose duration is no whole number of nanoseconds.
    const std::uint64_t pieces = 24ull * 3600 * 44100 / 147 / 7;
    for (std::uint64_t i = 0; i < pieces; i++)
        timeline.append(147 * 7 * 4, cd.nsOfFrames(i * 147 * 7), 0, 0);
    const std::uint64_t truth = cd.nsOfFrames((pieces - 1) * 147 * 7);
    const std::uint64_t is = timeline.runningTimeAt(static_cast<double>(truth) / 1e9);
    g_assert_cmpuint(is > truth ? is - truth : truth - is, <=, 100'000);
    g_assert_false(timeline.crossesHole(static_cast<double>(truth) / 1e9));
}

static void stamps_belong_to_the_block_and_the_instant() {
    const AudioTimeline timeline = filled(0, 20);
    const auto stamps = timeline.stampsAt(0.25);
    g_assert_cmpuint(stamps.enteredNs, ==, 1000 * kSecond + 200 * kMs);
    g_assert_cmpuint(stamps.sentNs, ==, 1001 * kSecond + 200 * kMs);
    g_assert_cmpuint(stamps.spokenNs, ==, 1000 * kSecond + 150 * kMs);
    g_assert_cmpuint(AudioTimeline().stampsAt(1).sentNs, ==, ~std::uint64_t{0});
}

static void nothing_is_sent_before_it_entered() {
    AudioTimeline timeline;
    timeline.reset(kFormat);
    timeline.append(kChunk, 0, 7 * kSecond, 7 * kSecond - 1); // a clock read just before the block came
    g_assert_cmpuint(timeline.stampsAt(0.05).sentNs, ==, 7 * kSecond);
}

static void only_the_last_minutes_are_remembered() {
    AudioTimeline timeline = filled(0, 36'000); // an hour
    g_assert_cmpuint(timeline.runningTimeAt(3599), ==, 3599 * kSecond);
    // What is forgotten is still answered, with the oldest that is known.
    g_assert_cmpuint(timeline.stampsAt(1).sentNs, >, 1001 * kSecond + 3000 * kSecond);
}

static void what_is_sent_again_keeps_its_times() {
    AudioTimeline timeline = filled(5 * kSecond, 20);
    const std::uint64_t before = timeline.runningTimeAt(1.7);
    timeline.resume(15 * 3200); // from 1.5 s on once more
    for (std::uint64_t i = 15; i < 20; i++)
        timeline.append(3200, 5 * kSecond + i * 100 * kMs, 7 * kSecond, 8 * kSecond);
    g_assert_cmpuint(timeline.sentBytes(), ==, 20 * 3200);
    g_assert_cmpuint(timeline.runningTimeAt(1.7), ==, before);
    g_assert_cmpuint(timeline.stampsAt(1.7).sentNs, ==, 8 * kSecond);
    g_assert_false(timeline.crossesHole(1.9));
}

static void what_was_heard_twice_moves_what_follows() {
    for (const bool toldLate : {false, true}) {
        AudioTimeline timeline = filled(0, 20);
        // The recogniser has it all; it gets the last 500 ms again, as its 2.0 … 2.5 s.
        timeline.resume(toldLate ? 15 * 3200 : 20 * 3200);
        for (std::uint64_t i = 15; i < 30; i++)
            timeline.append(3200, i * 100 * kMs, 0, 0);
        if (toldLate)
            timeline.moveResumed(5 * 3200);
        g_assert_cmpuint(timeline.sentBytes(), ==, 35 * 3200);
        g_assert_cmpuint(timeline.runningTimeAt(1.2), ==, 1200 * kMs);
        g_assert_cmpuint(timeline.runningTimeAt(2.1), ==, 1600 * kMs);
        g_assert_cmpuint(timeline.runningTimeAt(3.4), ==, 2900 * kMs);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/audio-timeline/session time starts where its audio did",
                    session_time_starts_where_its_audio_did);
    g_test_add_func("/audio-timeline/times are clamped to the audio sent",
                    times_are_clamped_to_the_audio_sent);
    g_test_add_func("/audio-timeline/a hole shifts what follows and is told once",
                    a_hole_shifts_what_follows_and_is_told_once);
    g_test_add_func("/audio-timeline/jitter is not a hole and does not drift",
                    jitter_is_not_a_hole_and_does_not_drift);
    g_test_add_func("/audio-timeline/a slow clock is followed", a_slow_clock_is_followed);
    g_test_add_func("/audio-timeline/frames are counted, not durations", frames_are_counted_not_durations);
    g_test_add_func("/audio-timeline/stamps belong to the block and the instant",
                    stamps_belong_to_the_block_and_the_instant);
    g_test_add_func("/audio-timeline/nothing is sent before it entered", nothing_is_sent_before_it_entered);
    g_test_add_func("/audio-timeline/only the last minutes are remembered",
                    only_the_last_minutes_are_remembered);
    g_test_add_func("/audio-timeline/what is sent again keeps its times", what_is_sent_again_keeps_its_times);
    g_test_add_func("/audio-timeline/what was heard twice moves what follows",
                    what_was_heard_twice_moves_what_follows);
    return g_test_run();
}
