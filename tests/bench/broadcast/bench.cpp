// SPDX-License-Identifier: LGPL-2.1-or-later
// broadcast-bench: transcriptbroadcast against a server on Node's `ws`. Prints figures and which expectations
// they meet; never fails because of a figure. docs/benchmarks.md says how to read them.
#include "lib/gst/refs.h"
#include "tests/bench/broadcast/runs.h"
#include "tests/bench/support/machine.h"

#include "config.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/resource.h>

using namespace lt;
using namespace lt::bench;

namespace {

struct Options {
    gchar *viewers = nullptr;
    gchar *parts = nullptr;
    gchar *peer = nullptr;
    int rounds = 5;
    gboolean noPeer = FALSE;
    gboolean smoke = FALSE;
    ~Options() {
        g_free(viewers);
        g_free(parts);
        g_free(peer);
    }
    bool wants(const char *part) const {
        return !parts || std::string(",").append(parts).append(",").find(std::string(",") + part + ",") !=
                             std::string::npos;
    }
};

bool parse(int argc, char **argv, Options &options) {
    const GOptionEntry entries[] = {
        {"viewers", 'n', 0, G_OPTION_ARG_STRING, &options.viewers, "Numbers of viewers (100,1000,5000)",
         "N,…"},
        {"parts", 'p', 0, G_OPTION_ARG_STRING, &options.parts, "Of fanout,stalled,handshakes,kinds (all)",
         "PART,…"},
        {"peer", 0, 0, G_OPTION_ARG_FILENAME, &options.peer, "The peer's program for node", "FILE"},
        {"rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds, "Rounds (5)", "N"},
        {"no-peer", 0, 0, G_OPTION_ARG_NONE, &options.noPeer, "transcriptbroadcast only", nullptr},
        {"smoke", 0, 0, G_OPTION_ARG_NONE, &options.smoke, "One short run of each", nullptr},
        {}};
    GOptionContext *context = g_option_context_new("- fan-out against Node ws");
    g_option_context_add_main_entries(context, entries, nullptr);
    ErrorOut error;
    const bool ok = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!ok)
        g_printerr("%s\n", error.message());
    return ok;
}

std::vector<std::size_t> numbers(const std::string &list) {
    std::vector<std::size_t> values;
    for (std::size_t at = 0; at <= list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        const int value = std::atoi(list.substr(at, end - at).c_str());
        if (value <= 1 || value > 15000)
            throw std::runtime_error("\"" + list + "\" is not a list of numbers from 2 to 15000");
        values.push_back(static_cast<std::size_t>(value));
        at = end + 1;
    }
    return values;
}

const char *const kOurs = "transcriptbroadcast";
const char *const kPeer = "ws";

std::vector<Contestant> contestantsOf(const Options &options, const std::filesystem::path &here) {
    std::vector<Contestant> contestants;
    if (!options.noPeer && options.peer)
        contestants.push_back({kPeer, true, {"node", options.peer}});
    contestants.push_back({kOurs, false, {here / "broadcast-server"}});
    return contestants;
}

const char *const kToken = "a-static-token-of-32-characters.";
const char *const kJwtKey = "a key of thirty-two bytes, or so.";

std::string base64Url(const void *bytes, std::size_t size) {
    const CharPtr plain(g_base64_encode(static_cast<const guchar *>(bytes), size));
    std::string text(plain.get());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text.substr(0, text.find('='));
}

/// A JSON Web Token of HS256 for the session, good for long.
std::string webToken() {
    const std::string head = R"({"alg":"HS256","typ":"JWT"})";
    const std::string claims = R"({"session":"bench","role":"viewer","sub":"ann","exp":4000000000})";
    std::string token = base64Url(head.data(), head.size()) + "." + base64Url(claims.data(), claims.size());
    std::array<guint8, 32> digest;
    gsize size = digest.size();
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, reinterpret_cast<const guchar *>(kJwtKey), strlen(kJwtKey));
    g_hmac_update(hmac, reinterpret_cast<const guchar *>(token.data()), static_cast<gssize>(token.size()));
    g_hmac_get_digest(hmac, digest.data(), &size);
    g_hmac_unref(hmac);
    return token + "." + base64Url(digest.data(), size);
}

struct Kind {
    const char *name, *property;
    std::string path, token;
};

