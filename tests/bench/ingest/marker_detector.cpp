// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/marker_detector.h"

#include <algorithm>
#include <cmath>

namespace lt::bench {

namespace {

constexpr double kLoud = 0.004;    // mean square of a block inside a burst, full scale = 1
constexpr unsigned kQuietEnds = 6; // blocks
constexpr double kBin = 0.002;     // seconds; wider than the detector's error
constexpr double kNear = 0.004;    // seconds; narrower than half the markers' grid

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

} // namespace

MarkerDetector::MarkerDetector(unsigned rate, unsigned channels)
    : rate_(rate), channels_(channels), framesPerBlock_(rate / 1000) {}

void MarkerDetector::feed(std::span<const std::int16_t> samples) {
    for (std::size_t i = 0; i + channels_ <= samples.size(); i += channels_) {
        double level = 0;
        for (unsigned channel = 0; channel < channels_; channel++)
            level += samples[i + channel];
        level /= 32768.0 * channels_;
        blockEnergy_ += level * level;
        blockMoment_ += level * level * static_cast<double>(framesDone_);
        framesDone_++;
        if (++blockFrames_ == framesPerBlock_)
            closeBlock();
    }
}

void MarkerDetector::closeBlock() {
    if (blockEnergy_ / framesPerBlock_ > kLoud) {
        burstEnergy_ += blockEnergy_;
        burstMoment_ += blockMoment_;
        quietBlocks_ = 0;
    } else if (burstEnergy_ > 0 && ++quietBlocks_ == kQuietEnds) {
        centres_.push_back(burstMoment_ / burstEnergy_);
        burstEnergy_ = burstMoment_ = 0;
    }
    blockEnergy_ = blockMoment_ = 0;
    blockFrames_ = 0;
}

namespace {

/// The offset most bursts agree on, to about a bin.
std::optional<double> commonOffset(std::span<const double> sent, std::span<const double> got, double reach) {
    std::vector<unsigned> votes(static_cast<std::size_t>(2 * reach / kBin) + 2);
    for (const double g : got)
        for (const double s : sent)
            if (const double difference = g - s; std::abs(difference) <= reach)
                votes[static_cast<std::size_t>((difference + reach) / kBin)]++;
    std::size_t best = 0;
    const auto pair = [&](std::size_t i) {
        return votes[i] + votes[i + 1];
    };
    for (std::size_t i = 0; i + 1 < votes.size(); i++)
        if (pair(i) > pair(best))
            best = i;
    if (got.empty() || pair(best) * 2 < got.size())
        return std::nullopt;
    return static_cast<double>(best + 1) * kBin - reach;
}

std::optional<std::size_t> nearest(std::span<const double> sorted, double value) {
    const auto after = std::lower_bound(sorted.begin(), sorted.end(), value);
    for (auto candidate : {after, after == sorted.begin() ? after : after - 1})
        if (candidate != sorted.end() && std::abs(*candidate - value) <= kNear)
            return static_cast<std::size_t>(candidate - sorted.begin());
    return std::nullopt;
}

} // namespace

std::optional<Alignment> align(std::span<const double> sentSeconds, const MarkerDetector &detector,
                               double reachSeconds) {
    std::vector<double> got;
    for (const double centre : detector.centres())
        got.push_back(centre / detector.rate());
    const auto rough = commonOffset(sentSeconds, got, reachSeconds);
    if (!rough)
        return std::nullopt;
    Alignment alignment{*rough, std::vector<std::optional<double>>(sentSeconds.size()), 0};
    std::vector<double> differences;
    for (const double g : got) {
        const auto marker = nearest(sentSeconds, g - *rough);
        if (!marker || alignment.received[*marker]) {
            alignment.strangers++;
            continue;
        }
        alignment.received[*marker] = g;
        differences.push_back(g - sentSeconds[*marker]);
    }
    if (differences.empty())
        return std::nullopt;
    alignment.offsetSeconds = median(std::move(differences));
    return alignment;
}

} // namespace lt::bench
