// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmp-bench: many publishers into one process of rtmpserversrc, and into nginx with its RTMP module. Prints
// figures and which expectations they meet; fails when a frame is missing, never because of a figure.
// docs/benchmarks.md says how to read them.
#include "lib/gst/refs.h"
#include "tests/bench/rtmp/contestants.h"
#include "tests/bench/rtmp/load.h"
#include "tests/bench/rtmp/storm.h"
#include "tests/bench/support/machine.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/results.h"
#include "tests/bench/support/statistics.h"

#include <cstdio>
#include <stdexcept>

#include <sys/resource.h>

using namespace lt;
using namespace lt::bench;

namespace {

const char *const kOurs = "rtmpserversrc";
const char *const kPeer = "nginx-rtmp";
const char *const kStorm = ", N=1 in a storm of refusals";

struct Options {
    int rounds = 5;
    double seconds = 8;
    double refusals = 1000;
    gboolean noPeer = FALSE;
    gboolean smoke = FALSE;
    std::vector<std::size_t> publishers = {1, 50, 200, 500};
};

bool parse(int argc, char **argv, Options &options) {
    gchar *publishers = nullptr;
    const GOptionEntry entries[] = {
        {"publishers", 'n', 0, G_OPTION_ARG_STRING, &publishers, "Numbers of publishers (1,50,200,500)",
         "N,…"},
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds, "Rounds (5)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Measured time of a run (8)", "S"},
        {"refusals", 0, 0, G_OPTION_ARG_DOUBLE, &options.refusals,
         "Refusals a second beside a running stream (1000; 0 = none)", "R"},
        {"no-peer", 0, 0, G_OPTION_ARG_NONE, &options.noPeer, "rtmpserversrc only", nullptr},
        {"smoke", 0, 0, G_OPTION_ARG_NONE, &options.smoke, "One short run of each", nullptr},
        {}};
    GOptionContext *context = g_option_context_new("- RTMP ingest against nginx");
    g_option_context_add_main_entries(context, entries, nullptr);
    ErrorOut error;
    const bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!ok)
        g_printerr("%s\n", error.message());
    if (options.smoke) {
        options.rounds = 1;
        options.seconds = 0.5;
        options.publishers = {3};
    }
    if (const CharPtr list(publishers); list) {
        options.publishers.clear();
        gchar **words = g_strsplit(list.get(), ",", -1);
        for (gchar **word = words; *word; word++)
            options.publishers.push_back(static_cast<std::size_t>(g_ascii_strtoull(*word, nullptr, 10)));
        g_strfreev(words);
    }
    return ok;
}

/// What the element's process has measured itself. Throws when a frame has not arrived.
void addOurs(const std::map<std::string, double> &figures, std::uint64_t sent, const std::string &what,
             Results &results) {
    const auto frames = figures.find("frames");
    if (frames == figures.end() || frames->second < static_cast<double>(sent))
        throw std::runtime_error("frames are missing" + what);
    results.add("connect to first audio p50, ms" + what, kOurs, figures.at("first-audio-p50"));
    results.add("connect to first audio p99, ms" + what, kOurs, figures.at("first-audio-p99"));
    results.add("frame sent to pad p50, ms" + what, kOurs, figures.at("to-pad-p50"));
    results.add("frame sent to pad p99, ms" + what, kOurs, figures.at("to-pad-p99"));
}

void measure(Receiver::Kind kind, std::size_t publishers, bool video, const Options &options,
             const std::filesystem::path &here, Results &results) {
    const std::string name = kind == Receiver::Kind::Ours ? kOurs : kPeer;
    const std::string what = ", N=" + std::to_string(publishers) + (video ? " with video" : "");
    const auto count = static_cast<double>(publishers);
    Receiver receiver(kind, here, publishers);
    const Memory empty = receiver.memory();
    Load load(receiver.port(), publishers, video);
    std::uint64_t sent = publishers;
    sent += load.run(options.smoke ? 0.2 : 1.0);
    const double before = receiver.cpuSeconds();
    sent += load.run(options.seconds);
    const double cpu = receiver.cpuSeconds() - before;
    const Memory full = receiver.memory();
    results.add("processor per stream, ms/s" + what, name, cpu * 1000 / options.seconds / count);
    const auto grown = full.privateKiB > empty.privateKiB ? full.privateKiB - empty.privateKiB : 0;
    results.add("private memory per stream, KiB" + what, name, static_cast<double>(grown) / count);
    load.unpublish();
    results.add("connect to publish p50, ms" + what, name, percentile(load.publishMs(), 0.5));
    results.add("connect to publish p99, ms" + what, name, percentile(load.publishMs(), 0.99));
    const auto figures = receiver.finish();
    if (kind != Receiver::Kind::Ours)
        return;
    addOurs(figures, sent, what, results);
}

/// One stream in real time while others are refused as fast as wanted.
void measureStorm(const Options &options, const std::filesystem::path &here, Results &results) {
    const double seconds = options.smoke ? 0.5 : options.seconds;
    Receiver receiver(Receiver::Kind::Ours, here, 1);
    Load load(receiver.port(), 1, false);
    Storm storm(receiver.port(), options.refusals);
    const std::int64_t begin = monotonicNs();
    const std::uint64_t sent = 1 + load.run(seconds);
    const double took = static_cast<double>(monotonicNs() - begin) * 1e-9;
    results.add("refusals per second", kOurs, static_cast<double>(storm.refusals()) / took);
    load.unpublish();
    addOurs(receiver.finish(), sent, kStorm, results);
}

std::vector<Wish> wishesOf(const Options &options) {
    std::vector<Wish> wishes;
    for (const auto publishers : options.publishers) {
        const std::string what = ", N=" + std::to_string(publishers);
        wishes.push_back({"processor per stream, ms/s" + what, true, true, 1.0});
        wishes.push_back({"processor per stream, ms/s" + what + " with video", true, true, 0.6});
        wishes.push_back({"connect to publish p99, ms" + what, false, true, 10});
        wishes.push_back({"connect to first audio p99, ms" + what, false, true, 10});
        wishes.push_back({"frame sent to pad p99, ms" + what, false, true, 5});
    }
    wishes.push_back({"refusals per second", false, false, 1000});
    wishes.push_back({"frame sent to pad p99, ms" + std::string(kStorm), false, true, 5});
    return wishes;
}

} // namespace

int main(int argc, char **argv) try {
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const bool peer = !options.noPeer && Receiver::haveNginx();
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    Results results;
    for (int round = 0; round < options.rounds; round++) {
        for (const auto publishers : options.publishers) {
            for (const bool video : {false, true}) {
                if (peer)
                    measure(Receiver::Kind::Nginx, publishers, video, options, here, results);
                measure(Receiver::Kind::Ours, publishers, video, options, here, results);
            }
        }
        if (options.refusals > 0)
            measureStorm(options, here, results);
        g_printerr("Round %d of %d is done.\n", round + 1, options.rounds);
    }
    std::printf(
        "%s\nMedians of %d interleaved rounds.\n\n%s\n%s", machineFacts("/usr/sbin/nginx -v 2>&1").c_str(),
        options.rounds, results.table(peer).c_str(),
        verdicts(results, wishesOf(options), kOurs, peer ? std::optional<std::string>(kPeer) : std::nullopt)
            .c_str());
    return 0;
} catch (const std::exception &error) {
    g_printerr("The benchmark could not be made: %s.\n", error.what());
    return 1;
}
