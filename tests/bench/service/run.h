// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/service/contestant.h"
#include "tests/bench/service/figures.h"

namespace lt::bench {

struct ServiceRunSettings {
    unsigned sessions = 1;
    unsigned viewersPerSession = 10;
    double seconds = 20; ///< of speech
    std::uint32_t seed = 1;
    bool peer = false;
    ContestantPrograms programs;
};

struct ServiceRun {
    double cpuPerSessionSecond = 0; ///< seconds
    double privateKiBPerSession = 0;
    ServiceFigures figures;
};

/// One run in real time; the emulator, publishers and viewers are in this process. Throws std::runtime_error
/// with a sentence when it could not be made.
ServiceRun measure(const ServiceRunSettings &settings);

} // namespace lt::bench
