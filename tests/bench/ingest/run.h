// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/ingest/receivers.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lt::bench {

struct RunSettings {
    unsigned sessions = 1;
    double warmSeconds = 1.5; ///< between the start of the last session and the measured time
    double seconds = 11;      ///< of the measured time
    unsigned feedFrames = 441;
    unsigned seed = 1;
    std::string publisherProgram, lineProgram;
};

/// What one run of one contestant showed.
struct RunFigures {
    double cpuPerSessionSecond = 0;    ///< s of processor time per s of a session
    double privateKiB = 0, pssKiB = 0; ///< of all its processes
    // Milliseconds from the hand-over of a marker to the encoder; the added ones beyond the codec's own.
    double floorMean = 0;      ///< to a decoder beside the encoder
    double conversionMean = 0; ///< that conversion to 16 kHz mono adds, beside the encoder
    double addedMean = 0, addedP50 = 0, addedP95 = 0, addedP99 = 0;
    double addedMeanCut = 0; ///< mean when this PCM were cut as ours is at 50/25; ours: the same as addedMean
    // Milliseconds; of the worst session.
    double firstPcm = 0;  ///< accepted publish → first PCM
    double startLost = 0; ///< audio of the publisher's first moments that never came
    std::size_t markers = 0, missing = 0, strangers = 0;
};

/// Throws std::runtime_error with a sentence when the run could not be made.
RunFigures measure(const Contestant &contestant, const RunSettings &settings);

} // namespace lt::bench
