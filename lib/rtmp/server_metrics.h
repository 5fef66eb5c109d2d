// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/metrics/registry.h"

namespace lt::rtmp {

/// The series of all RTMP servers of the process.
struct ServerMetrics {
    explicit ServerMetrics(metrics::Registry &all)
        : publishers(all.gauge(metrics::names::kPublishers)),
          publishes(all.counter(metrics::names::kPublishes)),
          refused(all.counter(metrics::names::kPublishesRefused)),
          rateLimited(all.counter(metrics::names::kPublishesRateLimited)),
          lost(all.counter(metrics::names::kPublishersLost)),
          returns(all.counter(metrics::names::kPublisherReturns)),
          takeovers(all.counter(metrics::names::kPublisherTakeovers)),
          dropped(all.counter(metrics::names::kConnectionsDropped)),
          bytes(all.counter(metrics::names::kPublishedBytes)),
          throttledMs(all.counter(metrics::names::kPublishersThrottled)) {}

    metrics::Gauge &publishers;
    metrics::Counter &publishes;
    metrics::Counter &refused;
    metrics::Counter &rateLimited;
    metrics::Counter &lost;
    metrics::Counter &returns;
    metrics::Counter &takeovers;
    metrics::Counter &dropped;
    metrics::Counter &bytes;
    metrics::Counter &throttledMs;
};

} // namespace lt::rtmp
