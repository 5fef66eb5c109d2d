// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"
#include "lib/broadcast/room_counts.h"
#include "lib/broadcast/room_instruments.h"
#include "lib/metrics/instruments.h"

#include <cstdint>

namespace lt::broadcast {

/// Messages that viewers' sockets have accepted, on their way to where others see them: those of one walk
/// over the viewers are much alike and are counted together. One thread.
class Deliveries {
public:
    explicit Deliveries(FanoutInstruments &instruments);

    /// So many viewers had taken the frame by `at`.
    void add(const Frame &frame, net::TimePoint at, std::uint64_t viewers = 1);
    /// At the end of a walk, and after what happens outside of one.
    void flush(RoomCounts &counts);

private:
    metrics::HistogramRun partials_, finals_;
    std::uint64_t count_ = 0;
};

} // namespace lt::broadcast
