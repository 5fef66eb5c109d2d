// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/sound_watch.h"

#include <array>

#include <glib.h>

using namespace lt;
using namespace lt::service;
using namespace std::chrono_literals;

namespace {

constexpr IdleRule::TimePoint kStart{};

void silence_is_what_is_no_louder_than_the_hum_of_a_room() {
    g_assert_true(isSilence({}));
    g_assert_true(isSilence(std::array<std::int16_t, 3>{0, 184, -184}));
    g_assert_false(isSilence(std::array<std::int16_t, 3>{0, 185, 0}));
    g_assert_false(isSilence(std::array<std::int16_t, 3>{0, 0, -32768}));
}

void a_session_is_idle_when_its_time_is_over_and_not_before() {
    const IdleRule rule{300s};
    g_assert_true(rule.left(kStart, kStart) == 300s);
    g_assert_true(rule.left(kStart, kStart + 299s) == 1s);
    g_assert_true(rule.left(kStart, kStart + 300s) == 0s);
    g_assert_true(rule.left(kStart, kStart + 1000s) == 0s);
    g_assert_true(rule.left(kStart + 250s, kStart + 300s) == 250s); // a word came in between
}

ObjectRef<GstElement> pipelineOf(const char *description) {
    ErrorOut error;
    ObjectRef<GstElement> made(gst_parse_launch(description, error.out()));
    if (!made)
        g_error("%s", error.message());
    gst_object_ref_sink(made.get());
    return made;
}

void a_recogniser_is_known_by_what_it_takes_and_makes() {
    const auto with = pipelineOf("bin.( audiotestsrc ! audioconvert ! gladiasink ! wsheartbeat ! fakesink )");
    const auto found = recognisersOf(GST_BIN(with.get()));
    g_assert_cmpuint(found.size(), ==, 1);
    g_assert_true(g_str_has_prefix(GST_ELEMENT_NAME(found.front().get()), "gladiasink"));
    const auto without = pipelineOf("audiotestsrc ! audioconvert ! fakesink");
    g_assert_cmpuint(recognisersOf(GST_BIN(without.get())).size(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/sound-watch/silence_is_what_is_no_louder_than_the_hum_of_a_room",
                    silence_is_what_is_no_louder_than_the_hum_of_a_room);
    g_test_add_func("/sound-watch/a_session_is_idle_when_its_time_is_over_and_not_before",
                    a_session_is_idle_when_its_time_is_over_and_not_before);
    g_test_add_func("/sound-watch/a_recogniser_is_known_by_what_it_takes_and_makes",
                    a_recogniser_is_known_by_what_it_takes_and_makes);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
