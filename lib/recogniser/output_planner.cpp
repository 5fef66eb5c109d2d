// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/output_planner.h"

#include <algorithm>

namespace lt {

OutputPlanner::Slot OutputPlanner::place(std::uint64_t startNs, std::uint64_t endNs, bool afterHole,
                                         bool isFinal, std::optional<std::uint64_t> nowNs) {
    if (isFinal && nowNs && *nowNs > startNs)
        maxDelayNs_ = std::max(maxDelayNs_, *nowNs - startNs);
    const bool moved = startNs < position_;
    Slot slot;
    slot.ptsNs = std::max(startNs, position_);
    if (settings_.text) {
        // A caption is shown for its own length, wherever it had to go.
        slot.durationNs = endNs - std::min(startNs, endNs);
        late_ += moved;
        position_ = slot.ptsNs + slot.durationNs;
    } else {
        slot.durationNs = std::max(endNs, slot.ptsNs) - slot.ptsNs;
        position_ = slot.ptsNs;
    }
    slot.discont = afterHole || (moved && settings_.text);
    return slot;
}

OutputPlanner::Gap OutputPlanner::gap(std::optional<std::uint64_t> nowNs) {
    const std::uint64_t behind =
        settings_.text ? settings_.latencyNs + settings_.latenessNs : settings_.jsonLagNs;
    const std::uint64_t limit = nowNs && *nowNs > behind ? *nowNs - behind : 0;
    const Gap gap{position_, std::max(limit, position_) - position_};
    position_ += gap.durationNs;
    return gap;
}

} // namespace lt
