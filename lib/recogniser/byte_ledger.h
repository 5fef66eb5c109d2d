// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lt {

/// Audio that will never be heard: running times, ns.
struct LostRange {
    std::uint64_t startNs = 0;
    std::uint64_t endNs = 0;
    bool operator==(const LostRange &) const = default;
};

enum class LossReason : std::uint8_t {
    BacklogFull, ///< the recogniser did not take it in time, newer audio took its place
    NotTaken,    ///< the stream ended, and the recogniser did not take it before the time was over
    Discarded,   ///< the stream was flushed, stopped, or failed
};
constexpr std::size_t kLossReasons = 3;
/// "backlog full" …
LT_EXPORT const char *nameOf(LossReason reason);

struct Loss {
    LostRange range;
    std::uint64_t bytes = 0;
    LossReason reason = LossReason::BacklogFull;
};

/// Where every byte of audio is: queued, in flight (handed to the recogniser), acknowledged by it, or lost.
/// Each is in exactly one of them, so that the totals always add up. Pure, one thread.
class LT_EXPORT ByteLedger {
public:
    struct Totals {
        std::uint64_t entered = 0;
        std::uint64_t queued = 0;
        std::uint64_t inFlight = 0;
        std::uint64_t acknowledged = 0;
        std::array<std::uint64_t, kLossReasons> lostBy{};

        std::uint64_t lost() const;
        std::uint64_t lost(LossReason reason) const { return lostBy[static_cast<std::size_t>(reason)]; }
        bool exact() const { return entered == queued + inFlight + acknowledged + lost(); }
    };
    enum class Place { Queued, InFlight, Acknowledged };

    void enter(std::uint64_t bytes);
    /// Never moves more than there is.
    void move(Place from, Place to, std::uint64_t bytes);
    void lose(Place from, const Loss &loss);

    /// Losses since the last call, in order; adjacent ones of one reason are joined.
    std::vector<Loss> takeLosses();
    bool hasLosses() const { return !losses_.empty(); }
    const Totals &totals() const { return totals_; }

private:
    std::uint64_t &at(Place place);
    std::uint64_t take(Place from, std::uint64_t bytes);

    Totals totals_;
    std::vector<Loss> losses_;
};

} // namespace lt
