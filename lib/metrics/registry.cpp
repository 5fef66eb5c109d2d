// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/metrics/registry.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

namespace lt::metrics {

namespace {

/// Instruments by name; they are created when first asked for and stay where they are.
class SeriesSet {
public:
    Counter &counter(const CounterMetric &metric) { return find(counters_, metric); }
    Gauge &gauge(const GaugeMetric &metric) { return find(gauges_, metric); }
    Histogram &histogram(const HistogramMetric &metric) { return find(histograms_, metric); }

    void appendTo(std::vector<Sample> &samples, const std::string &session) const {
        std::lock_guard lock(mutex_);
        const auto append = [&](const auto &map, auto read) {
            for (const auto &[name, series] : map)
                samples.push_back({name, series.help, session, series.sessionKey, read(series.instrument)});
        };
        append(counters_, [](const Counter &counter) { return counter.value(); });
        append(gauges_, [](const Gauge &gauge) { return gauge.value(); });
        append(histograms_, [](const Histogram &histogram) { return histogram.summary(); });
    }

private:
    template <typename Instrument>
    struct Series {
        explicit Series(const MetricText &text) : help(text.help), sessionKey(text.sessionKey) {}
        const std::string help, sessionKey;
        Instrument instrument;
    };
    template <typename Instrument>
    using Map = std::map<std::string, Series<Instrument>, std::less<>>;

    template <typename Instrument>
    Instrument &find(Map<Instrument> &map, const MetricText &text) {
        std::lock_guard lock(mutex_);
        auto found = map.find(text.name);
        if (found == map.end())
            found = map.try_emplace(std::string(text.name), text).first;
        return found->second.instrument;
    }

    mutable std::mutex mutex_; // guards the maps, not the instruments
    Map<Counter> counters_;
    Map<Gauge> gauges_;
    Map<Histogram> histograms_;
};

} // namespace

struct Registry::State {
    SeriesSet process;
    std::mutex mutex; // guards sessions; taken before no other lock
    std::map<std::string, std::weak_ptr<SessionSeries::Series>, std::less<>> sessions;
};

struct SessionSeries::Series {
    Series(std::string name, std::weak_ptr<Registry::State> home)
        : slug(std::move(name)), registry(std::move(home)) {}
    ~Series() {
        const auto state = registry.lock();
        if (!state)
            return;
        std::lock_guard lock(state->mutex);
        // A session of the same name may have begun meanwhile: that entry is alive and stays.
        if (const auto found = state->sessions.find(slug);
            found != state->sessions.end() && found->second.expired())
            state->sessions.erase(found);
    }
    Series(const Series &) = delete;
    Series &operator=(const Series &) = delete;

    const std::string slug;
    const std::weak_ptr<Registry::State> registry;
    SeriesSet series;
};

Counter &SessionSeries::counter(const CounterMetric &metric) const {
    return series_->series.counter(metric);
}

Gauge &SessionSeries::gauge(const GaugeMetric &metric) const {
    return series_->series.gauge(metric);
}

Histogram &SessionSeries::histogram(const HistogramMetric &metric) const {
    return series_->series.histogram(metric);
}

const std::string &SessionSeries::slug() const {
    return series_->slug;
}

Registry::Registry() : state_(std::make_shared<State>()) {}
Registry::~Registry() = default;

Counter &Registry::counter(const CounterMetric &metric) {
    return state_->process.counter(metric);
}

Gauge &Registry::gauge(const GaugeMetric &metric) {
    return state_->process.gauge(metric);
}

Histogram &Registry::histogram(const HistogramMetric &metric) {
    return state_->process.histogram(metric);
}

SessionSeries Registry::session(const std::string &slug) {
    std::lock_guard lock(state_->mutex);
    auto &entry = state_->sessions[slug];
    auto series = entry.lock();
    if (!series) {
        series = std::make_shared<SessionSeries::Series>(slug, state_);
        entry = series;
    }
    return SessionSeries(std::move(series));
}

std::vector<Sample> Registry::snapshot() const {
    std::vector<std::shared_ptr<SessionSeries::Series>> living; // let go without the lock: it may be the last
    {
        std::lock_guard lock(state_->mutex);
        for (const auto &[slug, weak] : state_->sessions) {
            if (auto series = weak.lock())
                living.push_back(std::move(series));
        }
    }
    std::vector<Sample> samples;
    state_->process.appendTo(samples, {});
    for (const auto &session : living)
        session->series.appendTo(samples, session->slug);
    std::stable_sort(samples.begin(), samples.end(), [](const Sample &a, const Sample &b) {
        return std::tie(a.name, a.session) < std::tie(b.name, b.session);
    });
    return samples;
}

Registry &registry() {
    static auto *instance = new Registry;
    return *instance;
}

} // namespace lt::metrics
