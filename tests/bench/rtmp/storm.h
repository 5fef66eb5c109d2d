// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace lt::bench {

/// Peers that ask to publish what somebody else publishes, each on a connection of its own, at most
/// `perSecond` in all for as long as this lives.
class Storm {
public:
    Storm(std::uint16_t port, double perSecond);
    /// Ends and counts. Throws std::runtime_error when somebody was let in or got no reason.
    std::uint64_t refusals();
    ~Storm();

private:
    void run(std::uint16_t port, std::int64_t periodNs, std::int64_t phaseNs);

    std::atomic<bool> over_ = false;
    std::atomic<std::uint64_t> refused_ = 0, other_ = 0;
    std::vector<std::thread> threads_;
};

} // namespace lt::bench
