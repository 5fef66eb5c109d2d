// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/queue_limits.h"
#include "lib/metrics/registry.h"

#include <array>
#include <chrono>
#include <memory>
#include <string>

namespace lt::broadcast {

/// A histogram and its two halves.
struct SplitHistogram {
    metrics::Histogram &all, &partial, &final;

    void record(bool isFinal, net::Duration duration) {
        const double ms = std::chrono::duration<double, std::milli>(duration).count();
        all.record(ms);
        (isFinal ? final : partial).record(ms);
    }
};

/// What fan-out counts for the whole process. Looked up once: a look-up takes a lock. Any thread.
struct FanoutInstruments {
    explicit FanoutInstruments(metrics::Registry &registry);

    void countDrops(const QueueDrops &drops);

    struct DropCounters {
        metrics::Counter *partials, *finals;
    };
    SplitHistogram broadcastLatency, delivery;
    metrics::Histogram &roundTrip;
    metrics::Counter &errors, &timeouts, &drops;
    std::array<DropCounters, kDropReasons> dropsBy;
};

/// What is kept per session: there from the first publisher to the room's end.
struct SessionInstruments {
    SessionInstruments(metrics::Registry &registry, const std::string &session);

    metrics::SessionSeries series;
    metrics::Histogram &lag;
    metrics::Gauge &clients, &queueSize;
};
using SessionInstrumentsRef = std::shared_ptr<SessionInstruments>;

} // namespace lt::broadcast
