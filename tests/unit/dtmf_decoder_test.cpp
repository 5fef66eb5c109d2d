// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/dtmf_decoder.h"

#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include <glib.h>

using lt::emulator::decodeDtmf;
using lt::emulator::DtmfDecoder;
using lt::support::DtmfTiming;
using lt::support::makeDtmf;

/// Strings that outlive the comparison, which g_assert_cmpstr() leaves to its caller.
static void assertText(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

static std::vector<float> toFloat(const std::vector<std::int16_t> &samples) {
    std::vector<float> out;
    for (const auto sample : samples)
        out.push_back(static_cast<float>(sample) / 32768.0f);
    return out;
}

static std::string heard(const char *sequence, const DtmfTiming &timing) {
    return decodeDtmf(toFloat(makeDtmf(sequence, timing)), timing.sampleRate);
}

static const char kAll[] = "0123456789ABCD*#";

static void every_digit_is_heard_at_every_rate() {
    for (const int rate : {8000, 16000, 32000, 44100, 48000}) {
        const std::string digits = heard(kAll, {.sampleRate = rate});
        assertText(digits, kAll);
    }
}

static void a_digit_repeated_after_a_pause_counts_twice() {
    for (const int gap : {40, 50, 80, 200}) {
        const std::string digits = heard("1155990", {.digitMs = 60, .gapMs = gap});
        assertText(digits, "1155990");
    }
}

static void tones_of_forty_ms_are_heard_whatever_their_phase() {
    for (int lead = 0; lead < 10; lead++) {
        const std::string digits = heard(kAll, {.digitMs = 40, .gapMs = 40, .leadMs = lead});
        assertText(digits, kAll);
    }
}

static void different_digits_need_no_pause_between_them() {
    const std::string digits = heard("1590", {.digitMs = 80, .gapMs = 0});
    assertText(digits, "1590");
}

static void a_long_tone_is_one_digit() {
    const std::string digits = heard("7", {.digitMs = 5000});
    assertText(digits, "7");
}

static void tones_are_heard_quiet_and_through_noise() {
    assertText(heard(kAll, {.level = 0.02}), kAll);
    auto samples = toFloat(makeDtmf(kAll, {.level = 0.1}));
    std::mt19937 random(1);
    std::normal_distribution<float> noise(0.0f, 0.01f);
    for (auto &sample : samples)
        sample += noise(random);
    assertText(decodeDtmf(samples, 16000), kAll);
}

static void silence_noise_and_single_tones_are_no_digits() {
    assertText(decodeDtmf(std::vector<float>(16000), 16000), "");
    std::mt19937 random(2);
    std::uniform_real_distribution<float> noise(-0.5f, 0.5f);
    std::vector<float> samples(160000);
    for (auto &sample : samples)
        sample = noise(random);
    assertText(decodeDtmf(samples, 16000), "");
    for (const double frequency : {440.0, 697.0, 1209.0, 1000.0}) {
        for (std::size_t i = 0; i < samples.size(); i++)
            samples[i] = static_cast<float>(
                0.4 * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / 16000));
        assertText(decodeDtmf(samples, 16000), "");
    }
}

static void a_smear_behind_a_tone_is_not_a_second_digit() {
    const auto tone = toFloat(makeDtmf("5", {.digitMs = 100, .gapMs = 0}));
    std::vector<float> samples = tone;
    for (std::size_t i = 0; i < 800; i++) // 50 ms, 20 dB down
        samples.push_back(tone[i] * 0.1f);
    samples.resize(samples.size() + 1600);
    assertText(decodeDtmf(samples, 16000), "5");
}

static void begin_and_end_of_a_tone_are_known_to_two_hundredths() {
    DtmfDecoder decoder(16000);
    const auto samples = toFloat(makeDtmf("3", {.digitMs = 200, .gapMs = 300, .leadMs = 500}));
    std::vector<DtmfDecoder::Event> events;
    for (std::size_t at = 0; at + decoder.hopSize() <= samples.size(); at += decoder.hopSize())
        decoder.push(std::span(samples).subspan(at, decoder.hopSize()), events);
    g_assert_cmpuint(events.size(), ==, 2);
    g_assert_true(events[0].began);
    g_assert_cmpint(events[0].digit, ==, '3');
    g_assert_cmpuint(events[0].hop, >=, 48);
    g_assert_cmpuint(events[0].hop, <=, 52);
    g_assert_false(events[1].began);
    g_assert_cmpuint(events[1].hop, >=, 68);
    g_assert_cmpuint(events[1].hop, <=, 72);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/dtmf/every-digit-is-heard-at-every-rate", every_digit_is_heard_at_every_rate);
    g_test_add_func("/dtmf/a-digit-repeated-after-a-pause-counts-twice",
                    a_digit_repeated_after_a_pause_counts_twice);
    g_test_add_func("/dtmf/tones-of-forty-ms-are-heard-whatever-their-phase",
                    tones_of_forty_ms_are_heard_whatever_their_phase);
    g_test_add_func("/dtmf/different-digits-need-no-pause-between-them",
                    different_digits_need_no_pause_between_them);
    g_test_add_func("/dtmf/a-long-tone-is-one-digit", a_long_tone_is_one_digit);
    g_test_add_func("/dtmf/tones-are-heard-quiet-and-through-noise", tones_are_heard_quiet_and_through_noise);
    g_test_add_func("/dtmf/silence-noise-and-single-tones-are-no-digits",
                    silence_noise_and_single_tones_are_no_digits);
    g_test_add_func("/dtmf/a-smear-behind-a-tone-is-not-a-second-digit",
                    a_smear_behind_a_tone_is_not_a_second_digit);
    g_test_add_func("/dtmf/begin-and-end-of-a-tone-are-known-to-two-hundredths",
                    begin_and_end_of_a_tone_are_known_to_two_hundredths);
    return g_test_run();
}
