// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/live_service.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace lt::soak {

/// What all sessions together have seen.
class Tally {
public:
    void problem(const std::string &sentence);
    std::vector<std::string> problems() const;

    std::atomic<std::size_t> lives = 0, finals = 0, viewers = 0, deliveries = 0, kills = 0, stalled = 0;

private:
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    mutable std::mutex mutex_; // guards problems_
    std::vector<std::string> problems_;
};

struct SessionPlan {
    std::size_t number = 0;
    std::size_t viewers = 10;
    std::size_t leastUtterances = 3, mostUtterances = 8; ///< of one life
    std::uint32_t seed = 1;
};

/// Sessions one after the other, until `over`: each with a publisher that speaks known digits, is killed now
/// and then in a pause and comes back, and with viewers of which some come late, leave early or do not read.
/// After each life what every viewer heard is held against what was said. Blocks: a thread per plan.
class SessionScript {
public:
    SessionScript(support::LiveService &service, const SessionPlan &plan, Tally &tally,
                  const std::atomic<bool> &over);
    void run();

private:
    class Life;
    std::size_t draw(std::size_t least, std::size_t most);

    support::LiveService &service_;
    const SessionPlan plan_;
    Tally &tally_;
    const std::atomic<bool> &over_;
    std::mt19937 random_;
    std::uint32_t said_ = 0;
};

} // namespace lt::soak
