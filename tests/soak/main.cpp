// SPDX-License-Identifier: LGPL-2.1-or-later
/// soak: many sessions and viewers that come and go, for long, while the recogniser and the publishers fail
/// now and then. Nothing said may be lost or come twice, and the service's memory must not grow. Prints TAP.
#include "tests/bench/support/child_process.h"
#include "tests/soak/session.h"
#include "tests/support/gladia_emulator/emulator.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include <glib.h>

using namespace lt::soak;
using lt::bench::memoryOf;
using Clock = std::chrono::steady_clock;

namespace {

/// What a run may end with above, of private memory in its second half.
constexpr double kMostKiBPerMinute = 256;
/// Too short a run says nothing: its figures are shown only.
constexpr double kLeastMinutesToJudge = 10;

/// Each breaks one connection, or the service for a moment.
constexpr std::array<const char *, 7> kFaults = {
    R"({"faults": [{"do": "drop"}]})",
    R"({"faults": [{"do": "reset"}]})",
    R"({"faults": [{"do": "close", "code": 1011}]})",
    R"({"faults": [{"do": "lose-acknowledgement"}]})",
    R"({"faults": [{"do": "repeat-final"}]})",
    R"({"faults": [{"do": "refuse-post", "status": 503}]})",
    R"({"faults": [{"do": "outage", "how": "refused", "forMs": 700}]})",
};

struct Options {
    gint sessions = 32, viewers = 10, seconds = 1200, utterances = 8;
    gboolean brief = FALSE;
    gchar *log = nullptr;
};

struct Sample {
    double minutes, privateKiB;
};

/// Least squares, KiB per minute, over the second half of the time.
double slopeOf(const std::vector<Sample> &samples) {
    const std::vector<Sample> half(samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2),
                                   samples.end());
    if (half.size() < 2)
        return 0;
    double x = 0, y = 0, xx = 0, xy = 0;
    for (const auto &[minutes, kib] : half) {
        x += minutes;
        y += kib;
        xx += minutes * minutes;
        xy += minutes * kib;
    }
    const auto n = static_cast<double>(half.size());
    return (n * xy - x * y) / (n * xx - x * x);
}

bool parse(int &argc, char **&argv, Options &options) {
    const GOptionEntry entries[] = {
        {"sessions", 0, 0, G_OPTION_ARG_INT, &options.sessions, "at a time (32)", "N"},
        {"viewers", 0, 0, G_OPTION_ARG_INT, &options.viewers, "of each, one of which does not read (10)",
         "N"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds, "after which no session begins (1200)", "N"},
        {"utterances", 0, 0, G_OPTION_ARG_INT, &options.utterances,
         "of a session, at most: the fewer, the more sessions begin and end (8)", "N"},
        {"short", 0, 0, G_OPTION_ARG_NONE, &options.brief, "4 sessions, 20 seconds", nullptr},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &options.log, "where the service's log is to be kept", "FILE"},
        {}};
    GOptionContext *context = g_option_context_new("LIVETRANSCRIPTD SESSION.LAUNCH");
    g_option_context_add_main_entries(context, entries, nullptr);
    GError *error = nullptr;
    const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    g_option_context_free(context);
    if (error) {
        std::fprintf(stderr, "%s\n", error->message);
        g_error_free(error);
    }
    if (options.brief) {
        options.sessions = 4;
        options.seconds = 20;
        options.utterances = 4;
    }
    return parsed && argc == 3 && options.sessions > 0 && options.viewers > 2 && options.utterances > 0;
}

/// Everything that runs beside the sessions: faults, and a look at the memory. Until the time is over.
std::vector<Sample> watch(lt::support::LiveService &service, lt::emulator::GladiaEmulator &emulator,
                          const Options &options, std::size_t &faults) {
    std::vector<Sample> samples;
    const auto begin = Clock::now(), end = begin + std::chrono::seconds(options.seconds);
    const auto every = options.brief ? std::chrono::seconds(1) : std::chrono::seconds(5);
    for (auto due = begin + every; due < end; due += every) {
        std::this_thread::sleep_until(due);
        const std::chrono::duration<double, std::ratio<60>> minutes = Clock::now() - begin;
        samples.push_back({minutes.count(), static_cast<double>(memoryOf(service.pid()).privateKiB)});
        if (options.brief && faults % 2 == 1 && samples.size() % 2 == 0)
            continue; // seconds without one too
        emulator.addFaults(kFaults[faults++ % kFaults.size()]);
    }
    emulator.faults().clear();
    return samples;
}

int report(const Tally &tally, const std::vector<Sample> &samples, std::size_t faults, int status) {
    const double slope = slopeOf(samples);
    const bool judged = !samples.empty() && samples.back().minutes >= kLeastMinutesToJudge;
    std::printf(
        "# %zu sessions from beginning to end, %zu viewers, %zu that did not read, %zu publishers killed, "
        "%zu faults\n",
        tally.lives.load(), tally.viewers.load(), tally.stalled.load(), tally.kills.load(), faults);
    std::printf("# %zu finals, %zu times delivered\n", tally.finals.load(), tally.deliveries.load());
    if (!samples.empty())
        std::printf(
            "# private memory: %.0f KiB at first, %.0f KiB at last, %+.0f KiB per minute in the second "
            "half\n",
            samples.front().privateKiB, samples.back().privateKiB, slope);
    std::printf("1..4\n");
    int failed = 0;
    const auto test = [&](bool good, const char *name) {
        std::printf("%sok - %s\n", good ? "" : "not ", name);
        failed += !good;
    };
    test(tally.lives > 0 && tally.kills + faults > 0, "sessions lived through faults");
    test(tally.problems().empty(), "no final was lost, and none came twice");
    test(!judged || slope <= kMostKiBPerMinute, "memory is flat");
    test(status == 0, "the service ends as it should");
    return failed > 0;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    const auto places = std::to_string(2 * options.sessions); // the last words of one beside the next
    lt::emulator::GladiaEmulator emulator;
    lt::support::LiveService service(
        {argv[1],
         argv[2],
         emulator.url(),
         {"BACKPRESSURE_MAX_STREAMS=" + places, "GLADIA_MAX_SESSIONS=" + places}});
    Tally tally;
    std::atomic<bool> over = false;
    std::vector<std::thread> threads;
    for (gint i = 0; i < options.sessions; i++)
        threads.emplace_back([&, i] {
            SessionPlan plan;
            plan.number = static_cast<std::size_t>(i);
            plan.viewers = static_cast<std::size_t>(options.viewers);
            plan.seed = static_cast<std::uint32_t>(i + 1);
            plan.mostUtterances = static_cast<std::size_t>(options.utterances);
            plan.leastUtterances = std::min<std::size_t>(plan.leastUtterances, plan.mostUtterances);
            SessionScript(service, plan, tally, over).run();
        });
    std::size_t faults = 0;
    const auto samples = watch(service, emulator, options, faults);
    over = true;
    for (auto &thread : threads)
        thread.join();
    const int status = service.end();
    if (options.log && !g_file_set_contents(options.log, service.output().c_str(), -1, nullptr))
        std::fprintf(stderr, "# The service's log could not be written to %s.\n", options.log);
    g_free(options.log);
    return report(tally, samples, faults, status);
}
