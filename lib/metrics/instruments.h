// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

/// What is counted and measured. Every method may be called from any thread, takes no lock and does not
/// block; get the objects from a Registry and keep the reference, looking one up is the slow part.
namespace lt::metrics {

/// A number that only grows.
class Counter {
public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// A number that says how things stand now.
class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_ = 0;
};

/// What a histogram says of its samples, in their own unit. All zero when there were none.
struct HistogramSummary {
    std::uint64_t count = 0;
    double sum = 0, avg = 0, min = 0, max = 0; ///< exact
    double p50 = 0, p95 = 0, p99 = 0;          ///< within kPercentileError, and never outside [min, max]
};

/// A log-linear histogram: per power of two 128 buckets, so that a percentile is within half a bucket of the
/// truth whatever the range. Each power of two takes its KiB of memory with its first sample; without samples
/// a histogram costs half a KiB. Nothing is ever sorted.
class LT_EXPORT Histogram {
public:
    /// Largest relative error of a percentile, above kResolution.
    static constexpr double kPercentileError = 1.0 / 256;
    /// Steps in which small samples are told apart: a microsecond, when the unit is ms.
    static constexpr double kResolution = 0.001;

    Histogram() = default;
    ~Histogram();
    Histogram(const Histogram &) = delete;
    Histogram &operator=(const Histogram &) = delete;

    /// Milliseconds, or bytes. A negative sample (two clocks that disagree) counts as 0; what is not a finite
    /// number is ignored.
    void record(double value);
    /// Consistent enough for a report: samples recorded meanwhile may be in or out.
    HistogramSummary summary() const;

private:
    friend class HistogramRun;
    static constexpr std::size_t kBucketBits = 7;
    static constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;
    static constexpr std::size_t kGroups = 64 - kBucketBits + 1;
    using Group = std::array<std::atomic<std::uint64_t>, kBuckets>;

    struct Position {
        std::uint32_t group = 0, bucket = 0;
        bool operator==(const Position &) const = default;
    };
    static Position positionOf(double value);
    static double middleOf(Position position);

    Group &groupAt(std::size_t index);
    void addExtremes(double sum, double min, double max);
    /// After addExtremes().
    void addCount(Position position, std::uint64_t count);

    std::array<std::atomic<Group *>, kGroups> groups_{}; // each set once, by the thread that is first
    std::atomic<double> sum_ = 0;
    std::atomic<double> min_ = std::numeric_limits<double>::infinity();
    std::atomic<double> max_ = -std::numeric_limits<double>::infinity();
};

/// Samples of one thread on their way into two histograms, a general one and a special one. Those that are
/// about the same, as many of one fan-out are, are counted together: an order of magnitude cheaper than
/// Histogram::record(). They show after flush() at the latest, which must come before the end.
class LT_EXPORT HistogramRun {
public:
    HistogramRun(Histogram &general, Histogram &special) : general_(general), special_(special) {}
    HistogramRun(const HistogramRun &) = delete;
    HistogramRun &operator=(const HistogramRun &) = delete;

    /// As Histogram::record() of both, `times` over.
    void record(double value, std::uint64_t times = 1);
    void flush();

private:
    /// Several messages go to each viewer, one a little older than the other: as many buckets in turn.
    static constexpr std::size_t kSlots = 32;
    struct Slot {
        Histogram::Position position;
        std::uint64_t count = 0; // 0: empty
    };
    void empty(Slot &slot);
    void giveExtremes();

    Histogram &general_, &special_;
    std::array<Slot, kSlots> slots_{}; // by the bucket's number
    std::uint64_t count_ = 0;          // of the samples whose sum and extremes these are
    double sum_ = 0, min_ = 0, max_ = 0;
};

} // namespace lt::metrics
