// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/marker_detector.h"
#include "tests/bench/ingest/marker_signal.h"
#include "tests/bench/support/pcm_log.h"

#include <cmath>

#include <glib.h>

using namespace lt::bench;

namespace {

std::vector<std::int16_t> signalOf(std::uint32_t seed, double seconds) {
    std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * kSourceRate) * kSourceChannels);
    MarkerSignal(seed, seconds).fill(samples);
    return samples;
}

/// AAC frames as they come: 23.2 ms of 16 kHz PCM each.
PcmLog framesOf(unsigned count) {
    PcmLog log;
    for (unsigned i = 1; i <= count; i++)
        log.append(i * std::int64_t{23219955}, i * 1024 * 160 / 441 - log.frames());
    return log;
}

} // namespace

static void each_marker_is_found_where_it_was_put() {
    const auto sent = markerTimes(7, 5);
    g_assert_cmpuint(sent.size(), >, 50);
    MarkerDetector detector(kSourceRate, kSourceChannels);
    detector.feed(signalOf(7, 5.2));
    const auto alignment = align(sent, detector);
    g_assert_true(alignment.has_value());
    g_assert_cmpfloat(std::abs(alignment->offsetSeconds), <, 0.0002);
    g_assert_cmpuint(alignment->strangers, <=, 3); // of the last 0.2 s
    for (std::size_t i = 0; i < sent.size(); i++) {
        g_assert_true(alignment->received[i].has_value());
        g_assert_cmpfloat(std::abs(*alignment->received[i] - sent[i]), <, 0.0005);
    }
}

static void audio_lost_at_the_start_shows_as_offset() {
    const auto samples = signalOf(3, 4);
    const std::size_t lostFrames = kSourceRate / 2;
    MarkerDetector detector(kSourceRate, kSourceChannels);
    detector.feed(std::span(samples).subspan(lostFrames * kSourceChannels));
    const auto alignment = align(markerTimes(3, 4), detector);
    g_assert_true(alignment.has_value());
    g_assert_cmpfloat(std::abs(alignment->offsetSeconds + 0.5), <, 0.0002);
    g_assert_false(alignment->received.front().has_value());
}

static void the_cut_of_the_feed_does_not_matter() {
    const auto samples = signalOf(5, 1);
    MarkerDetector whole(kSourceRate, kSourceChannels), pieces(kSourceRate, kSourceChannels);
    whole.feed(samples);
    for (std::size_t at = 0; at < samples.size(); at += 26)
        pieces.feed(std::span(samples).subspan(at, std::min<std::size_t>(26, samples.size() - at)));
    g_assert_true(whole.centres() == pieces.centres());
}

static void the_markers_of_another_signal_do_not_fit() {
    MarkerDetector detector(kSourceRate, kSourceChannels);
    detector.feed(signalOf(11, 5));
    g_assert_false(align(markerTimes(12, 5), detector).has_value());
    g_assert_false(align(markerTimes(12, 5), MarkerDetector(kSourceRate, kSourceChannels)).has_value());
}

static void a_log_knows_when_a_frame_was_there() {
    PcmLog log;
    g_assert_false(log.availableNs(0).has_value());
    log.append(10, 100);
    log.append(20, 0);
    log.append(30, 100);
    g_assert_cmpint(*log.firstNs(), ==, 10);
    g_assert_cmpint(*log.availableNs(99.9), ==, 10);
    g_assert_cmpint(*log.availableNs(100), ==, 30);
    g_assert_false(log.availableNs(200).has_value());
}

static void frames_leave_in_pairs_at_50_25() {
    const PcmLog cut = cutIntoChunks(framesOf(9), 16000, 50, 25);
    g_assert_cmpuint(cut.entries().size(), ==, 4); // the first time counts from the first arrival
    for (std::size_t i = 1; i < cut.entries().size(); i++)
        g_assert_cmpint(cut.entries()[i].timeNs - cut.entries()[i - 1].timeNs, ==,
                        2 * std::int64_t{23219955});
}

static void frames_leave_as_they_come_at_20_5() {
    const PcmLog in = framesOf(9), cut = cutIntoChunks(in, 16000, 20, 5);
    for (std::size_t i = 1; i < in.entries().size(); i++)
        g_assert_cmpint(*cut.availableNs(static_cast<double>(in.entries()[i].end - 1)), ==,
                        in.entries()[i].timeNs);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const auto add = [](const char *path, void (*test)()) {
        g_test_add_func(path, test);
    };
    add("/markers/each_marker_is_found_where_it_was_put", each_marker_is_found_where_it_was_put);
    add("/markers/audio_lost_at_the_start_shows_as_offset", audio_lost_at_the_start_shows_as_offset);
    add("/markers/the_cut_of_the_feed_does_not_matter", the_cut_of_the_feed_does_not_matter);
    add("/markers/the_markers_of_another_signal_do_not_fit", the_markers_of_another_signal_do_not_fit);
    add("/log/a_log_knows_when_a_frame_was_there", a_log_knows_when_a_frame_was_there);
    add("/cut/frames_leave_in_pairs_at_50_25", frames_leave_in_pairs_at_50_25);
    add("/cut/frames_leave_as_they_come_at_20_5", frames_leave_as_they_come_at_20_5);
    return g_test_run();
}