/// Viewers of the second version and with tokens, which the peer does not know.
void measureKinds(const std::filesystem::path &here, std::size_t viewers, const RunSettings &settings,
                  Results &results) {
    std::vector<Kind> kinds = {
        {"version 2", "max-viewers=20000", "/ws?session=bench&v=2", ""},
        {"version 2 with token", "auth-token-env=LT_BENCH_TOKEN", "/ws?session=bench&v=2", kToken},
    };
    if (HAVE_JWT)
        kinds.push_back({"version 2 with web token", "auth-jwt-key-env=LT_BENCH_KEY", "/ws?session=bench&v=2",
                         webToken()});
    for (const Kind &kind : kinds) {
        Contestant contestant{kOurs, false, {here / "broadcast-server", kind.property}, kind.path};
        if (!kind.token.empty())
            contestant.headers = "Authorization: Bearer " + kind.token + "\r\n";
        measureKind(contestant, kind.name, viewers, settings, results);
    }
}

const std::vector<Wish> kWishes = {
    {"last viewer's lag p50, ms, N=100", true, true, 0.62},
    {"last viewer's lag p50, ms, N=1000", true, true, 0.62},
    {"last viewer's lag p50, ms, N=5000", true, true, 0.62},
    {"last viewer's lag p99, ms, N=100", true, true, 0.30},
    {"processor per delivery at 20/s, µs, N=1000", true, true, 0.62},
    {"thousand deliveries/s, 1 in flight, N=1000", true, false, 1.5},
    {"thousand deliveries/s, 1 in flight, N=5000", true, false, 1.8},
    {"thousand deliveries/s, 16 in flight, N=100", true, false, 12},
    {"thousand deliveries/s, 16 in flight, N=1000", true, false, 12},
    {"thousand deliveries/s, 16 in flight, N=5000", true, false, 12},
    {"KiB per idle viewer, N=5000", false, true, 2.3},
    {"hand-over to transcriptbroadcast p99, µs, N=100", false, true, 50},
    {"hand-over to transcriptbroadcast p99, µs, N=1000", false, true, 50},
    {"hand-over to transcriptbroadcast p99, µs, N=5000", false, true, 50},
    {"thousand handshakes/s", false, false, 20},
    {"thousand handshakes/s, version 2 with token", false, false, 15},
    {"thousand handshakes/s, version 2 with web token", false, false, 15},
    {"KiB per idle viewer, version 2 with token", false, true, 3},
    {"KiB per idle viewer, version 2 with web token", false, true, 3},
    {"growth, MB, 20 of 40 viewers stalled", false, true, 4},
    {"kernel's send queue of a stalled viewer, KiB, 20 of 40 viewers stalled", false, true, 64},
};

Results runAll(const Options &options, const std::vector<Contestant> &contestants,
               const std::filesystem::path &here, const RunSettings &settings) {
    Results results;
    const auto sizes = numbers(options.viewers ? options.viewers : options.smoke ? "50" : "100,1000,5000");
    for (int round = 0; round < options.rounds; round++) {
        for (const auto viewers : sizes)
            for (const auto &contestant : contestants)
                if (options.wants("fanout"))
                    measureFanOut(contestant, viewers, settings, results);
        for (const auto &contestant : contestants) {
            if (options.wants("stalled"))
                measureStalled(contestant, settings, results);
            if (options.wants("handshakes"))
                measureHandshakes(contestant, sizes.back(), settings, results);
        }
        if (options.wants("kinds"))
            measureKinds(here, sizes.back(), settings, results);
        g_printerr("Round %d of %d is done.\n", round + 1, options.rounds);
    }
    return results;
}

} // namespace

int main(int argc, char **argv) try {
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);  // the servers inherit it
    setpriority(PRIO_PROCESS, 0, -15); // where it is allowed, whoever else computes disturbs less
    RunSettings settings;
    pinTo(std::thread::hardware_concurrency() > 1 ? 1 : 0);
    if (options.smoke) {
        options.rounds = 1;
        settings.pacedSeconds = settings.flatOutSeconds = settings.stalledSeconds = settings.stormSeconds =
            0.3;
    }
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const auto contestants = contestantsOf(options, here);
    g_setenv("LT_BENCH_TOKEN", kToken, TRUE); // the servers inherit them
    g_setenv("LT_BENCH_KEY", kJwtKey, TRUE);
    const bool hasPeer = contestants.front().peer;
    const Results results = runAll(options, contestants, here, settings);
    const auto peer = hasPeer ? std::optional<std::string>(kPeer) : std::nullopt;
    std::printf("%s\nMedians of %d interleaved rounds.\n\n%s\n%s",
                machineFacts("node --version 2>/dev/null").c_str(), options.rounds,
                results.table(hasPeer).c_str(), verdicts(results, kWishes, kOurs, peer).c_str());
    return 0;
} catch (const std::exception &error) {
    g_printerr("The benchmark could not be made: %s.\n", error.what());
    return 1;
}
