// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/flush_rule.h"

#include <glib.h>

using lt::chunker::FlushRule;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

FlushRule running(std::uint32_t chunkMs, std::int32_t flushMs) {
    FlushRule rule;
    rule.configure(chunkMs, flushMs);
    rule.start(1000 * kMs, false);
    return rule;
}

std::uint64_t at(std::uint64_t ms) {
    return (1000 + ms) * kMs;
}

} // namespace

static void audio_waits_until_flush_ms_after_the_last_chunk() {
    auto rule = running(50, 25);
    rule.audioArrived(at(0)); // the first audio waits for nothing
    g_assert_true(rule.dueOnArrival(at(0)));
    rule.chunkLeft(at(0), false);
    rule.audioArrived(at(21));
    g_assert_false(rule.dueOnArrival(at(21)));
    rule.audioArrived(at(25));
    g_assert_true(rule.dueOnArrival(at(25)));
    rule.chunkLeft(at(25), false);
    rule.audioArrived(at(49));
    g_assert_false(rule.dueOnArrival(at(49)));
    rule.audioArrived(at(50));
    g_assert_true(rule.dueOnArrival(at(50)));
}

static void the_deadline_is_when_the_oldest_audio_has_waited_chunk_ms() {
    auto rule = running(50, 25);
    g_assert_false(rule.deadline().has_value());
    rule.audioArrived(at(3));
    rule.audioArrived(at(20));
    g_assert_cmpuint(rule.deadline().value(), ==, at(53));
    rule.chunkLeft(at(20), true); // what is left came with the latest audio
    g_assert_cmpuint(rule.deadline().value(), ==, at(70));
    rule.chunkLeft(at(22), false);
    g_assert_false(rule.deadline().has_value());
    rule.audioArrived(at(90));
    g_assert_cmpuint(rule.deadline().value(), ==, at(140));
    rule.emptied();
    g_assert_false(rule.deadline().has_value());
}

/// AAC frames of 23 ms at 20/5, evenly spaced.
static void what_left_by_deadline_does_not_keep_the_next_rest_back() {
    auto rule = running(20, 5);
    rule.audioArrived(at(0));
    rule.chunkLeft(at(0), true); // a full chunk, 3 ms stay
    g_assert_cmpuint(rule.deadline().value(), ==, at(20));
    rule.leftByDeadline(false);
    for (std::uint64_t frame = 1; frame < 10; frame++) {
        rule.audioArrived(at(23 * frame)); // the first one only 3 ms after the chunk by deadline
        g_assert_true(rule.dueOnArrival(at(23 * frame)));
        rule.chunkLeft(at(23 * frame), true);
        rule.chunkLeft(at(23 * frame), false); // the rest: no deadline is needed any more
        g_assert_false(rule.deadline().has_value());
    }
}

static void zero_means_only_full_chunks() {
    auto rule = running(50, 0);
    rule.audioArrived(at(0));
    rule.audioArrived(at(500));
    g_assert_false(rule.dueOnArrival(at(500)));
    g_assert_false(rule.deadline().has_value());
}

static void minus_one_means_half_a_chunk() {
    auto rule = running(25, -1);
    rule.chunkLeft(at(0), false);
    rule.audioArrived(at(2));
    g_assert_false(rule.dueOnArrival(at(12)));
    g_assert_true(rule.dueOnArrival(at(13)));
    g_assert_cmpuint(rule.deadline().value(), ==, at(27));
}

static void nothing_is_due_without_a_clock() {
    FlushRule rule;
    rule.configure(50, 25);
    g_assert_false(rule.dueOnArrival(at(1000)));
    rule.start(at(0), false);
    rule.audioArrived(at(0));
    rule.stop();
    g_assert_false(rule.dueOnArrival(at(1000)));
    g_assert_false(rule.deadline().has_value());
}

static void with_a_new_clock_what_waits_arrives_anew() {
    auto rule = running(50, 25);
    rule.chunkLeft(at(0), false);
    rule.audioArrived(at(1));
    rule.stop();
    rule.start(5 * kMs, true); // a clock that shows less
    g_assert_cmpuint(rule.deadline().value(), ==, 55 * kMs);
    g_assert_true(rule.dueOnArrival(6 * kMs)); // chunks that left by another clock do not count
    rule.start(7 * kMs, false);
    g_assert_false(rule.deadline().has_value());
}

static void settings_change_in_the_middle() {
    auto rule = running(50, 25);
    rule.chunkLeft(at(0), false);
    rule.audioArrived(at(0));
    g_assert_false(rule.dueOnArrival(at(24)));
    rule.configure(20, 5);
    g_assert_cmpuint(rule.deadline().value(), ==, at(20));
    g_assert_true(rule.dueOnArrival(at(5)));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/flush-rule/arrival", audio_waits_until_flush_ms_after_the_last_chunk);
    g_test_add_func("/flush-rule/deadline", the_deadline_is_when_the_oldest_audio_has_waited_chunk_ms);
    g_test_add_func("/flush-rule/after-deadline", what_left_by_deadline_does_not_keep_the_next_rest_back);
    g_test_add_func("/flush-rule/zero", zero_means_only_full_chunks);
    g_test_add_func("/flush-rule/half", minus_one_means_half_a_chunk);
    g_test_add_func("/flush-rule/no-clock", nothing_is_due_without_a_clock);
    g_test_add_func("/flush-rule/new-clock", with_a_new_clock_what_waits_arrives_anew);
    g_test_add_func("/flush-rule/settings", settings_change_in_the_middle);
    return g_test_run();
}
