// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/metrics/registry.h"
#include "lib/metrics/render.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <glib.h>
#include <json-glib/json-glib.h>

using namespace lt::metrics;

namespace {

constexpr CounterMetric kPies{{"test.pies_total", "Pies eaten."}};
constexpr GaugeMetric kGuests{{"test.guests", "Guests \\ at \"table\".", "guests"}};
constexpr HistogramMetric kWait{{"test.wait_ms", "Time waited, in milliseconds.", "wait_ms"}};

void expectNear(double got, double wanted, double relative) {
    g_assert_cmpfloat(std::abs(got - wanted), <=, wanted * relative + Histogram::kResolution);
}

/// A rendering read back: path of members → number.
class Json {
public:
    explicit Json(const std::string &text) : parser_(json_parser_new()) {
        g_assert_true(json_parser_load_from_data(parser_, text.c_str(), -1, nullptr));
    }
    ~Json() { g_object_unref(parser_); }
    Json(const Json &) = delete;
    Json &operator=(const Json &) = delete;

    JsonObject *object(std::initializer_list<const char *> path) const {
        JsonObject *at = json_node_get_object(json_parser_get_root(parser_));
        for (const char *name : path) {
            if (!json_object_has_member(at, name))
                return nullptr;
            at = json_object_get_object_member(at, name);
        }
        return at;
    }
    double number(std::initializer_list<const char *> path, const char *name) const {
        auto *in = object(path);
        g_assert_nonnull(in);
        g_assert_true(json_object_has_member(in, name));
        return json_object_get_double_member(in, name);
    }
    bool has(std::initializer_list<const char *> path, const char *name) const {
        auto *in = object(path);
        return in && json_object_has_member(in, name);
    }

private:
    JsonParser *parser_;
};

/// The same of the other rendering: line before the last space → number; comments as they stand.
struct Prometheus {
    explicit Prometheus(const std::string &text) {
        g_assert_true(text.empty() || text.back() == '\n');
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with('#'))
                comments.push_back(line);
            else
                values[line.substr(0, line.rfind(' '))] =
                    g_ascii_strtod(line.c_str() + line.rfind(' ') + 1, nullptr);
        }
    }
    bool hasComment(const std::string &line) const {
        return std::count(comments.begin(), comments.end(), line) == 1;
    }
    std::vector<std::string> comments;
    std::map<std::string, double> values;
};

} // namespace

static void percentiles_are_within_half_a_bucket_of_the_sorted_samples() {
    std::mt19937_64 random(7); // the same samples in every run
    const auto check = [](std::vector<double> samples) {
        Histogram histogram;
        double sum = 0;
        for (double sample : samples) {
            histogram.record(sample);
            sum += sample;
        }
        std::sort(samples.begin(), samples.end());
        const auto at = [&](double share) {
            return samples[static_cast<std::size_t>(std::ceil(share * static_cast<double>(samples.size()))) -
                           1];
        };
        const auto summary = histogram.summary();
        g_assert_cmpuint(summary.count, ==, samples.size());
        expectNear(summary.p50, at(0.50), Histogram::kPercentileError);
        expectNear(summary.p95, at(0.95), Histogram::kPercentileError);
        expectNear(summary.p99, at(0.99), Histogram::kPercentileError);
        g_assert_cmpfloat(summary.min, ==, samples.front());
        g_assert_cmpfloat(summary.max, ==, samples.back());
        expectNear(summary.avg, sum / static_cast<double>(samples.size()), 1e-9);
    };
    for (std::size_t count : {1, 2, 10, 99, 100, 101, 10000}) {
        std::vector<double> uniform, wide;
        for (std::size_t i = 0; i < count; i++) {
            uniform.push_back(std::uniform_real_distribution<>(0.5, 300)(random));
            wide.push_back(std::lognormal_distribution<>(2, 4)(random)); // microseconds to days
        }
        check(uniform);
        check(wide);
    }
}

