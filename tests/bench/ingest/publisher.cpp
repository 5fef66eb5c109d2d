// SPDX-License-Identifier: LGPL-2.1-or-later
// ingest-publisher: publishes marked audio over RTMP to each of the URLs given, in real time, and says on
// stdout when each marker was handed to the encoder and when the codec alone would have given it back.
#include "tests/bench/ingest/publisher_report.h"
#include "tests/bench/ingest/publisher_session.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/rtmp2sink_noise.h"

#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

using namespace lt;
using namespace lt::bench;

namespace {

constexpr std::int64_t kLeadNs = 50'000'000;

struct Options {
    double seconds = 10;
    int feedFrames = kSourceRate / 100;
    int seed = 1;
    gchar **urls = nullptr;
    ~Options() { g_strfreev(urls); }
};

bool parse(int &argc, char **&argv, Options &options) {
    const GOptionEntry entries[] = {
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds,
         "Length of the signal; closing standard input ends it earlier", "S"},
        {"feed", 'f', 0, G_OPTION_ARG_INT, &options.feedFrames, "Frames handed to the encoder at a time",
         "N"},
        {"seed", 'r', 0, G_OPTION_ARG_INT, &options.seed, "Of the first session's marker pattern", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.urls, nullptr, "URL…"},
        {}};
    GOptionContext *context = g_option_context_new("- publish marked audio over RTMP");
    g_option_context_add_main_entries(context, entries, nullptr);
    g_option_context_add_group(context, gst_init_get_option_group());
    ErrorOut error;
    const bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!ok)
        g_printerr("%s\n", error.message());
    else if (!options.urls || options.seconds <= 0 || options.feedFrames <= 0)
        g_printerr("At least one URL, a positive length and a positive feed are needed.\n");
    return ok && options.urls && options.seconds > 0 && options.feedFrames > 0;
}

/// Whoever started this says "enough" by closing our standard input. Returns when no session runs any more.
void stopWithInput(std::atomic<bool> &stop, const std::atomic<std::size_t> &running) {
    while (running > 0) {
        pollfd input{stop ? -1 : STDIN_FILENO, 0, 0};
        if (poll(&input, 1, 50) > 0)
            stop = true;
    }
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    dropRtmp2sinkNoise();
    const std::int64_t start = monotonicNs() + kLeadNs;
    std::atomic<bool> stop = false;
    std::vector<std::unique_ptr<PublisherSession>> sessions;
    for (gchar **url = options.urls; *url; url++) {
        const auto index = static_cast<std::uint32_t>(sessions.size());
        PublisherSettings settings{*url, static_cast<std::uint32_t>(options.seed) + index, options.seconds,
                                   static_cast<unsigned>(options.feedFrames), start + kStaggerNs * index};
        sessions.push_back(std::make_unique<PublisherSession>(std::move(settings), stop));
    }
    std::vector<std::thread> threads;
    std::atomic<bool> good = true;
    std::atomic<std::size_t> running = sessions.size();
    for (auto &session : sessions)
        threads.emplace_back([&, raw = session.get()] {
            if (!raw->run())
                good = false;
            running--;
        });
    stopWithInput(stop, running);
    for (auto &thread : threads)
        thread.join();
    for (std::size_t i = 0; i < sessions.size(); i++)
        sessions[i]->report(static_cast<unsigned>(i));
    sessions.clear();
    gst_deinit();
    return good ? 0 : 1;
}
