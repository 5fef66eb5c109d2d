// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/metrics/instruments.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

namespace lt::metrics {

namespace {

constexpr double kLargest = 9e18; // in steps of kResolution; fits 63 bits

template <typename Better>
void keepBetter(std::atomic<double> &kept, double value, Better better) {
    double seen = kept.load(std::memory_order_relaxed);
    while (better(value, seen) && !kept.compare_exchange_weak(seen, value, std::memory_order_relaxed))
        ;
}

} // namespace

Histogram::~Histogram() {
    for (auto &group : groups_)
        delete group.load(std::memory_order_relaxed);
}

Histogram::Position Histogram::positionOf(double value) {
    const auto steps = static_cast<std::uint64_t>(std::min(value / kResolution + 0.5, kLargest));
    if (steps < kBuckets)
        return {0, static_cast<std::uint32_t>(steps)};
    const auto shift = static_cast<std::size_t>(std::bit_width(steps)) - 1 - kBucketBits;
    return {static_cast<std::uint32_t>(shift + 1), static_cast<std::uint32_t>((steps >> shift) - kBuckets)};
}

double Histogram::middleOf(Position position) {
    if (position.group == 0)
        return static_cast<double>(position.bucket) * kResolution;
    const double width = std::ldexp(1.0, static_cast<int>(position.group) - 1);
    return (static_cast<double>(kBuckets + position.bucket) * width + (width - 1) / 2) * kResolution;
}

Histogram::Group &Histogram::groupAt(std::size_t index) {
    auto &slot = groups_[index];
    if (Group *group = slot.load(std::memory_order_acquire))
        return *group;
    auto fresh = std::make_unique<Group>();
    Group *winner = nullptr;
    if (slot.compare_exchange_strong(winner, fresh.get(), std::memory_order_acq_rel))
        return *fresh.release();
    return *winner;
}

void Histogram::record(double value) {
    if (!std::isfinite(value))
        return;
    value = std::max(value, 0.0);
    addExtremes(value, value, value);
    addCount(positionOf(value), 1);
}

void Histogram::addExtremes(double sum, double min, double max) {
    keepBetter(min_, min, std::less<>());
    keepBetter(max_, max, std::greater<>());
    sum_.fetch_add(sum, std::memory_order_relaxed);
}

void Histogram::addCount(Position position, std::uint64_t count) {
    // Last, with release: whoever counts these samples also sees what was written above.
    groupAt(position.group)[position.bucket].fetch_add(count, std::memory_order_release);
}

void HistogramRun::record(double value, std::uint64_t times) {
    if (!std::isfinite(value) || times == 0)
        return;
    value = std::max(value, 0.0);
    const auto position = Histogram::positionOf(value);
    Slot &slot = slots_[position.bucket % kSlots];
    if (slot.count > 0 && slot.position != position) {
        giveExtremes();
        empty(slot);
    }
    slot.position = position;
    slot.count += times;
    min_ = count_ > 0 ? std::min(min_, value) : value;
    max_ = count_ > 0 ? std::max(max_, value) : value;
    sum_ += value * static_cast<double>(times);
    count_ += times;
}

void HistogramRun::giveExtremes() {
    if (count_ == 0)
        return;
    for (Histogram *histogram : {&general_, &special_})
        histogram->addExtremes(sum_, min_, max_);
    count_ = 0;
    sum_ = 0;
}

void HistogramRun::empty(Slot &slot) {
    for (Histogram *histogram : {&general_, &special_})
        histogram->addCount(slot.position, slot.count);
    slot.count = 0;
}

void HistogramRun::flush() {
    giveExtremes();
    for (Slot &slot : slots_)
        if (slot.count > 0)
            empty(slot);
}

HistogramSummary Histogram::summary() const {
    struct Filled {
        Position position;
        std::uint64_t upTo;
    };
    std::vector<Filled> filled; // in rising order
    std::uint64_t count = 0;
    for (std::size_t g = 0; g < kGroups; g++) {
        const Group *group = groups_[g].load(std::memory_order_acquire);
        for (std::size_t b = 0; group && b < kBuckets; b++) {
            if (const auto n = (*group)[b].load(std::memory_order_acquire))
                filled.push_back(
                    {{static_cast<std::uint32_t>(g), static_cast<std::uint32_t>(b)}, count += n});
        }
    }
    HistogramSummary result;
    if (count == 0)
        return result;
    result.count = count;
    result.sum = sum_.load(std::memory_order_relaxed);
    result.avg = result.sum / static_cast<double>(count);
    result.min = min_.load(std::memory_order_relaxed);
    result.max = max_.load(std::memory_order_relaxed);
    const auto percentile = [&](double share) {
        const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count)));
        if (rank >= count)
            return result.max;
        const auto at = std::lower_bound(filled.begin(), filled.end(), rank,
                                         [](const Filled &f, std::uint64_t r) { return f.upTo < r; });
        return std::clamp(middleOf(at->position), result.min, result.max);
    };
    result.p50 = percentile(0.50);
    result.p95 = percentile(0.95);
    result.p99 = percentile(0.99);
    return result;
}

} // namespace lt::metrics