static void every_magnitude_finds_its_bucket() {
    for (double value = 0.001; value < 1e15; value *= 1.0103) {
        Histogram histogram;
        for (int i = 0; i < 9; i++)
            histogram.record(value);
        histogram.record(1e18); // so that the percentile is a bucket's and not the exact maximum
        histogram.record(0);    // nor the minimum
        expectNear(histogram.summary().p50, value, Histogram::kPercentileError);
    }
}

static void odd_samples_do_no_harm() {
    Histogram histogram;
    g_assert_cmpuint(histogram.summary().count, ==, 0);
    g_assert_cmpfloat(histogram.summary().max, ==, 0);
    histogram.record(std::numeric_limits<double>::quiet_NaN());
    histogram.record(std::numeric_limits<double>::infinity());
    histogram.record(-std::numeric_limits<double>::infinity());
    g_assert_cmpuint(histogram.summary().count, ==, 0);
    histogram.record(-3);
    auto summary = histogram.summary();
    g_assert_cmpuint(summary.count, ==, 1);
    g_assert_cmpfloat(summary.min, ==, 0);
    g_assert_cmpfloat(summary.p50, ==, 0);
    histogram.record(std::numeric_limits<double>::max());
    summary = histogram.summary();
    g_assert_cmpuint(summary.count, ==, 2);
    g_assert_cmpfloat(summary.p99, ==, std::numeric_limits<double>::max());
}

static void a_run_of_samples_counts_as_each_of_them_does() {
    Histogram each, general, special;
    {
        HistogramRun run(general, special);
        for (int i = 0; i < 10000; i++) {
            const double many = i % 100 < 60 ? 4.0 + i % 7 * 0.001 : 0.5 + i % 16 * 0.01;
            const double value = i % 100 < 90 ? many : i * 0.37;
            each.record(value);
            run.record(value);
        }
        for (int i = 0; i < 5; i++)
            each.record(17.5);
        run.record(17.5, 5);
        run.record(18.5, 0);
        run.record(std::numeric_limits<double>::quiet_NaN());
        run.flush();
        run.flush(); // nothing left
    }
    const auto wanted = each.summary();
    for (const auto *histogram : {&general, &special}) {
        const auto got = histogram->summary();
        g_assert_cmpuint(got.count, ==, wanted.count);
        expectNear(got.sum, wanted.sum, 1e-9);
        g_assert_cmpfloat(got.min, ==, wanted.min);
        g_assert_cmpfloat(got.max, ==, wanted.max);
        g_assert_cmpfloat(got.p50, ==, wanted.p50);
        g_assert_cmpfloat(got.p99, ==, wanted.p99);
    }
}

static void an_unused_histogram_costs_little() {
    g_assert_cmpuint(sizeof(Histogram), <=, 512);
}

static void many_threads_lose_no_sample() {
    constexpr int kThreads = 4, kEach = 20000;
    Registry registry;
    std::atomic<bool> done = false;
    std::thread reader([&] {
        while (!done) {
            const auto json = toJson(registry.snapshot());
            g_assert_false(json.empty());
        }
    });
    std::vector<std::thread> writers;
    for (int t = 0; t < kThreads; t++)
        writers.emplace_back([&, t] {
            const auto session = registry.session("shared");
            auto &pies = registry.counter(kPies);
            auto &guests = session.gauge(kGuests);
            auto &wait = registry.histogram(kWait);
            for (int i = 0; i < kEach; i++) {
                pies.add();
                guests.add(i % 2 ? -1 : 1);
                wait.record(t * 100 + i % 50);
            }
            // Sessions come and go under the reader's eyes.
            for (int i = 0; i < 200; i++)
                registry.session("s" + std::to_string(i % 3)).counter(kPies).add();
        });
    for (auto &writer : writers)
        writer.join();
    done = true;
    reader.join();
    g_assert_cmpuint(registry.counter(kPies).value(), ==, kThreads * kEach);
    const auto summary = registry.histogram(kWait).summary();
    g_assert_cmpuint(summary.count, ==, kThreads * kEach);
    g_assert_cmpfloat(summary.min, ==, 0);
    g_assert_cmpfloat(summary.max, ==, 349);
    g_assert_cmpfloat(summary.sum, ==, kEach * (0 + 100 + 200 + 300) + kThreads * kEach * 24.5);
    g_assert_cmpuint(registry.snapshot().size(), ==, 2); // no session is left
}

