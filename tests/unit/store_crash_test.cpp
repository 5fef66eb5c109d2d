// SPDX-License-Identifier: LGPL-2.1-or-later
// What is left when a process that stores is killed with SIGKILL, at points that a seed chooses. Argument:
// the program store-child.
#include "elements/transcriptstore/databases.h"
#include "tests/support/postgres_cluster.h"
#include "tests/unit/store_samples.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace lt::store;
using namespace store_test;
using lt::support::PostgresCluster;
using lt::support::Process;
using lt::support::TemporaryDirectory;

namespace {

constexpr unsigned kSeed = 20260105;
constexpr int kRounds = 12;
constexpr int kFinalsPerRound = 5000; // more than it manages before it is killed

std::string child;

/// Numbers of the finals a killed child had acknowledged: everything up to the last one.
void addAcknowledged(std::set<std::string> &promised, const std::string &output, int first) {
    std::istringstream words(output);
    int last = first - 1;
    for (std::string what, number; words >> what >> number;)
        if (what == "stored")
            last = std::max(last, std::atoi(number.c_str()));
    for (int i = first; i <= last; i++)
        promised.insert("u" + std::to_string(i));
}

/// What stands in whole lines of the spool.
void addSpooled(std::set<std::string> &promised, const std::string &folder) {
    std::error_code none;
    for (const auto &entry : std::filesystem::directory_iterator(folder, none)) {
        std::ifstream file(entry.path());
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
        std::string error;
        for (std::string line; std::getline(lines, line);)
            if (const auto message = fromSpoolLine(line, error))
                promised.insert(message->transcript.utteranceId);
    }
}

void killAtRandomPoints(const std::string &location) {
    TemporaryDirectory directory;
    const std::string folder = directory.file("spool");
    std::minstd_rand random(kSeed);
    std::set<std::string> promised;
    bool spooledOnce = false;
    for (int round = 0; round < kRounds; round++) {
        const int first = round * kFinalsPerRound;
        Process storing({child, location, folder, std::to_string(kSeed + static_cast<unsigned>(round)),
                         std::to_string(first), std::to_string(kFinalsPerRound)});
        // After so many of its acknowledgements; the transaction it is in then is anybody's guess. Every
        // other time when it has just begun to spool.
        const bool spooling = round % 2 == 1;
        g_assert_true(storing.waitFor(spooling ? "spooled" : "\n", spooling ? 1 : 1 + random() % 20));
        storing.signal(SIGKILL);
        g_assert_true(storing.waitForEnd().has_value());
        addAcknowledged(promised, storing.output(), first);
        const std::size_t before = promised.size();
        addSpooled(promised, folder);
        spooledOnce |= promised.size() > before;
    }
    g_assert_true(spooledOnce);
    Process last({child, location, folder, "1", "0", "0"});
    g_assert_true(last.waitForEnd() == 0);
    std::string error;
    const auto known = DatabaseLocation::parse(location, error);
    const auto database = makeDatabase(*known, error);
    assertDone(database->connect(patience()));
    std::multiset<std::string> found;
    for (const auto &message : readAll(*database))
        found.insert(message.transcript.utteranceId);
    g_test_message("%zu promised, %zu found", promised.size(), found.size());
    for (const auto &id : promised)
        if (found.count(id) != 1)
            g_error("%s was promised and is there %zu times", id.c_str(), found.count(id));
    g_assert_true(std::filesystem::is_empty(folder));
}

void a_killed_process_has_kept_its_promises_in_sqlite() {
    TemporaryDirectory directory;
    std::string error;
    const auto location = DatabaseLocation::parse(directory.file("a.db"), error);
    if (!makeDatabase(*location, error))
        return g_test_skip(error.c_str());
    killAtRandomPoints(directory.file("a.db"));
}

void a_killed_process_has_kept_its_promises_in_postgresql() {
    std::string error;
    const auto location = DatabaseLocation::parse("postgresql://host/db", error);
    if (!PostgresCluster::isPossible() || !makeDatabase(*location, error))
        return g_test_skip("there is no PostgreSQL here");
    PostgresCluster cluster;
    cluster.start();
    killAtRandomPoints(cluster.uri());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_assert_cmpint(argc, ==, 2);
    child = argv[1];
    g_test_add_func("/store-crash/sqlite", a_killed_process_has_kept_its_promises_in_sqlite);
    g_test_add_func("/store-crash/postgresql", a_killed_process_has_kept_its_promises_in_postgresql);
    return g_test_run();
}
