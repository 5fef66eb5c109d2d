// SPDX-License-Identifier: LGPL-2.1-or-later
// gladia-bench: gladiasink against a client on Node's `ws`, both streaming to the emulator. Prints figures
// and which expectations they meet; never fails because of a figure. docs/benchmarks.md says how to read
// them.
#include "lib/gst/refs.h"
#include "tests/bench/gladia/runs.h"
#include "tests/bench/support/machine.h"
#include "tests/support/dtmf_tone.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <unistd.h>

using namespace lt;
using namespace lt::bench;

namespace {

struct Options {
    gchar *sessions = nullptr;
    gchar *peer = nullptr;
    gchar *emulator = nullptr;
    int rounds = 5;
    int outages = 20;
    double seconds = 10;
    gboolean noPeer = FALSE;
    gboolean smoke = FALSE;
    ~Options() {
        g_free(sessions);
        g_free(peer);
        g_free(emulator);
    }
};

bool parse(int argc, char **argv, Options &options) {
    const GOptionEntry entries[] = {
        {"sessions", 'n', 0, G_OPTION_ARG_STRING, &options.sessions, "Numbers of sessions (1,50,200)", "N,…"},
        {"emulator", 0, 0, G_OPTION_ARG_FILENAME, &options.emulator, "The emulator's program", "FILE"},
        {"peer", 0, 0, G_OPTION_ARG_FILENAME, &options.peer, "The peer's program for node", "FILE"},
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds, "Rounds (5)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Measured time of a run (10)", "S"},
        {"outages", 'o', 0, G_OPTION_ARG_INT, &options.outages, "Outages of a run (20)", "N"},
        {"no-peer", 0, 0, G_OPTION_ARG_NONE, &options.noPeer, "gladiasink only", nullptr},
        {"smoke", 0, 0, G_OPTION_ARG_NONE, &options.smoke, "One short run of each", nullptr},
        {}};
    GOptionContext *context = g_option_context_new("- many sessions of gladiasink against Node ws");
    g_option_context_add_main_entries(context, entries, nullptr);
    ErrorOut error;
    bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!ok)
        g_printerr("%s\n", error.message());
    if (ok && !options.emulator) {
        g_printerr("--emulator is needed, and --peer FILE or --no-peer.\n");
        ok = false;
    }
    return ok;
}

std::vector<std::size_t> numbers(const std::string &list) {
    std::vector<std::size_t> values;
    for (std::size_t at = 0; at <= list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        const int value = std::atoi(list.substr(at, end - at).c_str());
        if (value < 1 || value > 250)
            throw std::runtime_error("\"" + list + "\" is not a list of numbers from 1 to 250");
        values.push_back(static_cast<std::size_t>(value));
        at = end + 1;
    }
    return values;
}

const char *const kOurs = "gladiasink";
const char *const kPeer = "ws";

/// Digits to hear, as a file that goes with this.
class Audio {
public:
    Audio() {
        const auto samples = support::makeDtmf("1593570,");
        ErrorOut error;
        gchar *name = nullptr;
        const int file = g_file_open_tmp("gladia-bench-XXXXXX", &name, error.out());
        if (file < 0)
            throw std::runtime_error(error.message());
        path_ = name;
        g_free(name);
        const auto size = static_cast<ssize_t>(samples.size() * sizeof samples[0]);
        const bool written = write(file, samples.data(), static_cast<std::size_t>(size)) == size;
        close(file);
        if (!written)
            throw std::runtime_error(path_ + " cannot be written");
    }
    ~Audio() { std::filesystem::remove(path_); }
    Audio(const Audio &) = delete;
    Audio &operator=(const Audio &) = delete;

    const std::string &path() const { return path_; }

private:
    std::string path_;
};

/// GStreamer's registry, which no other program writes meanwhile: to read the plugins anew takes a process
/// more memory than a session does.
class Registry {
public:
    Registry() : path_(g_build_filename(g_get_tmp_dir(), "gladia-bench-registry-XXXXXX", nullptr)) {
        if (!g_mkdtemp(path_))
            throw std::runtime_error(std::string(path_) + " cannot be made");
        g_setenv("GST_REGISTRY", (std::filesystem::path(path_) / "registry.bin").c_str(), TRUE);
    }
    ~Registry() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
        g_free(path_);
    }
    Registry(const Registry &) = delete;
    Registry &operator=(const Registry &) = delete;

