// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/heartbeat_policies.h"
#include "elements/gladiasink/liveness.h"
#include "elements/gladiasink/session_transcripts.h"
#include "elements/gladiasink/utterance_book.h"
#include "lib/recogniser/audio_timeline.h"
#include "lib/recogniser/output_planner.h"

#include <string>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};
using Verdict = UtteranceBook::Verdict;

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

static void only_the_last_minutes_are_remembered() {
    AudioTimeline timeline = filled(0, 36'000); // an hour
    g_assert_cmpuint(timeline.runningTimeAt(3599), ==, 3599 * kSecond);
    // What is forgotten is still answered, with the oldest that is known.
    g_assert_cmpuint(timeline.stampsAt(1).sentNs, >, 1001 * kSecond + 3000 * kSecond);
}

static void every_utterance_has_one_final_and_rising_revisions() {
    UtteranceBook book;
    g_assert_cmpuint(book.note("a", false, true).revision, ==, 1);
    g_assert_cmpuint(book.note("b", false, true).revision, ==, 1);
    g_assert_cmpuint(book.note("a", false, true).revision, ==, 2);
    g_assert_cmpuint(book.open(), ==, 2);
    g_assert_cmpuint(book.note("a", true, true).revision, ==, 3);
    g_assert_true(book.note("a", true, true).verdict == Verdict::Repeated);
    g_assert_true(book.note("a", false, true).verdict == Verdict::Repeated);
    g_assert_cmpuint(book.note("c", true, true).revision, ==, 1);
    g_assert_cmpuint(book.open(), ==, 1);
}

static void emptiness_passes_only_where_it_takes_something_back() {
    UtteranceBook book;
    g_assert_true(book.note("a", false, false).verdict == Verdict::Empty);
    g_assert_true(book.note("a", true, false).verdict == Verdict::Empty);
    book.note("b", false, true);
    g_assert_true(book.note("b", false, false).verdict == Verdict::Empty);
    g_assert_true(book.note("b", true, false).verdict == Verdict::Pass);
    g_assert_true(book.note("b", true, true).verdict == Verdict::Repeated);
}

static void hostile_ids_do_not_fill_memory() {
    UtteranceBook book;
    for (int i = 0; i < 100'000; i++) {
        book.note("p" + std::to_string(i), false, true);
        book.note("f" + std::to_string(i), true, true);
    }
    g_assert_cmpuint(book.open(), <=, 256);
    g_assert_true(book.note("f99999", true, true).verdict == Verdict::Repeated);
}

static void a_transcript_carries_session_times_and_stamps() {
    SessionTranscripts transcripts;
    transcripts.reset("epoch", kFormat);
    for (std::uint64_t i = 0; i < 20; i++)
        transcripts.timeline().append(kChunk, (70 + i) * 100 * kMs, 500 * kSecond, 501 * kSecond);
    Utterance said;
    said.id = "x";
    said.isFinal = true;
    said.start = 0.5;
    said.end = 1.5;
    said.text = "a b";
    said.words = {{"a", 0.5, 0.9, 1}, {"b", 1.0, 0.2, 1}};
    const auto spoken = transcripts.make(said, 502 * kSecond);
    g_assert_true(spoken.has_value());
    g_assert_true(spoken->transcript.epoch == "epoch");
    g_assert_cmpuint(spoken->transcript.startNs, ==, 7500 * kMs);
    g_assert_cmpuint(spoken->transcript.endNs, ==, 8500 * kMs);
    g_assert_cmpuint(spoken->transcript.words[0].startNs, ==, 7500 * kMs);
    g_assert_cmpuint(spoken->transcript.words[1].endNs, ==, 8000 * kMs); // never before its start
    g_assert_cmpuint(spoken->stamps.audio_sent, ==, 501 * kSecond);
    g_assert_cmpuint(spoken->stamps.received, ==, 502 * kSecond);
    g_assert_false(transcripts.make(said, 0).has_value());
    g_assert_cmpuint(transcripts.counts().repeated, ==, 1);
    transcripts.reset("next", kFormat); // the same id in another session is another utterance
    g_assert_true(transcripts.make(said, 0).has_value());
}

static void json_timestamps_are_the_utterances_own() {
    OutputPlanner planner({false, 0, 0, 15 * kSecond});
    g_assert_cmpuint(planner.gap({}).durationNs, ==, 0);
    g_assert_cmpuint(planner.gap(10 * kSecond).durationNs, ==, 0);
    const auto slot = planner.place(8 * kSecond, 9 * kSecond, false, true, 10 * kSecond);
    g_assert_cmpuint(slot.ptsNs, ==, 8 * kSecond);
    g_assert_cmpuint(slot.durationNs, ==, kSecond);
    g_assert_false(slot.discont);
    // Another channel's older utterance: never backwards.
    const auto older = planner.place(7 * kSecond, 8500 * kMs, false, true, 11 * kSecond);
    g_assert_cmpuint(older.ptsNs, ==, 8 * kSecond);
    g_assert_cmpuint(older.durationNs, ==, 500 * kMs);
    g_assert_cmpuint(planner.late(), ==, 0);
    g_assert_cmpuint(planner.maxDelayNs(), ==, 4 * kSecond);
    const auto gap = planner.gap(25 * kSecond);
    g_assert_cmpuint(gap.startNs, ==, 8 * kSecond);
    g_assert_cmpuint(gap.durationNs, ==, 2 * kSecond);
}

static void text_gaps_never_pass_the_latency() {
    OutputPlanner planner({true, 3 * kSecond, 1 * kSecond, 0});
    std::uint64_t position = 0;
    for (std::uint64_t now = 0; now < 20 * kSecond; now += 100 * kMs) {
        const auto gap = planner.gap(now);
        g_assert_cmpuint(gap.startNs, ==, position);
        position += gap.durationNs;
        g_assert_cmpuint(position, ==, now > 4 * kSecond ? now - 4 * kSecond : 0);
    }
    g_assert_cmpuint(planner.gap({}).durationNs, ==, 0); // not running: nothing moves
}

static void late_text_moves_to_the_present_and_is_counted() {
    OutputPlanner planner({true, 3 * kSecond, 0, 0});
    planner.gap(10 * kSecond);
    const auto slot = planner.place(5 * kSecond, 6 * kSecond, false, true, 10 * kSecond);
    g_assert_cmpuint(slot.ptsNs, ==, 7 * kSecond);
    g_assert_cmpuint(slot.durationNs, ==, kSecond);
    g_assert_true(slot.discont);
    g_assert_cmpuint(planner.late(), ==, 1);
    const auto next = planner.place(9 * kSecond, 10 * kSecond, false, true, 11 * kSecond);
    g_assert_cmpuint(next.ptsNs, ==, 9 * kSecond);
    g_assert_false(next.discont);
    g_assert_cmpuint(planner.late(), ==, 1);
    g_assert_true(planner.place(20 * kSecond, 21 * kSecond, true, true, {}).discont);
}

static void the_strictest_heartbeat_holds() {
    HeartbeatPolicies policies;
    g_assert_cmpuint(policies.strictest().limitNs, ==, 0);
    policies.note("a", 15000, 3);
    policies.note("b", 10000, 2);
    g_assert_cmpuint(policies.strictest().limitNs, ==, 20 * kSecond);
    g_assert_cmpuint(policies.strictest().intervalNs, ==, 10 * kSecond);
    policies.note("b", 0, 2);
    g_assert_cmpuint(policies.strictest().limitNs, ==, 45 * kSecond);
    policies.note("a", 1000, 1);
    g_assert_cmpuint(policies.strictest().limitNs, ==, kSecond);
    for (int i = 0; i < 1000; i++)
        policies.note(std::to_string(i), 1, 1);
    policies.note("a", 0, 0);
    g_assert_cmpuint(policies.strictest().limitNs, ==, 1 * kMs);
}

static void only_a_due_answer_can_be_missed() {
    Liveness life(45 * kSecond, 20 * kSecond);
    life.opened(0);
    g_assert_cmpuint(life.deadAt(false), ==, Liveness::kNever);
    g_assert_cmpuint(life.keepAliveAt(), ==, 20 * kSecond);
    life.sent(100 * kSecond, true);
    g_assert_cmpuint(life.deadAt(true), ==, 145 * kSecond);
    life.sent(110 * kSecond, false); // still nothing heard: the deadline does not move
    g_assert_cmpuint(life.deadAt(true), ==, 145 * kSecond);
    life.setHeartbeat(120 * kSecond, 10 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, 130 * kSecond);
    life.heard(125 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, 135 * kSecond);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/gladia-timeline/session time starts where its audio did",
                    session_time_starts_where_its_audio_did);
    g_test_add_func("/gladia-timeline/times are clamped to the audio sent",
                    times_are_clamped_to_the_audio_sent);
    g_test_add_func("/gladia-timeline/a hole shifts what follows and is told once",
                    a_hole_shifts_what_follows_and_is_told_once);
    g_test_add_func("/gladia-timeline/jitter is not a hole and does not drift",
                    jitter_is_not_a_hole_and_does_not_drift);
    g_test_add_func("/gladia-timeline/a slow clock is followed", a_slow_clock_is_followed);
    g_test_add_func("/gladia-timeline/frames are counted, not durations", frames_are_counted_not_durations);
    g_test_add_func("/gladia-timeline/stamps belong to the block and the instant",
                    stamps_belong_to_the_block_and_the_instant);
    g_test_add_func("/gladia-timeline/only the last minutes are remembered",
                    only_the_last_minutes_are_remembered);
    g_test_add_func("/gladia-timeline/every utterance has one final and rising revisions",
                    every_utterance_has_one_final_and_rising_revisions);
    g_test_add_func("/gladia-timeline/emptiness passes only where it takes something back",
                    emptiness_passes_only_where_it_takes_something_back);
    g_test_add_func("/gladia-timeline/hostile ids do not fill memory", hostile_ids_do_not_fill_memory);
    g_test_add_func("/gladia-timeline/a transcript carries session, times and stamps",
                    a_transcript_carries_session_times_and_stamps);
    g_test_add_func("/gladia-timeline/JSON timestamps are the utterance's own",
                    json_timestamps_are_the_utterances_own);
    g_test_add_func("/gladia-timeline/text gaps never pass the latency", text_gaps_never_pass_the_latency);
    g_test_add_func("/gladia-timeline/late text moves to the present and is counted",
                    late_text_moves_to_the_present_and_is_counted);
    g_test_add_func("/gladia-timeline/the strictest heartbeat holds", the_strictest_heartbeat_holds);
    g_test_add_func("/gladia-timeline/only a due answer can be missed", only_a_due_answer_can_be_missed);
    return g_test_run();
}
