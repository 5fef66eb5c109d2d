// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/session_totals.h"
#include "lib/metrics/registry.h"
#include "lib/recogniser/spoken_transcript.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lt::gladia {

/// What one stream adds to the metrics of the process and of its session. Series are looked up once. One
/// thread.
class SessionMetrics {
public:
    /// `session`: the slug of the live session.
    SessionMetrics(metrics::Registry &registry, const std::string &session);

    void chunkSent(std::size_t bytes);
    void messageGap(std::uint64_t ns);
    void received(const SpokenTranscript &spoken);
    /// How the stream stands now.
    void report(const SessionTotals &totals);

private:
    struct Pair {
        metrics::Histogram &all, &partial, &final;
        void record(bool isFinal, double ms);
    };

    metrics::SessionSeries series_;
    metrics::Counter &chunks_;
    metrics::Histogram &chunkSize_;
    metrics::Histogram &messageGap_;
    Pair sinceSent_;
    Pair sinceSpoken_;
    metrics::Counter &reconnects_;
    metrics::Counter &resent_;
    metrics::Counter &lost_;
    metrics::Gauge &entered_;
    metrics::Gauge &queued_;
    metrics::Gauge &inFlight_;
    metrics::Gauge &acknowledged_;
    metrics::Gauge &neverTaken_;
    SessionTotals told_; // what the counters have of this stream
};

} // namespace lt::gladia
