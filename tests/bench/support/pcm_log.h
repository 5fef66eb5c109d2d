// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace lt::bench {

/// When each frame of a PCM stream became available. Times are monotonic ns.
class PcmLog {
public:
    struct Entry {
        std::int64_t timeNs;
        std::uint64_t end; // frames available from timeNs on
    };

    void append(std::int64_t timeNs, std::uint64_t frames);
    std::uint64_t frames() const { return entries_.empty() ? 0 : entries_.back().end; }
    std::optional<std::int64_t> firstNs() const;
    /// Time at which the frame that contains `position` was available; nothing when it never was.
    std::optional<std::int64_t> availableNs(double position) const;
    const std::vector<Entry> &entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

/// The same stream as the replaced system would have passed it on: chunks of at most `chunkMs`; a shorter
/// rest goes when PCM arrives `flushMs` or more after the last chunk went. What a consumer sees who cuts the
/// peer's PCM as we do.
PcmLog cutIntoChunks(const PcmLog &log, unsigned rate, unsigned chunkMs, unsigned flushMs);

} // namespace lt::bench
