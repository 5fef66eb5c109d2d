// SPDX-License-Identifier: LGPL-2.1-or-later
/// livetranscript-admission: holds a running service to the six rules of admission, at its publishers' and at
/// its viewers' door. Prints each rule as passed or failed with the reason, then N/M; ends with 0 when all
/// hold.
#include "tests/admission/rules.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

#include <arpa/inet.h>
#include <glib.h>
#include <unistd.h>

using namespace lt::admission;

namespace {

constexpr int kUsage = 2;

struct Options {
    gchar *server = nullptr, *tests = nullptr, *app = nullptr;
    gint rtmpPort = 1937, port = 3000;
    gboolean dtmf = FALSE;
    ~Options() {
        g_free(server);
        g_free(tests);
        g_free(app);
    }
};

int complain(const std::string &sentence) {
    std::fprintf(stderr, "livetranscript-admission: %s\n", sentence.c_str());
    return kUsage;
}

bool parse(int argc, char **argv, Options &options) {
    const GOptionEntry entries[] = {
        {"server", 's', 0, G_OPTION_ARG_STRING, &options.server, "numeric IPv4 address of the service",
         "ADDRESS"},
        {"rtmp-port", 0, 0, G_OPTION_ARG_INT, &options.rtmpPort, "of its publishers (1937)", "PORT"},
        {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "of its viewers (3000)", "PORT"},
        {"app", 0, 0, G_OPTION_ARG_STRING, &options.app, "first part of a publisher's path (live)", "NAME"},
        {"tests", 't', 0, G_OPTION_ARG_STRING, &options.tests, "only these rules", "1,2,…"},
        {"dtmf", 0, 0, G_OPTION_ARG_NONE, &options.dtmf,
         "its recogniser is livetranscript-gladia-emulator: compare words too", nullptr},
        {}};
    const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(
        g_option_context_new("- holds a running livetranscriptd to the rules of admission"),
        g_option_context_free);
    g_option_context_add_main_entries(context.get(), entries, nullptr);
    GError *error = nullptr;
    if (g_option_context_parse(context.get(), &argc, &argv, &error))
        return true;
    complain(error->message);
    g_error_free(error);
    return false;
}

/// Empty when the text is no list of rules.
std::set<int> numbersOf(const char *text) {
    std::set<int> numbers;
    if (!text) {
        for (const Rule &rule : rules())
            numbers.insert(rule.number);
        return numbers;
    }
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        const auto known = std::find_if(rules().begin(), rules().end(), [&](const Rule &rule) {
            return std::to_string(rule.number) == word;
        });
        if (known == rules().end())
            return {};
        numbers.insert(known->number);
    }
    return numbers;
}

/// What is wrong with the way to the service; "" when nothing is.
std::string unreachable(const Target &target) {
    const auto answer = lt::support::httpRequest("GET", "http://" + target.address + ":" +
                                                            std::to_string(target.port) + "/healthz");
    if (answer.status == 0)
        return "no service answers on port " + std::to_string(target.port) + ": " + answer.error;
    const lt::net::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target.rtmpPort);
    inet_pton(AF_INET, target.address.c_str(), &address.sin_addr);
    if (connect(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        return "no RTMP server answers on port " + std::to_string(target.rtmpPort);
    return "";
}

bool holds(const Rule &rule, const Target &target) {
    std::string why;
    try {
        rule.hold(target);
    } catch (const SettingMissing &missing) {
        why = std::string("a setting is missing: ") + missing.what();
    } catch (const Failure &failure) {
        why = failure.what();
    }
    std::printf("%s %d: %s%s%s\n", why.empty() ? "passed" : "FAILED", rule.number, rule.name,
                why.empty() ? "" : ": ", why.c_str());
    std::fflush(stdout);
    return why.empty();
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    if (!parse(argc, argv, options))
        return kUsage;
    in_addr numeric{};
    if (!options.server || inet_pton(AF_INET, options.server, &numeric) != 1)
        return complain("--server wants the numeric IPv4 address of a running service");
    const auto numbers = numbersOf(options.tests);
    if (numbers.empty())
        return complain("--tests wants numbers from 1 to 6, separated by commas");
    Target target{options.server,
                  static_cast<std::uint16_t>(options.rtmpPort),
                  static_cast<std::uint16_t>(options.port),
                  options.app ? options.app : "live",
                  "admission-" + std::to_string(getpid()) + "-",
                  options.dtmf != FALSE};
    if (const auto problem = unreachable(target); !problem.empty())
        return complain(problem);
    std::size_t passed = 0;
    for (const Rule &rule : rules())
        if (numbers.contains(rule.number))
            passed += holds(rule, target);
    std::printf("%zu/%zu\n", passed, numbers.size());
    return passed == numbers.size() ? 0 : 1;
}
