// SPDX-License-Identifier: LGPL-2.1-or-later
// latency-bench: speech end → viewer, stage by stage, against the emulator of the provider. Prints figures
// and which expectations they meet; never fails because of a figure. docs/benchmarks.md says how to read
// them.
#include "lib/gst/refs.h"
#include "tests/bench/latency/report.h"
#include "tests/bench/latency/run.h"
#include "tests/bench/support/machine.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <gst/gst.h>

using namespace lt;
using namespace lt::bench;

namespace {

constexpr const char *kProfile = "network=100-150,partial=200-500,final=500-1000";

struct Options {
    int rounds = 3;
    double seconds = 40;
    int sessions = 16;
    gchar *profile = nullptr;
    gboolean smoke = FALSE;
    ~Options() { g_free(profile); }
};

bool parse(int argc, char **argv, Options &options) {
    const GOptionEntry entries[] = {
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds, "Rounds (3)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Speech of a run (40)", "S"},
        {"sessions", 'n', 0, G_OPTION_ARG_INT, &options.sessions, "Sessions of the larger set-up (16)", "N"},
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &options.profile, "Delays of the emulator", kProfile},
        {"smoke", 0, 0, G_OPTION_ARG_NONE, &options.smoke,
         "One short run that fails when something is missing or does not add up", nullptr},
        {}};
    GOptionContext *context = g_option_context_new("- speech end to viewer");
    g_option_context_add_main_entries(context, entries, nullptr);
    ErrorOut error;
    const bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!ok || options.rounds < 1 || options.seconds < 1 || options.sessions < 1)
        g_printerr("%s\n", ok ? "rounds, seconds and sessions are 1 or more" : error.message());
    return ok && options.rounds >= 1 && options.seconds >= 1 && options.sessions >= 1;
}

struct SetUp {
    Figures figures;
    RunSettings settings;
};

SetUp setUp(RunSettings settings, unsigned chunkMs, unsigned flushMs, unsigned sessions,
            const char *profile) {
    SetUp made;
    made.settings = std::move(settings);
    made.settings.chunkMs = chunkMs;
    made.settings.flushMs = flushMs;
    made.settings.sessions = sessions;
    made.settings.delayProfile = profile;
    made.figures.name = std::to_string(chunkMs) + "/" + std::to_string(flushMs);
    made.figures.sessions = sessions;
    made.figures.delayed = *profile != '\0';
    made.figures.expected = chunkMs == 20;
    return made;
}

std::vector<SetUp> setUps(const Options &options, const RunSettings &common) {
    const char *profile = options.profile ? options.profile : kProfile;
    if (options.smoke)
        return {setUp(common, 20, 5, 2, "network=5-10,partial=10-30,final=20-50")};
    const auto many = static_cast<unsigned>(options.sessions);
    return {setUp(common, 20, 5, 1, profile), setUp(common, 20, 5, many, profile),
            setUp(common, 50, 25, 1, profile), setUp(common, 50, 25, many, profile),
            setUp(common, 20, 5, 1, "")};
}

/// True when every message was there and every stage fits to the next.
bool runOnce(SetUp &one, std::uint32_t seed) {
    one.settings.seed = seed;
    const SessionPaths run = measure(one.settings);
    one.figures.paths.insert(one.figures.paths.end(), run.paths.begin(), run.paths.end());
    g_printerr("%s\n", oneLine(one.figures.name, one.figures.sessions, run.paths).c_str());
    for (const std::string &problem : run.problems)
        g_printerr("Does not fit: %s.\n", problem.c_str());
    return run.problems.empty() && !run.paths.empty();
}

} // namespace

int main(int argc, char **argv) try {
    gst_init(nullptr, nullptr);
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    RunSettings common;
    common.lineProgram = here / "latency-line";
    common.emulatorProgram =
        here / ".." / ".." / "support" / "gladia_emulator" / "livetranscript-gladia-emulator";
    common.seconds = options.smoke ? 3 : options.seconds;
    auto all = setUps(options, common);
    bool good = true;
    std::uint32_t seed = 1;
    for (int round = 0; round < (options.smoke ? 1 : options.rounds); round++)
        for (SetUp &one : all)
            good = runOnce(one, seed++) && good;
    std::vector<Figures> figures;
    for (SetUp &one : all)
        figures.push_back(std::move(one.figures));
    std::printf("%s\n%s", machineFacts(nullptr).c_str(), markdown(figures).c_str());
    return good ? 0 : 1;
} catch (const std::exception &error) {
    g_printerr("The benchmark could not be made: %s.\n", error.what());
    return 1;
}
