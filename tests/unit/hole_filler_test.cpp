// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/hole_filler.h"

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 2};

/// 100 ms that start at running time `ms`.
AudioBlock block(std::uint64_t ms, const AudioFormat &format = kFormat) {
    AudioBlock made;
    made.bytes = format.rate / 10 * format.bytesPerFrame();
    made.runningNs = ms * kMs;
    made.enteredNs = 7;
    made.format = format;
    return made;
}

} // namespace

static void a_short_hole_is_silence_of_its_length() {
    HoleFiller filler(2000 * kMs);
    g_assert_false(filler.before(block(5000)).has_value()); // nothing comes before the first
    g_assert_false(filler.before(block(5100)).has_value());
    const auto silence = filler.before(block(6000));
    g_assert_true(silence.has_value());
    g_assert_null(silence->buffer.get());
    g_assert_cmpuint(silence->runningNs, ==, 5200 * kMs);
    g_assert_cmpuint(silence->durationNs(), ==, 800 * kMs);
    g_assert_cmpuint(silence->enteredNs, ==, 7);
    g_assert_true(silence->format == kFormat);
    g_assert_false(filler.before(block(6100)).has_value()); // once
    g_assert_cmpuint(filler.before(block(8200))->durationNs(), ==, 2000 * kMs);
}

static void a_long_hole_and_jitter_are_left() {
    HoleFiller filler(2000 * kMs);
    filler.before(block(0));
    g_assert_false(filler.before(block(2101)).has_value());
    g_assert_false(filler.before(block(2101 + 100 + 39)).has_value()); // jitter
    g_assert_false(filler.before(block(1000)).has_value());            // back in time
    HoleFiller never(0);
    never.before(block(0));
    g_assert_false(never.before(block(200)).has_value());
}

static void another_format_begins_anew() {
    HoleFiller filler(2000 * kMs);
    filler.before(block(0));
    g_assert_false(filler.before(block(500, {Encoding::Alaw, 8000, 1})).has_value());
    const auto silence = filler.before(block(700, {Encoding::Alaw, 8000, 1}));
    g_assert_cmpuint(silence->bytes, ==, 800);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/hole-filler/a short hole is silence of its length",
                    a_short_hole_is_silence_of_its_length);
    g_test_add_func("/hole-filler/a long hole and jitter are left", a_long_hole_and_jitter_are_left);
    g_test_add_func("/hole-filler/another format begins anew", another_format_begins_anew);
    return g_test_run();
}
