// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/metrics/instruments.h"
#include "lib/metrics/names.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lt::metrics {

/// One series as it stood when it was asked for.
struct Sample {
    std::string name;
    std::string help;
    std::string session;                                               ///< slug; empty: of the whole process
    std::string sessionKey;                                            ///< see MetricText
    std::variant<std::uint64_t, std::int64_t, HistogramSummary> value; ///< counter, gauge, histogram
};

/// The series of one session, shared by all who record for it. Copies are the same series; they disappear
/// from every rendering with the last copy, and a later session of the same name starts at nothing. Any
/// thread.
class LT_EXPORT SessionSeries {
public:
    /// The references stay valid while this object or a copy of it lives.
    Counter &counter(const CounterMetric &metric) const;
    Gauge &gauge(const GaugeMetric &metric) const;
    Histogram &histogram(const HistogramMetric &metric) const;
    const std::string &slug() const;

private:
    friend class Registry;
    struct Series;
    explicit SessionSeries(std::shared_ptr<Series> series) : series_(std::move(series)) {}
    std::shared_ptr<Series> series_;
};

/// All series of a process, or of one test. Any thread. Asking for a series takes a lock: do it once, keep
/// the reference.
class LT_EXPORT Registry {
public:
    Registry();
    ~Registry();
    Registry(const Registry &) = delete;
    Registry &operator=(const Registry &) = delete;

    /// The series of the whole process; the references stay valid as long as the registry.
    Counter &counter(const CounterMetric &metric);
    Gauge &gauge(const GaugeMetric &metric);
    Histogram &histogram(const HistogramMetric &metric);
    /// The series of the session `slug`: the living ones when somebody holds them, else new ones.
    SessionSeries session(const std::string &slug);

    /// Every series there is, ordered by name, then session.
    std::vector<Sample> snapshot() const;

private:
    friend class SessionSeries;
    struct State;
    std::shared_ptr<State> state_; // sessions may outlive a test's registry
};

/// The process's registry. It is never destroyed: threads may record until the very end.
LT_EXPORT Registry &registry();

} // namespace lt::metrics
