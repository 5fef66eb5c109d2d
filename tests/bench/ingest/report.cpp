// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/report.h"

#include "tests/bench/support/statistics.h"

#include <array>
#include <cmath>
#include <functional>
#include <iomanip>
#include <limits>
#include <sstream>

namespace lt::bench {

namespace {

using Measure = std::function<double(const RunFigures &)>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string number(double value, int digits) {
    if (std::isnan(value))
        return "–";
    std::ostringstream text;
    text << std::fixed << std::setprecision(digits) << value;
    return text.str();
}

double medianOf(const std::vector<RunFigures> &rounds, const Measure &measure) {
    std::vector<double> values;
    for (const auto &round : rounds)
        values.push_back(measure(round));
    return median(std::move(values));
}

/// Median of the ratios within each round.
double medianRatio(const std::vector<RunFigures> &ours, const std::vector<RunFigures> &peers,
                   const Measure &measure) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size() && i < peers.size(); i++)
        ratios.push_back(measure(ours[i]) / measure(peers[i]));
    return median(std::move(ratios));
}

struct Row {
    const char *name;
    Measure measure;
    int digits;
    bool ratio; // means something
};

std::vector<Row> rowsFor(unsigned sessions, const Memory &empty) {
    const double n = sessions;
    const auto base = static_cast<double>(empty.privateKiB);
    using F = const RunFigures &;
    return {
        {"processor, ms per session-second", [](F f) { return f.cpuPerSessionSecond * 1e3; }, 2, true},
        {"private memory per session, KiB", [n](F f) { return f.privateKiB / n; }, 0, true},
        {"proportional (Pss) memory per session, KiB", [n](F f) { return f.pssKiB / n; }, 0, true},
        {"all private memory, KiB", [](F f) { return f.privateKiB; }, 0, true},
        {"the same beyond our empty process, per session, KiB",
         [n, base](F f) { return (f.privateKiB - base) / n; }, 0, false},
        {"codec's own latency (floor), mean ms", [](F f) { return f.floorMean; }, 2, false},
        {"of that line: conversion to 16 kHz mono, mean ms", [](F f) { return f.conversionMean; }, 2, false},
        {"added latency, mean ms", [](F f) { return f.addedMean; }, 2, false},
        {"added latency, median ms", [](F f) { return f.addedP50; }, 2, false},
        {"added latency, p95 ms", [](F f) { return f.addedP95; }, 2, false},
        {"added latency, p99 ms", [](F f) { return f.addedP99; }, 2, false},
        {"added latency once cut at 50/25, mean ms", [](F f) { return f.addedMeanCut; }, 2, false},
        {"accepted publish → first PCM, worst session, ms", [](F f) { return f.firstPcm; }, 1, false},
        {"audio lost at the start, worst session, ms", [](F f) { return f.startLost; }, 1, false},
        {"markers that never came", [](F f) { return static_cast<double>(f.missing); }, 0, false},
    };
}

void table(std::ostream &out, const Results &results, unsigned sessions,
           const std::vector<std::vector<RunFigures>> &runs) {
    const bool hasPeer = results.contestants.front().peer;
    out << "\n### " << sessions << (sessions == 1 ? " session\n\n|  |" : " sessions\n\n|  |");
    for (const auto &contestant : results.contestants)
        out << ' ' << contestant.name << (hasPeer && !contestant.peer ? " | ratio |" : " |");
    out << "\n|---|";
    for (const auto &contestant : results.contestants)
        out << (hasPeer && !contestant.peer ? "---:|---:|" : "---:|");
    out << '\n';
    for (const auto &row : rowsFor(sessions, results.empty)) {
        out << "| " << row.name << " |";
        for (std::size_t i = 0; i < runs.size(); i++) {
            out << ' ' << number(medianOf(runs[i], row.measure), row.digits) << " |";
            if (hasPeer && !results.contestants[i].peer)
                out << ' ' << (row.ratio ? number(medianRatio(runs[i], runs[0], row.measure), 3) : "")
                    << " |";
        }
        out << '\n';
    }
}

void verdict(std::ostream &out, const std::string &wish, const std::string &who, unsigned sessions,
             double value, double limit, int digits) {
    out << "| " << wish << " | " << who << " | " << sessions << " | " << number(value, digits) << " | "
        << (value <= limit ? "yes" : "**no**") << " |\n";
}

