// SPDX-License-Identifier: LGPL-2.1-or-later
// ingest-bench: RTMP+AAC → PCM in real time, our line in one process against one ffmpeg process per session.
// Prints figures and which expectations they meet; never fails because of a figure. docs/benchmarks.md says
// how to read them.
#include "lib/gst/refs.h"
#include "tests/bench/ingest/report.h"
#include "tests/bench/support/machine.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

using namespace lt;
using namespace lt::bench;

namespace {

struct Options {
    gchar *sessions = nullptr;
    gchar *cuts = nullptr;
    gchar *decoder = nullptr;
    int rounds = 5;
    double seconds = 11;
    int feedFrames = 441;
    gboolean noPeer = FALSE;
    gboolean smoke = FALSE;
    ~Options() {
        g_free(sessions);
        g_free(cuts);
        g_free(decoder);
    }
};

bool parse(int argc, char **argv, Options &options) {
    const GOptionEntry entries[] = {
        {"sessions", 'n', 0, G_OPTION_ARG_STRING, &options.sessions, "Numbers of sessions (1,4,16)", "N,…"},
        {"cuts", 'c', 0, G_OPTION_ARG_STRING, &options.cuts,
         "chunk-ms/flush-ms of our line (50/25,20/5) or none", "C/F,…"},
        {"decoder", 'd', 0, G_OPTION_ARG_STRING, &options.decoder, "AAC decoder of our line (avdec_aac)",
         "NAME"},
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds, "Rounds (5)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Measured time of a run (11)", "S"},
        {"feed", 'f', 0, G_OPTION_ARG_INT, &options.feedFrames,
         "Frames of 44.1 kHz handed to the encoder at a time (441)", "N"},
        {"no-peer", 0, 0, G_OPTION_ARG_NONE, &options.noPeer, "Our line only", nullptr},
        {"smoke", 0, 0, G_OPTION_ARG_NONE, &options.smoke,
         "One short run of each that fails when audio is missing", nullptr},
        {}};
    GOptionContext *context = g_option_context_new("- RTMP ingest against ffmpeg");
    g_option_context_add_main_entries(context, entries, nullptr);
    ErrorOut error;
    const bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!ok)
        g_printerr("%s\n", error.message());
    return ok;
}

std::vector<unsigned> numbers(const std::string &list, char separator) {
    std::vector<unsigned> values;
    for (std::size_t at = 0; at <= list.size();) {
        const auto end = std::min(list.find(separator, at), list.size());
        const int value = std::atoi(list.substr(at, end - at).c_str());
        if (value <= 0 || value > 1000)
            throw std::runtime_error("\"" + list + "\" is not a list of numbers from 1 to 1000");
        values.push_back(static_cast<unsigned>(value));
        at = end + 1;
    }
    return values;
}

std::vector<Contestant> contestantsOf(const Options &options) {
    std::vector<Contestant> contestants;
    if (!options.noPeer)
        contestants.push_back({"ffmpeg", true, 0, 0});
    const std::string list = options.cuts ? options.cuts : "50/25,20/5";
    for (std::size_t at = 0; at <= list.size() && list != "none";) {
        const auto end = std::min(list.find(',', at), list.size());
        const std::string cut = list.substr(at, end - at);
        const auto both = numbers(cut, '/');
        if (both.size() != 2)
            throw std::runtime_error("\"" + cut + "\" is not CHUNK/FLUSH in ms");
        contestants.push_back({"our line " + cut, false, both[0], both[1]});
        if (options.decoder)
            contestants.back().decoder = options.decoder;
        at = end + 1;
    }
    return contestants;
}

Results runAll(const Options &options, RunSettings settings) {
    Results results;
    results.contestants = contestantsOf(options);
    emptyLineMemory(settings.lineProgram); // may have to bring the registry up to date
    results.empty = emptyLineMemory(settings.lineProgram);
    const auto sizes = numbers(options.sessions ? options.sessions : options.smoke ? "1" : "1,4,16", ',');
    for (const unsigned sessions : sizes)
        results.runs[sessions].resize(results.contestants.size());
    for (int round = 0; round < options.rounds; round++)
        for (const unsigned sessions : sizes)
            for (std::size_t i = 0; i < results.contestants.size(); i++) {
                settings.sessions = sessions;
                settings.seed++;
                const RunFigures figures = measure(results.contestants[i], settings);
                results.runs[sessions][i].push_back(figures);
                g_printerr("round %d: %s\n", round + 1,
                           oneLine(results.contestants[i], sessions, figures).c_str());
            }
    return results;
}

/// What must hold on any machine, however busy: all audio came, once, ours from the first millisecond on, and
/// something was measured.
bool complete(const Contestant &contestant, const RunFigures &run) {
    const bool measured = run.markers > 0 && run.cpuPerSessionSecond > 0 && run.privateKiB > 0;
    const bool ours = contestant.peer || (run.startLost <= 1 && run.strangers == 0);
    return measured && run.missing == 0 && ours;
}

bool complete(const Results &results) {
    bool good = true;
    for (const auto &[sessions, runs] : results.runs)
        for (std::size_t i = 0; i < runs.size(); i++)
            for (const auto &run : runs[i])
                if (!complete(results.contestants[i], run)) {
                    g_printerr("Not whole: %s\n", oneLine(results.contestants[i], sessions, run).c_str());
                    good = false;
                }
    return good;
}

} // namespace

int main(int argc, char **argv) try {
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    RunSettings settings;
    settings.publisherProgram = here / "ingest-publisher";
    settings.lineProgram = here / "ingest-line";
    settings.feedFrames = static_cast<unsigned>(options.feedFrames);
    settings.seconds = options.seconds;
    if (options.smoke) {
        options.rounds = 1;
        settings.seconds = 1;
        settings.warmSeconds = 0.5;
    }
    const Results results = runAll(options, settings);
    std::printf("%s\n%s", machineFacts("ffmpeg -version 2>/dev/null").c_str(), markdown(results).c_str());
    return options.smoke && !complete(results) ? 1 : 0;
} catch (const std::exception &error) {
    g_printerr("The benchmark could not be made: %s.\n", error.what());
    return 1;
}
