// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/marker_signal.h"

#include <cmath>
#include <numbers>

namespace lt::bench {

namespace {

constexpr double kFirstMarker = 0.03;
constexpr double kHalfBurst = 0.005;
constexpr double kBurstHz = 1500;
constexpr double kBurstPeak = 0.5;
constexpr double kNoisePeak = 0.02;

std::uint32_t xorshift(std::uint32_t &state) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

std::uint32_t startingState(std::uint32_t seed) {
    return seed * 2654435761u | 1u;
}

} // namespace

std::vector<double> markerTimes(std::uint32_t seed, double seconds) {
    auto random = startingState(seed);
    std::vector<double> times;
    for (double at = kFirstMarker; at < seconds; at += 0.06 + 0.005 * (xorshift(random) % 9))
        times.push_back(at);
    return times;
}

MarkerSignal::MarkerSignal(std::uint32_t seed, double seconds)
    : markers_(markerTimes(seed, seconds)), random_(startingState(seed + 1)) {}

double MarkerSignal::noise() {
    return kNoisePeak * (static_cast<double>(xorshift(random_)) / 2147483648.0 - 1.0);
}

double MarkerSignal::burstAt(double seconds) {
    while (nextMarker_ < markers_.size() && markers_[nextMarker_] + kHalfBurst < seconds)
        nextMarker_++;
    if (nextMarker_ == markers_.size())
        return 0;
    const double off = seconds - markers_[nextMarker_];
    if (std::abs(off) > kHalfBurst)
        return 0;
    const double envelope = 0.5 + 0.5 * std::cos(std::numbers::pi * off / kHalfBurst);
    return kBurstPeak * envelope * std::cos(2 * std::numbers::pi * kBurstHz * off);
}

void MarkerSignal::fill(std::span<std::int16_t> out) {
    for (std::size_t i = 0; i + kSourceChannels <= out.size(); i += kSourceChannels) {
        const double burst = burstAt(static_cast<double>(framesDone_++) / kSourceRate);
        for (unsigned channel = 0; channel < kSourceChannels; channel++)
            out[i + channel] = static_cast<std::int16_t>(std::lrint(32767 * (burst + noise())));
    }
}

} // namespace lt::bench
