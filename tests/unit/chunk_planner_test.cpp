// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/chunk_planner.h"

#include <glib.h>

using lt::chunker::ChunkPlanner;
using lt::chunker::PcmFormat;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMs;

ChunkPlanner planner(PcmFormat format, std::uint32_t chunkMs, std::uint64_t ptsNs = 0) {
    ChunkPlanner made;
    made.setFormat(format);
    made.setChunkMs(chunkMs);
    made.resync(ptsNs);
    return made;
}

} // namespace

static void a_chunk_is_cut_as_soon_as_it_is_full() {
    auto chunks = planner({16000, 2}, 50, kSecond);
    g_assert_false(chunks.takeFull(1599).has_value());
    const auto chunk = chunks.takeFull(1600);
    g_assert_true(chunk.has_value());
    g_assert_cmpuint(chunk->bytes, ==, 1600);
    g_assert_cmpuint(chunk->ptsNs, ==, kSecond);
    g_assert_cmpuint(chunk->durationNs, ==, 50 * kMs);
    g_assert_true(chunk->discont);
    const auto next = chunks.takeFull(100000);
    g_assert_cmpuint(next->bytes, ==, 1600);
    g_assert_cmpuint(next->ptsNs, ==, kSecond + 50 * kMs);
    g_assert_false(next->discont);
}

static void the_bound_is_never_exceeded_nor_a_frame_split() {
    for (std::uint32_t rate : {8000, 16000, 32000, 44100, 48000})
        for (std::uint32_t bytesPerFrame : {1, 2, 6, 16})
            for (std::uint32_t ms : {5, 7, 20, 33, 50, 999, 1000}) {
                auto chunks = planner({rate, bytesPerFrame}, ms);
                const auto chunk = chunks.takeFull(1 << 22);
                g_assert_cmpuint(chunk->bytes % bytesPerFrame, ==, 0);
                const auto frames = chunk->bytes / bytesPerFrame;
                g_assert_cmpuint(frames * 1000, <=, std::uint64_t{rate} * ms);
                g_assert_cmpuint((frames + 1) * 1000, >, std::uint64_t{rate} * ms);
            }
}

static void the_rest_is_cut_to_whole_frames() {
    auto chunks = planner({8000, 6}, 50);
    g_assert_false(chunks.takeRest(5).has_value());
    const auto chunk = chunks.takeRest(6 * 7 + 5);
    g_assert_cmpuint(chunk->bytes, ==, 42);
    g_assert_cmpuint(chunk->durationNs, ==, 7 * kSecond / 8000);
    g_assert_cmpuint(chunks.takeRest(1 << 20)->bytes, ==, 6 * 400); // a full chunk at most
}

static void times_do_not_drift_over_a_day() {
    // 44100 Hz in chunks of 33 ms: neither a frame nor a chunk is a whole number of nanoseconds.
    constexpr std::uint64_t kStart = 17;
    auto chunks = planner({44100, 4}, 33, kStart);
    std::uint64_t frames = 0, end = kStart;
    while (end < 24 * 3600 * kSecond) {
        const auto chunk = chunks.takeFull(1 << 20);
        g_assert_cmpuint(chunk->ptsNs, ==, end); // no hole, no overlap
        end = chunk->ptsNs + chunk->durationNs;
        frames += chunk->bytes / 4;
        const auto exact = frames * kSecond / 44100;
        g_assert_cmpuint(end, ==, kStart + exact);
    }
}

static void jitter_of_timestamps_is_not_a_hole() {
    auto chunks = planner({16000, 2}, 50, kSecond);
    // 21.3 ms of audio wait; FLV says the next is 21 or 22 ms later.
    g_assert_true(chunks.continues(kSecond + 21 * kMs, 682));
    g_assert_true(chunks.continues(kSecond + 22 * kMs, 682));
    g_assert_true(chunks.continues(kSecond + 60 * kMs, 682));
    g_assert_false(chunks.continues(kSecond + 62 * kMs, 682));
    g_assert_false(chunks.continues(kSecond - 20 * kMs, 682));
    g_assert_false(chunks.continues(0, 0));
}

static void after_an_interruption_times_begin_anew() {
    auto chunks = planner({16000, 2}, 50);
    chunks.takeFull(1600);
    chunks.interrupt();
    g_assert_false(chunks.continues(50 * kMs, 0));
    g_assert_false(chunks.takeFull(1600).has_value());
    g_assert_false(chunks.takeRest(1600).has_value());
    chunks.resync(7 * kSecond);
    const auto chunk = chunks.takeFull(1600);
    g_assert_cmpuint(chunk->ptsNs, ==, 7 * kSecond);
    g_assert_true(chunk->discont);
}

static void the_chunk_length_may_change_in_the_middle() {
    auto chunks = planner({16000, 2}, 50);
    chunks.takeFull(1600);
    chunks.setChunkMs(20);
    const auto chunk = chunks.takeFull(640);
    g_assert_cmpuint(chunk->bytes, ==, 640);
    g_assert_cmpuint(chunk->ptsNs, ==, 50 * kMs);
    g_assert_false(chunk->discont);
}

static void without_a_format_there_is_nothing_to_cut() {
    ChunkPlanner chunks;
    g_assert_false(chunks.continues(0, 0));
    g_assert_false(chunks.takeFull(1 << 20).has_value());
    g_assert_false(chunks.takeRest(1 << 20).has_value());
    g_assert_cmpuint(PcmFormat{}.durationOf(100), ==, 0);
    const PcmFormat alaw{8000, 2};
    g_assert_cmpuint(alaw.durationOf(16000), ==, kSecond);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/chunk-planner/full", a_chunk_is_cut_as_soon_as_it_is_full);
    g_test_add_func("/chunk-planner/bound", the_bound_is_never_exceeded_nor_a_frame_split);
    g_test_add_func("/chunk-planner/rest", the_rest_is_cut_to_whole_frames);
    g_test_add_func("/chunk-planner/drift", times_do_not_drift_over_a_day);
    g_test_add_func("/chunk-planner/jitter", jitter_of_timestamps_is_not_a_hole);
    g_test_add_func("/chunk-planner/interrupt", after_an_interruption_times_begin_anew);
    g_test_add_func("/chunk-planner/change", the_chunk_length_may_change_in_the_middle);
    g_test_add_func("/chunk-planner/no-format", without_a_format_there_is_nothing_to_cut);
    return g_test_run();
}
