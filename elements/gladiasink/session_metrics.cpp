// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/session_metrics.h"

#include <algorithm>

namespace lt::gladia {

namespace names = metrics::names;

namespace {

double ms(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e6;
}

/// 0 when the two clocks disagree.
double msBetween(std::uint64_t earlier, std::uint64_t later) {
    return ms(later - std::min(earlier, later));
}

} // namespace

void SessionMetrics::Pair::record(bool isFinal, double value) {
    all.record(value);
    (isFinal ? final : partial).record(value);
}

SessionMetrics::SessionMetrics(metrics::Registry &registry, const std::string &session)
    : series_(registry.session(session)),
      chunks_(registry.counter(names::kAudioChunksSent)),
      chunkSize_(registry.histogram(names::kAudioChunkSize)),
      messageGap_(registry.histogram(names::kMessageGap)),
      sinceSent_{registry.histogram(names::kEndToTranscript),
                 registry.histogram(names::kEndToTranscriptPartial),
                 registry.histogram(names::kEndToTranscriptFinal)},
      sinceSpoken_{registry.histogram(names::kSttLatency), registry.histogram(names::kSttLatencyPartial),
                   registry.histogram(names::kSttLatencyFinal)},
      reconnects_(registry.counter(names::kReconnects)),
      resent_(registry.counter(names::kBytesResent)),
      lost_(registry.counter(names::kBytesLost)),
      entered_(series_.gauge(names::kSessionBytesEntered)),
      queued_(series_.gauge(names::kSessionBytesQueued)),
      inFlight_(series_.gauge(names::kSessionBytesInFlight)),
      acknowledged_(series_.gauge(names::kSessionBytesAcknowledged)),
      neverTaken_(series_.gauge(names::kSessionBytesLost)) {}

void SessionMetrics::chunkSent(std::size_t bytes) {
    chunks_.add();
    chunkSize_.record(static_cast<double>(bytes));
}

void SessionMetrics::messageGap(std::uint64_t ns) {
    messageGap_.record(ms(ns));
}

void SessionMetrics::received(const SpokenTranscript &spoken) {
    // What is made of a final later says nothing of the recogniser's speed.
    if (spoken.stamps.audio_sent == GST_CLOCK_TIME_NONE ||
        spoken.transcript.kind != GST_TRANSCRIPT_KIND_TRANSCRIPT)
        return;
    const bool isFinal = spoken.transcript.isFinal;
    sinceSent_.record(isFinal, msBetween(spoken.stamps.audio_sent, spoken.stamps.received));
    sinceSpoken_.record(isFinal, msBetween(spoken.spokenNs, spoken.stamps.received));
}

void SessionMetrics::report(const SessionTotals &totals) {
    reconnects_.add(totals.reconnects - told_.reconnects);
    resent_.add(totals.bytesResent - told_.bytesResent);
    lost_.add(totals.bytesLost - told_.bytesLost);
    told_ = totals;
    const auto set = [](metrics::Gauge &gauge, std::uint64_t bytes) {
        gauge.set(static_cast<std::int64_t>(bytes));
    };
    set(entered_, totals.bytesEntered);
    set(queued_, totals.bytesQueued);
    set(inFlight_, totals.bytesInFlight);
    set(acknowledged_, totals.bytesAcknowledged);
    set(neverTaken_, totals.bytesLost);
}

} // namespace lt::gladia
