// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/audio_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <glib.h>

using namespace lt::emulator;

static std::vector<float> readIn(AudioFormat format, std::initializer_list<int> bytes,
                                 std::size_t piece = 1000) {
    SampleReader reader(format);
    std::vector<std::uint8_t> all;
    for (const int byte : bytes)
        all.push_back(static_cast<std::uint8_t>(byte));
    std::vector<float> samples;
    for (std::size_t at = 0; at < all.size(); at += piece)
        reader.read(std::span(all).subspan(at, std::min(piece, all.size() - at)), samples);
    return samples;
}

static void assertSamples(const std::vector<float> &actual, std::initializer_list<double> expected) {
    g_assert_cmpuint(actual.size(), ==, expected.size());
    std::size_t at = 0;
    for (const double value : expected)
        g_assert_cmpfloat_with_epsilon(static_cast<double>(actual[at++]), value, 1e-7);
}

static void pcm_of_every_depth_spans_the_same_range() {
    assertSamples(readIn({.bitDepth = 8}, {0x00, 0x80, 0xc0}), {-1, 0, 0.5});
    assertSamples(readIn({.bitDepth = 16}, {0x00, 0x80, 0x00, 0x00, 0x00, 0x40}), {-1, 0, 0.5});
    assertSamples(readIn({.bitDepth = 24}, {0x00, 0x00, 0x80, 0x00, 0x00, 0x40}), {-1, 0.5});
    assertSamples(readIn({.bitDepth = 32}, {0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x40}), {-1, 0.5});
}

static void telephone_codes_have_the_values_of_the_standard() {
    const AudioFormat ulaw{.encoding = Encoding::kUlaw, .bitDepth = 8};
    assertSamples(readIn(ulaw, {0xff, 0x7f, 0x80, 0x00, 0xfe}),
                  {0, 0, 32124 / 32768.0, -32124 / 32768.0, 8 / 32768.0});
    const AudioFormat alaw{.encoding = Encoding::kAlaw, .bitDepth = 8};
    assertSamples(readIn(alaw, {0xd5, 0x55, 0xaa, 0x2a, 0xc5}),
                  {8 / 32768.0, -8 / 32768.0, 32256 / 32768.0, -32256 / 32768.0, 264 / 32768.0});
}

static void a_frame_waits_for_its_last_byte() {
    const AudioFormat stereo{.bitDepth = 16, .channels = 2};
    for (std::size_t piece = 1; piece < 9; piece++)
        assertSamples(readIn(stereo, {0, 0x40, 0, 0xc0, 0, 0x20, 0, 0xe0, 0, 0x10, 0}, piece),
                      {0.5, -0.5, 0.25, -0.25});
}

static void a_wav_header_at_the_start_is_skipped_with_all_its_chunks() {
    for (std::size_t piece = 1; piece < 12; piece++)
        assertSamples(readIn({}, {'R', 'I', 'F', 'F', 9, 9, 9, 9, 'W', 'A',  'V', 'E',
                                  'L', 'I', 'S', 'T', 3, 0, 0, 0, 'x', 'y',  'z', 0,
                                  'd', 'a', 't', 'a', 4, 0, 0, 0, 0,   0x40, 0,   0xc0},
                             piece),
                      {0.5, -0.5});
}

static void audio_that_merely_begins_like_a_header_is_audio() {
    g_assert_cmpuint(readIn({}, {'R', 'I', 'F', 'X', 0, 0}).size(), ==, 3);
    g_assert_cmpuint(readIn({}, {'R', 'I', 'F', 'F', 0, 0, 0, 0, 'A', 'V', 'I', ' '}).size(), ==, 6);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/audio-format/" #function, function)
    ADD(pcm_of_every_depth_spans_the_same_range);
    ADD(telephone_codes_have_the_values_of_the_standard);
    ADD(a_frame_waits_for_its_last_byte);
    ADD(a_wav_header_at_the_start_is_skipped_with_all_its_chunks);
    ADD(audio_that_merely_begins_like_a_header_is_audio);
#undef ADD
    return g_test_run();
}
