// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lt::bench {

/// What a publisher hands to its AAC encoder: LiveKit's shape.
inline constexpr unsigned kSourceRate = 44100;
inline constexpr unsigned kSourceChannels = 2;

/// Centres of the tone bursts that mark time in a signal of `seconds`, in seconds from its start. Neighbours
/// are 60 to 100 ms apart in a pattern that belongs to `seed`, so that a stretch of a second or two is found
/// again without knowing where it was cut out.
std::vector<double> markerTimes(std::uint32_t seed, double seconds);

/// The signal itself, produced piece by piece: quiet noise, which keeps the encoder as busy as speech does,
/// and the bursts. Pure: the same seed gives the same samples.
class MarkerSignal {
public:
    MarkerSignal(std::uint32_t seed, double seconds);

    /// Fills `out` (interleaved, whole frames) with the frames that follow the last ones filled.
    void fill(std::span<std::int16_t> out);

private:
    double burstAt(double seconds);
    double noise();

    std::vector<double> markers_;
    std::size_t nextMarker_ = 0; // first whose burst is not over
    std::uint64_t framesDone_ = 0;
    std::uint32_t random_;
};

} // namespace lt::bench
