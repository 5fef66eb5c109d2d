// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/push_pace.h"

#include <glib.h>

using lt::chunker::PushPace;
using namespace std::chrono_literals;

namespace {
void trials(PushPace &pace, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        pace.pushed(1ms);
}
} // namespace

static void several_quick_pushes_in_a_row_are_needed() {
    PushPace pace;
    g_assert_false(pace.quick());
    trials(pace, PushPace::kTrials - 1);
    g_assert_false(pace.quick());
    pace.pushed(PushPace::kQuick); // just quick enough
    g_assert_true(pace.quick());
}

static void one_slow_push_takes_it_all_back() {
    PushPace pace;
    trials(pace, 1000);
    pace.pushed(PushPace::kQuick + 1ns);
    g_assert_false(pace.quick());
    trials(pace, PushPace::kTrials - 1);
    g_assert_false(pace.quick());
    trials(pace, 1);
    g_assert_true(pace.quick());
    pace.reset();
    g_assert_false(pace.quick());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/push-pace/trials", several_quick_pushes_in_a_row_are_needed);
    g_test_add_func("/push-pace/slow", one_slow_push_takes_it_all_back);
    return g_test_run();
}
