// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/flush_rule.h"

namespace lt::chunker {

namespace {
constexpr std::uint64_t kMsNs = 1'000'000;
} // namespace

void FlushRule::configure(std::uint32_t chunkMs, std::int32_t flushMs) {
    chunkNs_ = chunkMs * kMsNs;
    flushNs_ = flushMs < 0 ? chunkNs_ / 2 : static_cast<std::uint64_t>(flushMs) * kMsNs;
}

void FlushRule::start(std::uint64_t nowNs, bool waiting) {
    running_ = true;
    latestNs_.reset();
    lastLeftNs_.reset();
    emptied();
    if (waiting)
        audioArrived(nowNs);
}

void FlushRule::audioArrived(std::uint64_t nowNs) {
    latestNs_ = nowNs;
    if (!oldestNs_)
        oldestNs_ = nowNs;
}

void FlushRule::chunkLeft(std::uint64_t nowNs, bool rest) {
    lastLeftNs_ = nowNs;
    leftByDeadline(rest);
}

void FlushRule::leftByDeadline(bool rest) {
    emptied();
    if (rest)
        oldestNs_ = latestNs_;
}

void FlushRule::emptied() {
    oldestNs_.reset();
}

bool FlushRule::dueOnArrival(std::uint64_t nowNs) const {
    if (!running_ || flushNs_ == 0 || !oldestNs_)
        return false;
    return !lastLeftNs_ || nowNs >= *lastLeftNs_ + flushNs_;
}

std::optional<std::uint64_t> FlushRule::deadline() const {
    if (!running_ || flushNs_ == 0 || !oldestNs_)
        return std::nullopt;
    return *oldestNs_ + chunkNs_;
}

} // namespace lt::chunker
