// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/output_planner.h"

#include <glib.h>

using namespace lt;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

} // namespace

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

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/output-planner/JSON timestamps are the utterance's own",
                    json_timestamps_are_the_utterances_own);
    g_test_add_func("/output-planner/text gaps never pass the latency", text_gaps_never_pass_the_latency);
    g_test_add_func("/output-planner/late text moves to the present and is counted",
                    late_text_moves_to_the_present_and_is_counted);
    return g_test_run();
}
