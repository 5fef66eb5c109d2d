// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/support/pcm_log.h"

#include <algorithm>

namespace lt::bench {

void PcmLog::append(std::int64_t timeNs, std::uint64_t frames) {
    if (frames > 0)
        entries_.push_back({timeNs, this->frames() + frames});
}

std::optional<std::int64_t> PcmLog::firstNs() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.front().timeNs);
}

std::optional<std::int64_t> PcmLog::availableNs(double position) const {
    const auto frame = static_cast<std::uint64_t>(std::max(position, 0.0));
    const auto entry = std::partition_point(entries_.begin(), entries_.end(),
                                            [frame](const Entry &e) { return e.end <= frame; });
    return entry == entries_.end() ? std::nullopt : std::optional(entry->timeNs);
}

PcmLog cutIntoChunks(const PcmLog &log, unsigned rate, unsigned chunkMs, unsigned flushMs) {
    constexpr std::int64_t kMs = 1000000;
    const std::uint64_t full = std::uint64_t{rate} * chunkMs / 1000;
    PcmLog cut;
    std::int64_t lastLeftNs = log.firstNs().value_or(0);
    for (const auto &[timeNs, end] : log.entries()) {
        const std::uint64_t waiting = end - cut.frames();
        const bool due = timeNs - lastLeftNs >= flushMs * kMs;
        const std::uint64_t leaving = due ? waiting : waiting / full * full;
        cut.append(timeNs, leaving);
        if (leaving > 0)
            lastLeftNs = timeNs;
    }
    return cut;
}

} // namespace lt::bench
