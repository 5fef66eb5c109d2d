// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/deliveries.h"

#include <chrono>
#include <utility>

namespace lt::broadcast {

Deliveries::Deliveries(FanoutInstruments &instruments)
    : partials_(instruments.delivery.all, instruments.delivery.partial),
      finals_(instruments.delivery.all, instruments.delivery.final) {}

void Deliveries::add(const Frame &frame, net::TimePoint at, std::uint64_t viewers) {
    const FrameLabel &label = frame.label();
    count_ += viewers;
    (label.frameClass == FrameClass::Final ? finals_ : partials_)
        .record(std::chrono::duration<double, std::milli>(at - label.queuedAt).count(), viewers);
}

void Deliveries::flush(RoomCounts &counts) {
    if (count_ == 0)
        return;
    counts.delivered += std::exchange(count_, 0);
    partials_.flush();
    finals_.flush();
}

} // namespace lt::broadcast
