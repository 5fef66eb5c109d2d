// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/latency/stages.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lt::bench {

struct RunSettings {
    unsigned sessions = 1;
    unsigned viewersPerSession = 2;
    unsigned chunkMs = 20, flushMs = 5;
    double seconds = 20; ///< of speech
    std::uint32_t seed = 1;
    std::string delayProfile; ///< of the emulator; empty: nothing takes any time
    std::string lineProgram, emulatorProgram;
};

/// One run: emulator, line and publishers, each in a process of its own except the publishers and viewers,
/// which are here. The paths of all messages to all viewers. Throws std::runtime_error with a sentence when
/// it could not be made.
SessionPaths measure(const RunSettings &settings);

} // namespace lt::bench
