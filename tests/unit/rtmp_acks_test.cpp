// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/ack_timing.h"

#include <glib.h>

using lt::rtmp::AckTiming;
using Tell = AckTiming::Tell;

namespace {

/// Reads of a frame each until the kernel is left alone; how many of them hurried it.
int untilTrial(AckTiming &acks) {
    for (int reads = 0;; reads++) {
        const auto tell = acks.afterRead(true, 1);
        if (tell == Tell::Leisure)
            return reads;
        g_assert_true(tell == Tell::Hurry);
    }
}

} // namespace

static void a_dialogue_is_always_acknowledged_at_once() {
    AckTiming acks;
    for (int i = 0; i < 1000; i++)
        g_assert_true(acks.afterRead(false, 0) == Tell::Hurry);
}

static void who_is_not_held_up_is_left_to_the_kernel() {
    AckTiming acks;
    g_assert_cmpint(untilTrial(acks), >, 0);
    for (int i = 0; i < 100000; i++)
        g_assert_true(acks.afterRead(true, i % 2 ? 1 : 0) == Tell::Nothing);
}

static void frames_that_come_two_at_a_time_end_the_trial() {
    AckTiming acks;
    untilTrial(acks);
    g_assert_true(acks.afterRead(true, 1) == Tell::Nothing);
    g_assert_true(acks.afterRead(true, 2) == Tell::Hurry);
    g_assert_true(acks.afterRead(true, 1) == Tell::Hurry);
}

static void each_trial_comes_later_than_the_one_before() {
    AckTiming acks;
    int before = untilTrial(acks);
    for (int i = 0; i < 4; i++) {
        g_assert_true(acks.afterRead(true, 3) == Tell::Hurry);
        const int reads = untilTrial(acks);
        g_assert_cmpint(reads, >, 4 * before);
        before = reads;
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/acks/dialogue", a_dialogue_is_always_acknowledged_at_once);
    g_test_add_func("/rtmp/acks/left-alone", who_is_not_held_up_is_left_to_the_kernel);
    g_test_add_func("/rtmp/acks/held-up", frames_that_come_two_at_a_time_end_the_trial);
    g_test_add_func("/rtmp/acks/later", each_trial_comes_later_than_the_one_before);
    return g_test_run();
}
