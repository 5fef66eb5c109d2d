// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows per second of the store's batches against one INSERT per transcript, on the same database, in
// interleaved runs. Arguments: --smoke (a short run, no figures), --rounds N, --folder DIR (where the
// databases go).
#include "elements/transcriptstore/batch.h"
#include "elements/transcriptstore/databases.h"
#include "tests/bench/store/single_insert.h"
#include "tests/support/postgres_cluster.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::store;
using lt::support::PostgresCluster;
using lt::support::TemporaryDirectory;

namespace {

constexpr std::size_t kBatchSizes[] = {10, 100};
constexpr double kShare = 0.99;

struct Settings {
    int rounds = 5;
    std::size_t batched = 5000; // transcripts of one run
    std::size_t single = 500;
    std::string folder;
};

struct Run {
    double rowsPerSecond = 0;
    double medianMs = 0, p99Ms = 0; // of one commit
};

using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double at(std::vector<double> &values, double share) {
    std::sort(values.begin(), values.end());
    return values.at(
        std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size()))));
}

/// An utterance of a dozen words, as a recogniser sends it.
StoredMessage utterance(std::size_t number) {
    lt::Transcript transcript;
    transcript.epoch = "bench";
    transcript.utteranceId = "u" + std::to_string(number);
    transcript.revision = 1;
    transcript.isFinal = true;
    transcript.language = "en";
    transcript.participantId = "speaker-" + std::to_string(number % 3);
    transcript.startNs = number * 2000000000;
    transcript.endNs = transcript.startNs + 1800000000;
    transcript.confidence = 0.93;
    for (const char *word : {"and", "so", "the", "whole", "committee", "agreed", "to", "meet", "again", "on",
                             "Thursday", "morning"}) {
        const std::uint64_t start = transcript.startNs + transcript.words.size() * 150000000;
        transcript.words.push_back({word, start, start + 140000000, 0.9});
        transcript.text += (transcript.text.empty() ? "" : " ") + std::string(word);
    }
    return makeMessage(transcript, {"bench", "run", 0}, 1767225600000, number);
}

Run measure(std::size_t rows, std::size_t batchSize, const std::function<bool(const Batch &)> &store) {
    static std::size_t number = 0; // no row is ever stored twice
    std::vector<double> commits;
    std::vector<Batch> batches(rows / batchSize);
    for (Batch &batch : batches)
        for (std::size_t i = 0; i < batchSize; i++)
            batch.add(utterance(number++));
    const auto start = Clock::now();
    for (const Batch &batch : batches) {
        const auto before = Clock::now();
        g_assert_true(store(batch));
        commits.push_back(millisecondsSince(before));
    }
    const double total = millisecondsSince(start);
    return {static_cast<double>(rows) / total * 1000, at(commits, 0.5), at(commits, kShare)};
}

double median(const std::vector<Run> &runs, double Run::*figure) {
    std::vector<double> values;
    for (const Run &run : runs)
        values.push_back(run.*figure);
    return at(values, 0.5);
}

void printRow(const std::string &name, const std::vector<Run> &runs, const std::vector<double> &ratios) {
    std::vector<double> sorted = ratios;
    std::printf("| %s | %.0f | %.2f | %.2f | %s |\n", name.c_str(), median(runs, &Run::rowsPerSecond),
                median(runs, &Run::medianMs), median(runs, &Run::p99Ms),
                ratios.empty() ? "" : (std::to_string(at(sorted, 0.5)).substr(0, 5)).c_str());
}

void compare(const char *name, const std::string &location, const Settings &settings) {
    std::string error;
    const auto parsed = DatabaseLocation::parse(location, error);
    const auto database = makeDatabase(*parsed, error);
    const Patience patience(Clock::now() + std::chrono::hours(1));
    const Answer connected = database->connect(patience);
    if (!connected.done())
        g_error("%s", connected.sentence.c_str());
    const auto peer = makeSingleInsert(*parsed);
    std::vector<Run> peerRuns, ownRuns[std::size(kBatchSizes)];
    std::vector<double> ratios[std::size(kBatchSizes)];
    for (int round = 0; round < settings.rounds; round++) {
        peerRuns.push_back(measure(
            settings.single, 1, [&](const Batch &batch) { return peer->insert(batch.messages().front()); }));
        for (std::size_t i = 0; i < std::size(kBatchSizes); i++) {
            ownRuns[i].push_back(measure(settings.batched, kBatchSizes[i], [&](const Batch &batch) {
                return database->store(batch.messages(), patience).done();
            }));
            ratios[i].push_back(ownRuns[i].back().rowsPerSecond / peerRuns.back().rowsPerSecond);
        }
    }
    std::printf("\n#### %s\n\n|  | rows/s | commit, median ms | commit, p99 ms | ratio "
                "|\n|---|---:|---:|---:|---:|\n",
                name);
    printRow("one INSERT per transcript", peerRuns, {});
    for (std::size_t i = 0; i < std::size(kBatchSizes); i++)
        printRow("batches of " + std::to_string(kBatchSizes[i]), ownRuns[i], ratios[i]);
}

bool has(const char *location) {
    std::string error;
    const auto parsed = DatabaseLocation::parse(location, error);
    return makeDatabase(*parsed, error) != nullptr;
}

} // namespace

int main(int argc, char **argv) {
    Settings settings;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        if (argument == "--smoke")
            settings = {1, 200, 20, settings.folder};
        else if (argument == "--rounds" && i + 1 < argc)
            settings.rounds = std::max(std::atoi(argv[++i]), 1);
        else if (argument == "--folder" && i + 1 < argc)
            settings.folder = argv[++i];
        else
            g_error("%s: --smoke, --rounds N, --folder DIR", argument.c_str());
    }
    if (!settings.folder.empty())
        g_setenv("TMPDIR", settings.folder.c_str(), TRUE);
    if (has("bench.db")) {
        TemporaryDirectory directory;
        compare("SQLite", directory.file("bench.db"), settings);
    }
    if (has("postgresql://") && PostgresCluster::isPossible()) {
        PostgresCluster cluster(true);
        cluster.start();
        compare("PostgreSQL", cluster.uri(), settings);
    }
    return 0;
}
