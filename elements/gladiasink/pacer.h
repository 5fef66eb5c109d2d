// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace lt::gladia {

/// Lets audio pass at `speed` times real time at most: what had to wait does not come in a burst, what is
/// live is not held up. Pure; monotonic clock, ns.
class Pacer {
public:
    explicit Pacer(double speed) : speed_(speed) {}

    /// When the next block may go.
    std::uint64_t dueAt() const { return due_; }
    void sent(std::uint64_t now, std::uint64_t audioNs) {
        due_ = std::max(due_, now - std::min(now, kSlackNs)) +
               static_cast<std::uint64_t>(static_cast<double>(audioNs) / speed_);
    }

private:
    /// Blocks that come a little unevenly pass as they come.
    static constexpr std::uint64_t kSlackNs = 100'000'000;

    double speed_;
    std::uint64_t due_ = 0;
};

} // namespace lt::gladia
