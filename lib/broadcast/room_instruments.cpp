// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/room_instruments.h"

namespace lt::broadcast {

namespace {

namespace names = metrics::names;

std::array<FanoutInstruments::DropCounters, kDropReasons> dropCounters(metrics::Registry &registry) {
    std::array<FanoutInstruments::DropCounters, kDropReasons> counters;
    for (std::size_t i = 0; i < kDropReasons; i++)
        counters[i] = {&registry.counter(names::kQueueDropsBy[i].partials),
                       &registry.counter(names::kQueueDropsBy[i].finals)};
    return counters;
}

} // namespace

FanoutInstruments::FanoutInstruments(metrics::Registry &registry)
    : broadcastLatency{registry.histogram(names::kBroadcastLatency),
                       registry.histogram(names::kBroadcastLatencyPartial),
                       registry.histogram(names::kBroadcastLatencyFinal)},
      delivery{registry.histogram(names::kViewerDelivery), registry.histogram(names::kViewerDeliveryPartial),
               registry.histogram(names::kViewerDeliveryFinal)},
      roundTrip(registry.histogram(names::kViewerRoundTrip)),
      errors(registry.counter(names::kBroadcastErrors)),
      timeouts(registry.counter(names::kHeartbeatTimeouts)),
      drops(registry.counter(names::kQueueDrops)),
      dropsBy(dropCounters(registry)) {}

void FanoutInstruments::countDrops(const QueueDrops &drops_) {
    for (std::size_t i = 0; i < kDropReasons; i++) {
        const ClassCount &count = drops_.counts[i];
        if (count.all() == 0)
            continue;
        drops.add(count.all());
        dropsBy[i].partials->add(count.partials);
        dropsBy[i].finals->add(count.finals);
    }
}

SessionInstruments::SessionInstruments(metrics::Registry &registry, const std::string &session)
    : series(registry.session(session)),
      lag(series.histogram(names::kSessionBroadcastLag)),
      clients(series.gauge(names::kSessionClients)),
      queueSize(series.gauge(names::kSessionQueueSize)) {}

} // namespace lt::broadcast
