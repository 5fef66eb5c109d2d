// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lt::broadcast {

/// What may wait for one viewer.
struct QueueLimits {
    std::size_t messages = 500;
    std::size_t bytes = 1024 * 1024;
    /// A partial that has waited for longer is worthless; zero: it never is.
    net::Duration partialAge = std::chrono::seconds(3);
};

/// Why a message was not sent.
enum class DropReason : std::uint8_t {
    Count,  ///< more messages than may wait
    Bytes,  ///< more bytes than may wait
    Age,    ///< a partial that had waited for too long
    Closed, ///< the viewer was closed before its turn came
    Inbox,  ///< the fan-out thread did not keep up: dropped for all viewers
};
constexpr std::size_t kDropReasons = 5;
constexpr std::array<const char *, kDropReasons> kDropWords = {"count", "bytes", "age", "closed", "inbox"};

/// Partials and finals.
struct ClassCount {
    std::uint32_t partials = 0, finals = 0;

    void add(ClassCount other) {
        partials += other.partials;
        finals += other.finals;
    }
    std::uint32_t all() const { return partials + finals; }
};

/// What a queue let go of.
struct QueueDrops {
    std::array<ClassCount, kDropReasons> counts{};
    std::uint64_t firstSeq = 0, lastSeq = 0; ///< of what was dropped; 0: of nothing numbered
    std::uint32_t conflated = 0;             ///< partials made worthless by a newer message: nothing is lost

    ClassCount total() const {
        ClassCount sum;
        for (const ClassCount &count : counts)
            sum.add(count);
        return sum;
    }
    void add(const QueueDrops &other) {
        for (std::size_t i = 0; i < kDropReasons; i++)
            counts[i].add(other.counts[i]);
        conflated += other.conflated;
        if (other.firstSeq != 0)
            include(other.firstSeq, other.lastSeq);
    }
    void include(std::uint64_t first, std::uint64_t last) {
        firstSeq = firstSeq == 0 ? first : std::min(firstSeq, first);
        lastSeq = std::max(lastSeq, last);
    }
};

} // namespace lt::broadcast
