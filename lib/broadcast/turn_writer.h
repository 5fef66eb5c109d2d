// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/deliveries.h"
#include "lib/broadcast/turn.h"
#include "lib/broadcast/viewer_profile.h"

#include <array>
#include <functional>

#include <sys/types.h>

namespace lt::broadcast {

/// All that a fan-out needs to know of a viewer that keeps up. Those of a shard lie side by side: with
/// thousands of viewers, looking into each of them costs as much as a tenth of the write itself.
struct Lane {
    int fd = -1; ///< its socket; -1: the viewer itself must be asked
    ViewerForm form = ViewerForm::V1;
};

/// Writes one turn straight to the sockets of viewers that keep up, and counts what they took.
class TurnWriter {
public:
    /// `now` must outlive the writer.
    TurnWriter(const Turn &turn, Deliveries &deliveries, const std::function<net::TimePoint()> &now);
    TurnWriter(const TurnWriter &) = delete;
    TurnWriter &operator=(const TurnWriter &) = delete;

    const FrameBatch &batchOf(ViewerForm form) const { return batches_[static_cast<std::size_t>(form)]; }
    /// True when that viewer has all of the turn. Else `sent` is what send() returned, and errno as it left
    /// it.
    bool write(Lane lane, ssize_t &sent);
    /// After the last viewer.
    void finish();

private:
    /// So many viewers share one look at the clock: some 40 µs at most pass while they are sent to.
    static constexpr unsigned kRun = 16;

    std::array<FrameBatch, kViewerForms> batches_;
    std::array<unsigned, kViewerForms> served_{}; // in the run under way
    unsigned run_ = 0;
    Deliveries &deliveries_;
    const std::function<net::TimePoint()> &now_;
};

} // namespace lt::broadcast
