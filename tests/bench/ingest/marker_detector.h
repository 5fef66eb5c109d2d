// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lt::bench {

/// Finds the bursts of MarkerSignal in PCM, however it was coded and resampled on the way. A burst's place is
/// the centre of its energy, which the smear of a lossy codec moves by much less than a millisecond.
class MarkerDetector {
public:
    MarkerDetector(unsigned rate, unsigned channels);

    /// S16LE frames that follow the last ones fed; any cut, whole frames only.
    void feed(std::span<const std::int16_t> samples);

    /// Centres found so far, in frames from the first frame fed.
    const std::vector<double> &centres() const { return centres_; }
    unsigned rate() const { return rate_; }

private:
    void closeBlock();

    unsigned rate_, channels_, framesPerBlock_;
    std::uint64_t framesDone_ = 0;
    double blockEnergy_ = 0, blockMoment_ = 0; // of the current block of a millisecond
    unsigned blockFrames_ = 0;
    double burstEnergy_ = 0, burstMoment_ = 0; // of the burst under way, if any
    unsigned quietBlocks_ = 0;
    std::vector<double> centres_;
};

/// How a detector's findings lie against the markers that were sent.
struct Alignment {
    double offsetSeconds;                        ///< place in the received signal minus place in the sent one
    std::vector<std::optional<double>> received; ///< per marker sent: its centre received, in seconds
    std::size_t strangers;                       ///< bursts that no marker accounts for
};

/// Nothing when fewer than half of the bursts found fit one common offset of at most `reachSeconds`.
std::optional<Alignment> align(std::span<const double> sentSeconds, const MarkerDetector &detector,
                               double reachSeconds = 4);

} // namespace lt::bench
