// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/results.h"

#include <cstddef>
#include <string>
#include <vector>

namespace lt::bench {

struct Contestant {
    std::string name;
    std::vector<std::string> command;
    std::string networkThreads; ///< what their names begin with; empty: all threads
};

struct RunSettings {
    std::string emulator; ///< program
    std::string audio;    ///< file with PCM
    unsigned clientProcessor = 0, serviceProcessor = 1;
    double settleSeconds = 4, measuredSeconds = 10;
    std::size_t outages = 20;
    std::size_t recoveringSessions = 10;
};

/// Each makes one run of a contestant and adds its figures. They throw std::runtime_error with a sentence
/// when the run could not be made, or when audio was missing.

/// So many sessions in real time, and before them what feeds them by itself.
void measureStreaming(const Contestant &contestant, std::size_t sessions, const RunSettings &settings,
                      Results &results);
/// Outages of 100 to 1000 ms, one after the other.
void measureRecovery(const Contestant &contestant, const RunSettings &settings, Results &results);

} // namespace lt::bench