private:
    gchar *const path_;
};

std::vector<Contestant> contestantsOf(const Options &options) {
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    std::vector<Contestant> contestants;
    if (!options.noPeer && options.peer)
        contestants.push_back({kPeer, {"node", options.peer}, ""});
    contestants.push_back({kOurs, {here / "gladia-senders"}, "lt-"});
    return contestants;
}

const std::vector<Wish> kWishes = {
    {"processor, ms per session-second, N=1", true, true, 0.5},
    {"processor, ms per session-second, N=50", true, true, 0.5},
    {"processor, ms per session-second, N=200", true, true, 0.5},
    {"private memory per session, KiB, N=1", true, true, 0.5},
    {"private memory per session, KiB, N=50", true, true, 0.5},
    {"network threads, N=200", false, true, 4},
    {"chunk in → socket p99, µs, N=1", false, true, 1000},
    {"chunk in → socket p99, µs, N=50", false, true, 1000},
    {"chunk in → socket p99, µs, N=200", false, true, 1000},
    {"reachable again → acknowledgement p50, ms", false, true, 400},
};

Results runAll(const Options &options, const std::vector<std::size_t> &sizes,
               const std::vector<Contestant> &contestants, const RunSettings &settings) {
    Results results;
    for (int round = 0; round < options.rounds; round++) {
        for (const auto sessions : sizes)
            for (const auto &contestant : contestants)
                measureStreaming(contestant, sessions, settings, results);
        for (const auto &contestant : contestants)
            measureRecovery(contestant, settings, results);
        g_printerr("Round %d of %d is done.\n", round + 1, options.rounds);
    }
    return results;
}

/// What a further session costs between the two largest numbers.
std::string slopes(const Results &results, const std::vector<std::size_t> &sizes,
                   const std::vector<Contestant> &contestants) {
    if (sizes.size() < 2)
        return "";
    const std::size_t few = sizes[sizes.size() - 2];
    const std::size_t many = sizes.back();
    std::string text = "\nPrivate memory of each further session, from " + std::to_string(few) + " to " +
                       std::to_string(many) + ":";
    for (const auto &contestant : contestants) {
        const auto memory = [&](std::size_t sessions) {
            return results.median("private memory, KiB, N=" + std::to_string(sessions), contestant.name);
        };
        char figure[64];
        std::snprintf(figure, sizeof figure, " %s %.1f KiB", contestant.name.c_str(),
                      (memory(many) - memory(few)) / static_cast<double>(many - few));
        text += figure;
    }
    return text + ".\n";
}

} // namespace

int main(int argc, char **argv) try {
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    const Audio audio;
    const Registry registry;
    RunSettings settings;
    settings.emulator = options.emulator;
    settings.audio = audio.path();
    settings.serviceProcessor = std::thread::hardware_concurrency() > 1 ? 1 : 0;
    settings.measuredSeconds = options.seconds;
    settings.outages = static_cast<std::size_t>(std::max(options.outages, 1));
    if (options.smoke) {
        options.rounds = 1;
        settings.settleSeconds = settings.measuredSeconds = 0.5;
        settings.outages = settings.recoveringSessions = 2;
    }
    auto sizes = numbers(options.sessions ? options.sessions : options.smoke ? "1,3" : "1,50,200");
    std::sort(sizes.begin(), sizes.end());
    const auto contestants = contestantsOf(options);
    const bool hasPeer = contestants.size() > 1;
    const Results results = runAll(options, sizes, contestants, settings);
    const auto peer = hasPeer ? std::optional<std::string>(kPeer) : std::nullopt;
    std::printf("%s\nMedians of %d interleaved rounds.\n\n%s%s\n%s",
                machineFacts(hasPeer ? "node --version 2>/dev/null" : nullptr).c_str(), options.rounds,
                results.table(hasPeer).c_str(), slopes(results, sizes, contestants).c_str(),
                verdicts(results, kWishes, kOurs, peer).c_str());
    return 0;
} catch (const std::exception &error) {
    g_printerr("The benchmark could not be made: %s.\n", error.what());
    return 1;
}