static void the_same_name_is_the_same_series() {
    Registry registry;
    registry.counter(kPies).add(2);
    registry.counter(kPies).add(3);
    g_assert_cmpuint(registry.counter(kPies).value(), ==, 5);
    Registry other;
    g_assert_cmpuint(other.counter(kPies).value(), ==, 0);
    g_assert_true(&lt::metrics::registry() == &lt::metrics::registry());
}

static void a_sessions_series_live_as_long_as_somebody_holds_them() {
    Registry registry;
    std::optional<SessionSeries> gladia = registry.session("demo"), hub = registry.session("demo");
    gladia->gauge(kGuests).add(2);
    hub->gauge(kGuests).add(3);
    g_assert_cmpstr(hub->slug().c_str(), ==, "demo");
    gladia.reset();
    g_assert_cmpfloat(Json(toJson(registry.snapshot())).number({"sessions", "demo"}, "guests"), ==, 5);
    hub.reset();
    g_assert_true(registry.snapshot().empty());
    g_assert_false(Json(toJson(registry.snapshot())).has({"sessions"}, "demo"));
    const auto again = registry.session("demo");
    g_assert_cmpint(again.gauge(kGuests).value(), ==, 0);
}

static void a_session_may_outlive_its_registry() {
    auto registry = std::make_unique<Registry>();
    auto session = std::make_unique<SessionSeries>(registry->session("demo"));
    registry.reset();
    session->counter(kPies).add();
    g_assert_cmpuint(session->counter(kPies).value(), ==, 1);
}

static void json_has_the_shape_dashboards_know() {
    Registry registry;
    registry.counter(names::kAudioChunksSent).add(7);
    for (double ms : {1.0, 2.0, 9.0})
        registry.histogram(names::kEndToTranscript).record(ms);
    const auto demo = registry.session("demo"), other = registry.session("a.b-c");
    demo.gauge(names::kSessionClients).set(4);
    demo.gauge(names::kSessionQueueSize).set(-1);
    demo.histogram(names::kSessionBroadcastLag).record(0.25);
    other.gauge(names::kSessionClients).set(1);

    const Json json(toJson(registry.snapshot()));
    g_assert_cmpuint(json_object_get_size(json.object({})), ==, 3);
    g_assert_cmpfloat(json.number({"counters"}, "audio.chunks_sent"), ==, 7);
    const auto *name = "stt.end_to_transcript_ms";
    g_assert_cmpuint(json_object_get_size(json.object({"latency", name})), ==, 7);
    g_assert_cmpfloat(json.number({"latency", name}, "avg"), ==, 4);
    g_assert_cmpfloat(json.number({"latency", name}, "min"), ==, 1);
    g_assert_cmpfloat(json.number({"latency", name}, "max"), ==, 9);
    expectNear(json.number({"latency", name}, "p50"), 2, Histogram::kPercentileError);
    g_assert_cmpfloat(json.number({"latency", name}, "p95"), ==, 9);
    g_assert_cmpfloat(json.number({"latency", name}, "p99"), ==, 9);
    g_assert_cmpfloat(json.number({"latency", name}, "count"), ==, 3);
    g_assert_cmpfloat(json.number({"counters"}, "ws.session_clients.demo"), ==, 4);
    g_assert_cmpfloat(json.number({"counters"}, "ws.session_clients.a.b-c"), ==, 1);
    g_assert_cmpfloat(json.number({"latency", "ws.session_broadcast_lag_ms.demo"}, "max"), ==, 0.25);
    g_assert_cmpfloat(json.number({"sessions", "demo"}, "clients"), ==, 4);
    g_assert_cmpfloat(json.number({"sessions", "demo"}, "queue_size"), ==, -1);
    g_assert_cmpfloat(json.number({"sessions", "demo", "broadcast_lag_ms"}, "count"), ==, 1);
    g_assert_cmpfloat(json.number({"sessions", "a.b-c"}, "clients"), ==, 1);
}

