// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/listener.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using lt::support::DtmfTiming;
using lt::support::makeDtmf;

static void assertText(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

/// Two channels, interleaved; the shorter one is silent at the end.
static std::vector<std::uint8_t> stereo(std::vector<std::int16_t> left, std::vector<std::int16_t> right) {
    const std::size_t length = std::max(left.size(), right.size());
    left.resize(length);
    right.resize(length);
    std::vector<std::int16_t> both;
    for (std::size_t i = 0; i < length; i++)
        both.insert(both.end(), {left[i], right[i]});
    std::vector<std::uint8_t> bytes(both.size() * 2);
    std::memcpy(bytes.data(), both.data(), bytes.size());
    return bytes;
}

/// Everything that was reported, in order, as text.
static std::string transcriptOf(const AudioFormat &format, SegmenterConfig config,
                                const std::vector<std::uint8_t> &bytes, std::size_t piece) {
    Listener listener(format, config);
    std::string out;
    const auto write = [&](const std::vector<Heard> &heard) {
        for (const Heard &event : heard) {
            const char *names[] = {"start", "end", "partial", "final"};
            out += std::string(names[static_cast<int>(event.kind)]) + std::to_string(event.channel) + "@" +
                   std::to_string(event.time) + event.utterance.text + "\n";
        }
    };
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        write(listener.hear(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at))));
    write(listener.finish());
    return out;
}

static std::string finalDigits(const char *sequence, const DtmfTiming &timing, SegmenterConfig config) {
    const auto samples = makeDtmf(sequence, timing);
    std::vector<std::uint8_t> bytes(samples.size() * 2);
    std::memcpy(bytes.data(), samples.data(), bytes.size());
    Listener listener({.sampleRate = timing.sampleRate}, config);
    auto heard = listener.hear(bytes);
    const auto rest = listener.finish();
    heard.insert(heard.end(), rest.begin(), rest.end());
    std::string all;
    for (const Heard &event : heard) {
        if (event.kind == Heard::Kind::kFinal)
            all += event.utterance.text;
    }
    std::erase(all, ' ');
    return all;
}

static void the_report_is_the_same_however_the_bytes_are_cut() {
    const DtmfTiming timing{.sampleRate = 44100, .digitMs = 60, .gapMs = 60, .pauseMs = 400, .leadMs = 37};
    const auto bytes = stereo(makeDtmf("159#,20", timing), makeDtmf("7,7,*A", timing));
    const AudioFormat format{.sampleRate = 44100, .channels = 2};
    const std::string whole = transcriptOf(format, {.endpointing = 0.3}, bytes, bytes.size());
    g_assert_true(whole.find("final0@0.030000 1 5 9 #\n") != std::string::npos);
    g_assert_true(whole.find(" * A\n") != std::string::npos);
    for (const std::size_t piece : {1, 3, 333, 4096, 65537})
        assertText(transcriptOf(format, {.endpointing = 0.3}, bytes, piece), whole);
}

static void no_digit_is_lost_or_doubled_where_a_long_utterance_is_cut() {
    std::string sequence;
    for (int i = 0; i < 20; i++)
        sequence += "0123456789";
    // Lengths that make the cuts every five seconds fall into every part of a tone and of a gap.
    for (const auto &[digitMs, gapMs] : {std::pair{61, 43}, {83, 57}, {47, 41}, {97, 0}}) {
        for (const int lead : {0, 3, 17})
            assertText(finalDigits(sequence.c_str(), {.digitMs = digitMs, .gapMs = gapMs, .leadMs = lead},
                                   {.endpointing = 0.3, .maxDuration = 5}),
                       sequence);
    }
}

static void a_tone_that_ends_with_the_audio_still_counts() {
    assertText(finalDigits("12", {.digitMs = 45, .gapMs = 0, .leadMs = 3}, {}), "12");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/listener/" #function, function)
    ADD(the_report_is_the_same_however_the_bytes_are_cut);
    ADD(no_digit_is_lost_or_doubled_where_a_long_utterance_is_cut);
    ADD(a_tone_that_ends_with_the_audio_still_counts);
#undef ADD
    return g_test_run();
}
