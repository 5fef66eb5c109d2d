// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/report.h"

#include "tests/bench/support/statistics.h"

#include <cmath>
#include <functional>
#include <iomanip>
#include <sstream>

namespace lt::bench {

namespace {

using Measure = std::function<std::int64_t(const Path &)>;
enum class Which { All, Partials, Finals };

std::vector<double> valuesOf(const std::vector<Path> &paths, const Measure &measure, Which which) {
    std::vector<double> values;
    for (const Path &path : paths)
        if (which == Which::All || (path.isNews && path.isFinal == (which == Which::Finals)))
            values.push_back(static_cast<double>(measure(path)) * 1e-6);
    return values;
}

std::string number(double value) {
    if (std::isnan(value))
        return "–";
    std::ostringstream text;
    text << std::fixed << std::setprecision(std::abs(value) < 100 ? 2 : 0) << value;
    return text.str();
}

void row(std::ostream &out, const std::string &name, const std::vector<double> &values) {
    out << "| " << name << " | " << number(mean(values)) << " | " << number(percentile(values, 0.50)) << " | "
        << number(percentile(values, 0.95)) << " | " << number(percentile(values, 0.99)) << " | "
        << number(percentile(values, 1)) << " |\n";
}

Measure stage(std::size_t index) {
    return [index](const Path &path) {
        return path.ns[index];
    };
}

Measure total() {
    return [](const Path &path) {
        return path.totalNs;
    };
}

Measure own() {
    return [](const Path &path) {
        return path.ownNs();
    };
}

void table(std::ostream &out, const Figures &figures) {
    const auto finals = valuesOf(figures.paths, total(), Which::Finals).size();
    const auto partials = valuesOf(figures.paths, total(), Which::Partials).size();
    out << "\n### " << figures.name << ", " << figures.sessions
        << (figures.sessions == 1 ? " session" : " sessions")
        << (figures.delayed ? "" : ", a provider that takes no time") << "\n\n"
        << partials << " partials, " << figures.paths.size() - partials - finals << " that say nothing new, "
        << finals << " finals; in ms:\n\n"
        << "|  | mean | p50 | p95 | p99 | worst |\n|---|---:|---:|---:|---:|---:|\n";
    for (std::size_t i = 0; i < kStages; i++)
        row(out, stageName(static_cast<Stage>(i)), valuesOf(figures.paths, stage(i), Which::All));
    row(out, "**the suite's own: all but codec and provider**", valuesOf(figures.paths, own(), Which::All));
    row(out, "**whole way of partials**", valuesOf(figures.paths, total(), Which::Partials));
    row(out, "of that, the provider",
        valuesOf(figures.paths, stage(static_cast<std::size_t>(Stage::Provider)), Which::Partials));
    row(out, "**whole way of finals**", valuesOf(figures.paths, total(), Which::Finals));
    row(out, "of that, the provider",
        valuesOf(figures.paths, stage(static_cast<std::size_t>(Stage::Provider)), Which::Finals));
}

void verdict(std::ostream &out, const Figures &figures, const char *wish, const Measure &measure, Which which,
             double share, double limit) {
    const double value = percentile(valuesOf(figures.paths, measure, which), share);
    const auto provider = valuesOf(figures.paths, stage(static_cast<std::size_t>(Stage::Provider)), which);
    out << "| " << wish << " | " << figures.name << " | " << figures.sessions << " | " << number(value)
        << " | " << (which == Which::All ? "" : number(percentile(provider, share))) << " | "
        << (value <= limit ? "yes" : "**no**") << " |\n";
}

void expectations(std::ostream &out, const Figures &figures) {
    verdict(out, figures, "own share p50 ≤ 10 ms", own(), Which::All, 0.50, 10);
    verdict(out, figures, "own share p95 ≤ 25 ms", own(), Which::All, 0.95, 25);
    if (!figures.delayed)
        return;
    verdict(out, figures, "partials p95 ≤ 625 ms", total(), Which::Partials, 0.95, 625);
    verdict(out, figures, "finals p95 ≤ 1025 ms", total(), Which::Finals, 0.95, 1025);
}

} // namespace

std::string markdown(const std::vector<Figures> &all) {
    std::ostringstream out;
    for (const Figures &figures : all)
        table(out, figures);
    out << "\n| wish | chunk/flush | sessions | measured, ms | the provider alone, ms | met "
           "|\n|---|---|---:|---:|---:|---|\n";
    for (const Figures &figures : all)
        if (figures.expected)
            expectations(out, figures);
    return out.str();
}

std::string oneLine(const std::string &name, unsigned sessions, const std::vector<Path> &paths) {
    const auto owns = valuesOf(paths, own(), Which::All);
    std::ostringstream out;
    out << name << ", " << sessions << ": own p50 " << number(percentile(owns, 0.50)) << " p95 "
        << number(percentile(owns, 0.95)) << ", partials p95 "
        << number(percentile(valuesOf(paths, total(), Which::Partials), 0.95)) << ", finals p95 "
        << number(percentile(valuesOf(paths, total(), Which::Finals), 0.95)) << " ms, " << paths.size()
        << " messages";
    return out.str();
}

} // namespace lt::bench