static void an_empty_registry_renders_empty_objects() {
    Registry registry;
    g_assert_true(toJson(registry.snapshot()) == R"({"latency":{},"counters":{},"sessions":{}})");
    g_assert_true(toPrometheus(registry.snapshot()).empty());
}

static void prometheus_gets_one_family_per_name_with_sessions_as_labels() {
    Registry registry;
    registry.counter(kPies).add(3);
    registry.histogram(kWait); // asked for, never recorded
    const auto one = registry.session("one"), two = registry.session("tw\"o\\\n");
    one.gauge(kGuests).set(-2);
    two.gauge(kGuests).set(5);
    one.histogram(kWait).record(1.5);

    const auto text = toPrometheus(registry.snapshot());
    const Prometheus read(text);
    g_assert_cmpuint(read.comments.size(), ==, 6);
    g_assert_true(read.hasComment("# TYPE test_pies_total counter"));
    g_assert_true(read.hasComment("# HELP test_pies_total Pies eaten."));
    g_assert_true(read.hasComment("# TYPE test_guests gauge"));
    g_assert_true(read.hasComment("# HELP test_guests Guests \\\\ at \"table\"."));
    g_assert_true(read.hasComment("# TYPE test_wait_ms summary"));
    const auto value = [&](const char *series) {
        g_assert_true(read.values.contains(series));
        return read.values.at(series);
    };
    g_assert_cmpfloat(value("test_pies_total"), ==, 3);
    g_assert_cmpfloat(value("test_guests{session=\"one\"}"), ==, -2);
    g_assert_cmpfloat(value(R"(test_guests{session="tw\"o\\\n"})"), ==, 5);
    g_assert_true(std::isnan(value("test_wait_ms{quantile=\"0.5\"}")));
    g_assert_cmpfloat(value("test_wait_ms_count"), ==, 0);
    g_assert_cmpfloat(value("test_wait_ms{session=\"one\",quantile=\"0.99\"}"), ==, 1.5);
    g_assert_cmpfloat(value("test_wait_ms_sum{session=\"one\"}"), ==, 1.5);
    g_assert_cmpfloat(value("test_wait_ms_count{session=\"one\"}"), ==, 1);
    g_assert_cmpuint(read.values.size(), ==, 1 + 2 + 2 * 5);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/metrics/percentiles", percentiles_are_within_half_a_bucket_of_the_sorted_samples);
    g_test_add_func("/metrics/magnitudes", every_magnitude_finds_its_bucket);
    g_test_add_func("/metrics/odd-samples", odd_samples_do_no_harm);
    g_test_add_func("/metrics/run-of-samples", a_run_of_samples_counts_as_each_of_them_does);
    g_test_add_func("/metrics/size", an_unused_histogram_costs_little);
    g_test_add_func("/metrics/threads", many_threads_lose_no_sample);
    g_test_add_func("/metrics/same-name", the_same_name_is_the_same_series);
    g_test_add_func("/metrics/session/life", a_sessions_series_live_as_long_as_somebody_holds_them);
    g_test_add_func("/metrics/session/outlives", a_session_may_outlive_its_registry);
    g_test_add_func("/metrics/json", json_has_the_shape_dashboards_know);
    g_test_add_func("/metrics/empty", an_empty_registry_renders_empty_objects);
    g_test_add_func("/metrics/prometheus", prometheus_gets_one_family_per_name_with_sessions_as_labels);
    return g_test_run();
}