void expectationsOf(std::ostream &out, const Results &results, unsigned sessions, std::size_t index) {
    const auto &who = results.contestants[index];
    const auto &runs = results.runs.at(sessions);
    const auto &ours = runs[index];
    if (results.contestants.front().peer) {
        const auto perProcess = [](const RunFigures &f) {
            return f.privateKiB;
        };
        const auto processor = [](const RunFigures &f) {
            return f.cpuPerSessionSecond;
        };
        verdict(out, "private memory ≤ 1/8 of the peer's", who.name, sessions,
                medianRatio(ours, runs[0], perProcess), 0.125, 3);
        verdict(out, "processor ≤ 2/3 of the peer's", who.name, sessions,
                medianRatio(ours, runs[0], processor), 2.0 / 3, 3);
    }
    const double allowed = who.chunkMs == 50 && who.flushMs == 25  ? 12
                           : who.chunkMs == 20 && who.flushMs == 5 ? 3
                                                                   : kNaN;
    if (!std::isnan(allowed))
        verdict(out, "mean latency ≤ floor + " + number(allowed, 0) + " ms", who.name, sessions,
                medianOf(ours, [](const RunFigures &f) { return f.addedMean; }), allowed, 2);
    verdict(out, "first PCM within 100 ms of the accepted publish", who.name, sessions,
            medianOf(ours, [](const RunFigures &f) { return f.firstPcm; }), 100, 1);
    verdict(out, "no audio lost at the start (more than 1 ms)", who.name, sessions,
            medianOf(ours, [](const RunFigures &f) { return f.startLost; }), 1, 1);
    verdict(out, "no marker missing", who.name, sessions,
            medianOf(ours, [](const RunFigures &f) { return static_cast<double>(f.missing); }), 0, 0);
}

/// What one more session costs once there are some, which is what tells how many a machine holds; NaN when
/// there was one number of sessions only.
double slope(const Results &results, std::size_t contestant) {
    const auto &fewest = *results.runs.begin(), &most = *results.runs.rbegin();
    if (fewest.first == most.first)
        return kNaN;
    const auto total = [](const RunFigures &f) {
        return f.privateKiB;
    };
    return (medianOf(most.second[contestant], total) - medianOf(fewest.second[contestant], total)) /
           (most.first - fewest.first);
}

void slopes(std::ostream &out, const Results &results) {
    if (std::isnan(slope(results, 0)))
        return;
    out << "\nPrivate memory of each further session, from " << results.runs.begin()->first << " to "
        << results.runs.rbegin()->first << ":\n\n";
    for (std::size_t i = 0; i < results.contestants.size(); i++)
        out << "- " << results.contestants[i].name << ": " << number(slope(results, i), 0) << " KiB\n";
}

void expectationOfSlope(std::ostream &out, const Results &results, std::size_t index) {
    const double ratio = slope(results, index) / slope(results, 0);
    if (results.contestants.front().peer && !std::isnan(ratio))
        verdict(out, "private memory of each further session ≤ 1/8 of the peer's",
                results.contestants[index].name, results.runs.rbegin()->first, ratio, 0.125, 3);
}

} // namespace

std::string oneLine(const Contestant &contestant, unsigned sessions, const RunFigures &f) {
    std::ostringstream out;
    out << contestant.name << ", " << sessions << ": cpu " << number(f.cpuPerSessionSecond * 1e3, 2)
        << " ms/s, private " << number(f.privateKiB / sessions, 0) << " KiB, floor " << number(f.floorMean, 2)
        << " ms, added mean " << number(f.addedMean, 2) << " p50 " << number(f.addedP50, 2) << " p95 "
        << number(f.addedP95, 2) << " p99 " << number(f.addedP99, 2) << " ms, first PCM "
        << number(f.firstPcm, 1) << " ms, lost " << number(f.startLost, 2) << " ms, markers " << f.markers
        << ", missing " << f.missing << ", strangers " << f.strangers;
    return out.str();
}

std::string markdown(const Results &results) {
    std::ostringstream out;
    const auto rounds = results.runs.begin()->second.front().size();
    out << "Medians of " << rounds
        << " interleaved rounds. Private memory of our process without a pipeline: "
        << results.empty.privateKiB << " KiB.\n";
    for (const auto &[sessions, runs] : results.runs)
        table(out, results, sessions, runs);
    slopes(out, results);
    out << "\n| wish | contestant | sessions | measured | met |\n|---|---|---:|---:|---|\n";
    for (const auto &[sessions, runs] : results.runs)
        for (std::size_t i = 0; i < runs.size(); i++)
            if (!results.contestants[i].peer)
                expectationsOf(out, results, sessions, i);
    for (std::size_t i = 0; i < results.contestants.size(); i++)
        if (!results.contestants[i].peer)
            expectationOfSlope(out, results, i);
    return out.str();
}

} // namespace lt::bench
