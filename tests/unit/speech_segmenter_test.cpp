// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/speech_segmenter.h"

#include <string>

#include <glib.h>

using lt::emulator::SegmenterConfig;
using lt::emulator::SpeechSegmenter;

/// Strings that outlive the comparison, which g_assert_cmpstr() leaves to its caller.
static void assertText(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

/// Feeds frames, 'x' loud and '.' quiet, and writes what each brought: s speech starts, ( utterance opens,
/// ) closes, e speech ends; - nothing.
static std::string feed(SpeechSegmenter &segmenter, const std::string &frames) {
    std::string out;
    for (const char frame : frames) {
        const auto verdict = segmenter.push(frame == 'x' ? 0.01 : 0.0);
        std::string here;
        here += verdict.speechStarted ? "s" : "";
        here += verdict.utteranceOpened ? "(" : "";
        here += verdict.utteranceClosed ? ")" : "";
        here += verdict.speechEnded ? "e" : "";
        out += here.empty() ? "-" : here;
    }
    return out;
}

static void speech_opens_with_two_loud_frames_and_starts_at_the_first() {
    SpeechSegmenter segmenter({});
    assertText(feed(segmenter, "..x.xx"), "-----s(");
    g_assert_cmpuint(segmenter.speechStart(), ==, 4);
    g_assert_cmpuint(segmenter.utteranceStart(), ==, 4);
}

static void silence_of_the_endpointing_time_closes_and_less_does_not() {
    SpeechSegmenter segmenter({.endpointing = 0.05});
    assertText(feed(segmenter, "xxx....xx.....x"), "-s(-----------)e-");
    g_assert_cmpuint(segmenter.lastLoudEnd(), ==, 9);
}

static void the_default_endpointing_is_five_frames_not_six() {
    SpeechSegmenter segmenter({.endpointing = 0.05});
    feed(segmenter, "xx");
    assertText(feed(segmenter, "....."), "----)e");
    SpeechSegmenter longer({.endpointing = 0.3});
    feed(longer, "xx");
    assertText(feed(longer, std::string(30, '.')), std::string(29, '-') + ")e");
}

static void an_utterance_of_the_longest_duration_closes_and_the_next_follows_at_once() {
    SpeechSegmenter segmenter({.endpointing = 0.05, .maxDuration = 5});
    const std::string all = feed(segmenter, std::string(1001, 'x'));
    assertText(all.substr(0, 3), "-s(");
    // Speech itself goes on: one start, no end.
    g_assert_cmpuint(all.find('s'), ==, all.rfind('s'));
    g_assert_true(all.find('e') == std::string::npos);
    std::string marks;
    for (const char c : all)
        marks += c == '(' || c == ')' ? std::string(1, c) : "";
    assertText(marks, "()()(");
    g_assert_cmpuint(segmenter.utteranceStart(), ==, 1000);
}

static void the_end_of_the_audio_closes_what_is_open() {
    SpeechSegmenter segmenter({});
    feed(segmenter, "xxx");
    const auto verdict = segmenter.finish();
    g_assert_true(verdict.utteranceClosed);
    g_assert_true(verdict.speechEnded);
    const auto again = segmenter.finish();
    g_assert_false(again.utteranceClosed);
    g_assert_false(again.speechEnded);
}

static void only_what_reaches_the_threshold_is_loud() {
    SpeechSegmenter segmenter({.thresholdDb = -40});
    segmenter.push(0.99e-4);
    g_assert_false(segmenter.loud());
    segmenter.push(1.01e-4);
    g_assert_true(segmenter.loud());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/segmenter/speech-opens-with-two-loud-frames",
                    speech_opens_with_two_loud_frames_and_starts_at_the_first);
    g_test_add_func("/segmenter/silence-of-the-endpointing-time-closes",
                    silence_of_the_endpointing_time_closes_and_less_does_not);
    g_test_add_func("/segmenter/the-default-endpointing-is-five-frames",
                    the_default_endpointing_is_five_frames_not_six);
    g_test_add_func("/segmenter/an-utterance-of-the-longest-duration-closes",
                    an_utterance_of_the_longest_duration_closes_and_the_next_follows_at_once);
    g_test_add_func("/segmenter/the-end-of-the-audio-closes-what-is-open",
                    the_end_of_the_audio_closes_what_is_open);
    g_test_add_func("/segmenter/only-what-reaches-the-threshold-is-loud",
                    only_what_reaches_the_threshold_is_loud);
    return g_test_run();
}
