// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/session_metrics.h"
#include "lib/metrics/rate.h"

#include <string>
#include <variant>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

/// A counter's or a gauge's value, or a histogram's count; -1: there is no such series.
std::int64_t valueOf(const metrics::Registry &registry, const std::string &name,
                     const std::string &session = {}) {
    for (const auto &sample : registry.snapshot()) {
        if (sample.name != name || sample.session != session)
            continue;
        if (const auto *counter = std::get_if<std::uint64_t>(&sample.value))
            return static_cast<std::int64_t>(*counter);
        if (const auto *gauge = std::get_if<std::int64_t>(&sample.value))
            return *gauge;
        return static_cast<std::int64_t>(std::get<metrics::HistogramSummary>(sample.value).count);
    }
    return -1;
}

} // namespace

static void totals_become_counters_and_gauges() {
    metrics::Registry registry;
    {
        SessionMetrics hall(registry, "hall");
        SessionMetrics yard(registry, "yard");
        SessionTotals totals;
        totals.reconnects = 2;
        totals.bytesResent = 3200;
        totals.bytesEntered = 1000;
        totals.bytesQueued = 400;
        totals.bytesInFlight = 300;
        totals.bytesAcknowledged = 200;
        totals.bytesLost = 100;
        hall.report(totals);
        totals.reconnects = 3;
        totals.bytesLost = 150;
        hall.report(totals);
        hall.report(totals);
        yard.report(totals);
        g_assert_cmpint(valueOf(registry, "gladia.reconnects_total"), ==, 6); // 3 and 3
        g_assert_cmpint(valueOf(registry, "gladia.bytes_resent_total"), ==, 6400);
        g_assert_cmpint(valueOf(registry, "gladia.bytes_lost_total"), ==, 300);
        g_assert_cmpint(valueOf(registry, "gladia.session_entered_bytes", "hall"), ==, 1000);
        g_assert_cmpint(valueOf(registry, "gladia.session_queued_bytes", "hall"), ==, 400);
        g_assert_cmpint(valueOf(registry, "gladia.session_in_flight_bytes", "hall"), ==, 300);
        g_assert_cmpint(valueOf(registry, "gladia.session_acknowledged_bytes", "hall"), ==, 200);
        g_assert_cmpint(valueOf(registry, "gladia.session_lost_bytes", "yard"), ==, 150);
    }
    // The session's series go with it, those of the process stay.
    g_assert_cmpint(valueOf(registry, "gladia.session_lost_bytes", "hall"), ==, -1);
    g_assert_cmpint(valueOf(registry, "gladia.bytes_lost_total"), ==, 300);
}

static void only_transcripts_measure_the_recogniser() {
    metrics::Registry registry;
    SessionMetrics metrics(registry, "hall");
    SpokenTranscript spoken;
    spoken.stamps.received = 10 * kSecond;
    metrics.received(spoken); // nobody knows when its audio was sent
    g_assert_cmpint(valueOf(registry, "stt.end_to_transcript_ms"), ==, 0);
    spoken.stamps.audio_sent = 9 * kSecond;
    spoken.spokenNs = 8 * kSecond;
    metrics.received(spoken);
    spoken.transcript.isFinal = true;
    metrics.received(spoken);
    spoken.transcript.kind = GST_TRANSCRIPT_KIND_TRANSLATION;
    metrics.received(spoken);
    g_assert_cmpint(valueOf(registry, "stt.end_to_transcript_ms"), ==, 2);
    g_assert_cmpint(valueOf(registry, "stt.end_to_transcript_ms.partial"), ==, 1);
    g_assert_cmpint(valueOf(registry, "stt.end_to_transcript_ms.final"), ==, 1);
    g_assert_cmpint(valueOf(registry, "gladia.stt_latency_ms"), ==, 2);
    metrics.chunkSent(1600);
    metrics.messageGap(kMs);
    g_assert_cmpint(valueOf(registry, "audio.chunks_sent"), ==, 1);
    g_assert_cmpint(valueOf(registry, "audio.chunk_size_bytes"), ==, 1);
    g_assert_cmpint(valueOf(registry, "gladia.message_gap_ms"), ==, 1);
}

static void a_rate_is_told_once_a_second() {
    metrics::Rate rate;
    int told = 0;
    for (std::uint64_t now = 5 * kSecond; now <= 15 * kSecond; now += 50 * kMs) {
        rate.count(now == 7 * kSecond ? 30 * kMs : kMs);
        const auto second = rate.tell(now);
        if (!second)
            continue;
        told++;
        g_assert_cmpfloat_with_epsilon(second->perSecond, told == 1 ? 21 : 20, 1e-9);
        g_assert_cmpfloat_with_epsilon(second->longestMs, told == 2 ? 30 : 1, 1e-9);
    }
    g_assert_cmpint(told, ==, 10);
    rate.count();
    g_assert_cmpfloat_with_epsilon(rate.tell(25 * kSecond)->perSecond, 0.1, 1e-9); // after a pause
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/session-metrics/totals become counters and gauges", totals_become_counters_and_gauges);
    g_test_add_func("/session-metrics/only transcripts measure the recogniser",
                    only_transcripts_measure_the_recogniser);
    g_test_add_func("/session-metrics/a rate is told once a second", a_rate_is_told_once_a_second);
    return g_test_run();
}
