// SPDX-License-Identifier: LGPL-2.1-or-later
// service-bench: the whole path, from the publisher to the last viewer, of livetranscriptd and of what it
// replaces: an ffmpeg per session that feeds a process on Node and `ws`. Prints figures, ratios and which
// expectations they meet; never fails because of a figure. docs/benchmarks.md says how to read them.
#include "lib/gst/refs.h"
#include "tests/bench/service/run.h"
#include "tests/bench/support/machine.h"
#include "tests/bench/support/results.h"
#include "tests/bench/support/rtmp2sink_noise.h"
#include "tests/bench/support/statistics.h"
#include "tests/support/process.h"

#include <cstdio>
#include <sstream>
#include <stdexcept>

#include <gst/gst.h>

using namespace lt;
using namespace lt::bench;

namespace {

constexpr const char *kOurs = "livetranscriptd", *kPeer = "ffmpeg + Node ws";
constexpr const char *kCpu = "CPU, ms per second of a session", *kMemory = "private memory, KiB per session",
                     *kFirstPcm = "publish → first PCM, median, ms",
                     *kLost = "audio that never came, most, ms",
                     *kBroadcast99 = "recogniser → viewer, p99, ms";

struct Options {
    int rounds = 3, viewers = 10;
    double seconds = 20;
    gchar *sessions = nullptr;
    gboolean smoke = FALSE, noPeer = FALSE;
    ~Options() { g_free(sessions); }
};

bool parse(int &argc, char **&argv, Options &options) {
    const GOptionEntry entries[] = {
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds, "Rounds (3)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Speech of a run (20)", "S"},
        {"sessions", 'n', 0, G_OPTION_ARG_STRING, &options.sessions, "Numbers of sessions (1,8,32,100)",
         "N,…"},
        {"viewers", 'v', 0, G_OPTION_ARG_INT, &options.viewers, "Of each session (10)", "N"},
        {"smoke", 0, 0, G_OPTION_ARG_NONE, &options.smoke,
         "One short run that fails when something is missing or does not add up", nullptr},
        {"no-peer", 0, 0, G_OPTION_ARG_NONE, &options.noPeer, "Ours alone", nullptr},
        {}};
    GOptionContext *context =
        g_option_context_new("LIVETRANSCRIPTD SESSION.LAUNCH SERVICE_PEER.JS - publisher to viewer");
    g_option_context_add_main_entries(context, entries, nullptr);
    ErrorOut error;
    const bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    const bool good = ok && argc == 4 && options.rounds > 0 && options.viewers > 0 && options.seconds >= 1;
    if (!good)
        g_printerr("%s\n", ok ? "three files, and numbers above 0" : error.message());
    return good;
}

std::vector<unsigned> numbersOf(const std::string &list) {
    std::vector<unsigned> numbers;
    std::istringstream words(list);
    for (std::string word; std::getline(words, word, ',');)
        numbers.push_back(static_cast<unsigned>(std::stoul(word)));
    return numbers;
}

void note(Results &results, const char *who, const ServiceRun &run) {
    const auto &figures = run.figures;
    results.add(kCpu, who, run.cpuPerSessionSecond * 1000);
    results.add(kMemory, who, run.privateKiBPerSession);
    results.add(kFirstPcm, who, median(figures.firstPcmMs));
    results.add(kLost, who, percentile(figures.lostMs, 1));
    results.add("handed to the encoder → recogniser, p50, ms", who, percentile(figures.ingestMs, 0.50));
    results.add("handed to the encoder → recogniser, p99, ms", who, percentile(figures.ingestMs, 0.99));
    results.add("recogniser → viewer, p50, ms", who, percentile(figures.broadcastMs, 0.50));
    results.add(kBroadcast99, who, percentile(figures.broadcastMs, 0.99));
    results.add("last sound → final at the viewer, p50, ms", who, percentile(figures.glassMs, 0.50));
    results.add("last sound → final at the viewer, p99, ms", who, percentile(figures.glassMs, 0.99));
}

/// False when something is missing.
bool runOne(Results &results, const ServiceRunSettings &settings) {
    const char *who = settings.peer ? kPeer : kOurs;
    const ServiceRun run = measure(settings);
    for (const auto &problem : run.figures.problems)
        g_printerr("%s, %u sessions: %s.\n", who, settings.sessions, problem.c_str());
    note(results, who, run);
    g_printerr("%s, %u sessions: %.2f ms CPU, %.0f KiB, first PCM %.0f ms\n", who, settings.sessions,
               run.cpuPerSessionSecond * 1000, run.privateKiBPerSession, median(run.figures.firstPcmMs));
    return run.figures.problems.empty();
}

const std::vector<Wish> kWishes = {{kMemory, true, true, 1.0 / 8},
                                   {kCpu, true, true, 1.0 / 2},
                                   {kFirstPcm, true, true, 1.0 / 5},
                                   {kBroadcast99, true, true, 1.0 / 2}};

/// Between our runs everybody hears everything; a peer that loses words is a result.
bool runAll(const Options &options, ServiceRunSettings settings) {
    bool good = true;
    std::uint32_t seed = 1;
    for (const unsigned sessions : numbersOf(options.sessions ? options.sessions
                                             : options.smoke  ? "2"
                                                              : "1,8,32,100")) {
        Results results;
        settings.sessions = sessions;
        for (int round = 0; round < (options.smoke ? 1 : options.rounds); round++) {
            settings.seed = seed++;
            for (const bool peer : {true, false}) {
                settings.peer = peer;
                if (!peer || !options.noPeer)
                    good = (runOne(results, settings) || peer) && good;
            }
        }
        std::printf("\n### %u %s, %u viewers each\n\n%s\n", sessions, sessions == 1 ? "session" : "sessions",
                    settings.viewersPerSession, results.table(!options.noPeer).c_str());
        if (!options.noPeer)
            std::printf("%s", verdicts(results, kWishes, kOurs, std::string(kPeer)).c_str());
        std::fflush(stdout);
    }
    return good;
}

} // namespace

int main(int argc, char **argv) try {
    gst_init(nullptr, nullptr);
    dropRtmp2sinkNoise();
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    ServiceRunSettings settings;
    settings.viewersPerSession = static_cast<unsigned>(options.viewers);
    settings.seconds = options.smoke ? 4 : options.seconds;
    settings.programs = {argv[1], argv[2], argv[3]};
    if (!options.noPeer && !(support::haveProgram("node") && support::haveProgram("ffmpeg")))
        throw std::runtime_error("the peer needs node and ffmpeg, and `npm ci` in tests/node");
    std::printf("%s", machineFacts("ffmpeg -version").c_str());
    return runAll(options, settings) ? 0 : 1;
} catch (const std::exception &error) {
    g_printerr("The benchmark could not be made: %s.\n", error.what());
    return 1;
}
