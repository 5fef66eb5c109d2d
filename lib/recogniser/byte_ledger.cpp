// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/byte_ledger.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lt {

namespace {

/// Ranges closer than this are one: timestamps are rounded.
constexpr std::uint64_t kAdjacentNs = 1'000'000;
/// More separate ranges than this are not kept apart before they are reported.
constexpr std::size_t kMaxRanges = 64;

} // namespace

const char *nameOf(LossReason reason) {
    switch (reason) {
    case LossReason::BacklogFull:
        return "backlog full";
    case LossReason::NotTaken:
        return "not taken before the end";
    case LossReason::Discarded:
        break;
    }
    return "discarded";
}

std::uint64_t ByteLedger::Totals::lost() const {
    return std::accumulate(lostBy.begin(), lostBy.end(), std::uint64_t{0});
}

std::uint64_t &ByteLedger::at(Place place) {
    switch (place) {
    case Place::Queued:
        return totals_.queued;
    case Place::InFlight:
        return totals_.inFlight;
    case Place::Acknowledged:
        break;
    }
    return totals_.acknowledged;
}

std::uint64_t ByteLedger::take(Place from, std::uint64_t bytes) {
    std::uint64_t &place = at(from);
    const std::uint64_t taken = std::min(bytes, place);
    place -= taken;
    return taken;
}

void ByteLedger::enter(std::uint64_t bytes) {
    totals_.entered += bytes;
    totals_.queued += bytes;
}

void ByteLedger::move(Place from, Place to, std::uint64_t bytes) {
    const std::uint64_t taken = take(from, bytes);
    at(to) += taken;
}

void ByteLedger::lose(Place from, const Loss &loss) {
    const std::uint64_t bytes = take(from, loss.bytes);
    if (bytes == 0)
        return;
    totals_.lostBy[static_cast<std::size_t>(loss.reason)] += bytes;
    Loss *last = losses_.empty() ? nullptr : &losses_.back();
    const bool adjacent = last && last->reason == loss.reason && loss.range.startNs >= last->range.startNs &&
                          loss.range.startNs <= last->range.endNs + kAdjacentNs;
    if (adjacent || losses_.size() >= kMaxRanges) {
        last->range.startNs = std::min(last->range.startNs, loss.range.startNs);
        last->range.endNs = std::max(last->range.endNs, loss.range.endNs);
        last->bytes += bytes;
    } else {
        losses_.push_back({loss.range, bytes, loss.reason});
    }
}

std::vector<Loss> ByteLedger::takeLosses() {
    return std::exchange(losses_, {});
}

} // namespace lt
