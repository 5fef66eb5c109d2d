// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/glib_refs.h"

#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <glib-unix.h>
#include <unistd.h>

using namespace lt::emulator;
using namespace lt::support;

namespace {

struct Arguments {
    char *address = nullptr;
    int port = 0;
    char *key = nullptr;
    gboolean strict = FALSE;
    gboolean print = FALSE;
    gboolean exitWithParent = FALSE;
    int idleSeconds = 30;
    int resumeSeconds = 60;
    int maxLive = 1000;
    int lengthSeconds = 3 * 3600;
    char *webhook = nullptr;
    gint64 seed = 1;
    char *faults = nullptr;
    DelayProfile delays;

    ~Arguments() {
        g_free(address);
        g_free(key);
        g_free(faults);
        g_free(webhook);
    }
};

/// Without a value, `text` is null.
gboolean readDelays(const char *, const char *text, gpointer data, GError **error) {
    std::string problem;
    if (DelayProfile::parse(text ? text : "", static_cast<Arguments *>(data)->delays, problem))
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--delay-profile: %s", problem.c_str());
    return FALSE;
}

/// False after having said why.
bool parse(int argc, char **argv, Arguments &arguments) {
    const GOptionEntry entries[] = {
        {"address", 0, 0, G_OPTION_ARG_STRING, &arguments.address, "where to listen (127.0.0.1)", "IP"},
        {"port", 0, 0, G_OPTION_ARG_INT, &arguments.port, "0: a free one (0)", "PORT"},
        {"key", 0, 0, G_OPTION_ARG_STRING, &arguments.key, "the only x-gladia-key to accept (any)", "KEY"},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &arguments.strict, "refuse undocumented keys in requests",
         nullptr},
        {"idle", 0, 0, G_OPTION_ARG_INT, &arguments.idleSeconds, "close after so long without audio (30)",
         "SECONDS"},
        {"resume", 0, 0, G_OPTION_ARG_INT, &arguments.resumeSeconds,
         "end a session after so long without a connection (60)", "SECONDS"},
        {"length", 0, 0, G_OPTION_ARG_INT, &arguments.lengthSeconds,
         "end a session after so much audio (10800)", "SECONDS"},
        {"max-live", 0, 0, G_OPTION_ARG_INT, &arguments.maxLive,
         "sessions at a time, more are answered 429 (1000)", "N"},
        {"webhook", 0, 0, G_OPTION_ARG_STRING, &arguments.webhook, "the account's: gets lifecycle events",
         "URL"},
        {"delay-profile", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK,
         reinterpret_cast<gpointer>(readDelays),
         "take the time the service takes, or so: network=100-150,partial=200-500,final=500-1000 (none)",
         "MS"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &arguments.seed, "of everything that is drawn (1)", "N"},
        {"faults", 0, 0, G_OPTION_ARG_FILENAME, &arguments.faults, "what shall go wrong, JSON", "FILE"},
        {"print", 0, 0, G_OPTION_ARG_NONE, &arguments.print, "what happens, to stderr", nullptr},
        {"exit-with-parent", 0, 0, G_OPTION_ARG_NONE, &arguments.exitWithParent,
         "end when the process that started this one has ended", nullptr},
        {}};
    const OptionContextRef context(
        g_option_context_new("- a local stand-in for Gladia Live v2 that hears DTMF digits"));
    GOptionGroup *group = g_option_group_new("", "", "", &arguments, nullptr);
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context.get(), group);
    GError *error = nullptr;
    if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
        const ErrorRef owned(error);
        std::fprintf(stderr, "livetranscript-gladia-emulator: %s\n", error->message);
        return false;
    }
    if (arguments.port < 0 || arguments.port > 65535 || arguments.idleSeconds < 0 ||
        arguments.resumeSeconds < 1 || arguments.lengthSeconds < 1 || arguments.maxLive < 0) {
        std::fprintf(stderr, "livetranscript-gladia-emulator: a port is 0 to 65535, --idle is not negative, "
                             "--max-live neither, --resume and --length are at least 1\n");
        return false;
    }
    return true;
}

/// Throws std::runtime_error with a sentence.
void addFaults(GladiaEmulator &emulator, const char *path) {
    char *raw = nullptr;
    gsize length = 0;
    GError *error = nullptr;
    if (!g_file_get_contents(path, &raw, &length, &error)) {
        const ErrorRef owned(error);
        throw std::runtime_error(error->message);
    }
    const CharPtr text(raw);
    try {
        emulator.addFaults({raw, length});
    } catch (const std::invalid_argument &problem) {
        throw std::runtime_error(std::string(path) + ": " + problem.what());
    }
}

gboolean quit(gpointer loop) {
    g_main_loop_quit(static_cast<GMainLoop *>(loop));
    return G_SOURCE_CONTINUE;
}

/// Polled, because the kernel's own signal follows the thread that started us, not its process.
struct ParentWatch {
    pid_t parent;
    GMainLoop *loop;
    static gboolean check(gpointer data) {
        const auto *watch = static_cast<ParentWatch *>(data);
        if (getppid() != watch->parent)
            g_main_loop_quit(watch->loop);
        return G_SOURCE_CONTINUE;
    }
};

EmulatorOptions optionsFrom(const Arguments &arguments) {
    EmulatorOptions options;
    if (arguments.address)
        options.address = arguments.address;
    options.port = static_cast<std::uint16_t>(arguments.port);
    options.key = arguments.key ? arguments.key : "";
    options.strict = arguments.strict;
    options.idleMs = arguments.idleSeconds * 1000LL;
    options.resumeMs = arguments.resumeSeconds * 1000LL;
    options.audioSeconds = arguments.lengthSeconds;
    options.maxLive = static_cast<std::size_t>(arguments.maxLive);
    options.webhook = arguments.webhook ? arguments.webhook : "";
    options.delays = arguments.delays;
    options.seed = static_cast<std::uint64_t>(arguments.seed);
    if (arguments.print)
        options.print = [](const std::string &line) {
            std::fprintf(stderr, "%s\n", line.c_str());
        };
    return options;
}

} // namespace

int main(int argc, char **argv) {
    const pid_t parent = getppid();
    Arguments arguments;
    if (!parse(argc, argv, arguments))
        return 2;
    const MainLoopRef loop(g_main_loop_new(nullptr, FALSE));
    ParentWatch watch{parent, loop.get()};
    g_unix_signal_add(SIGINT, quit, loop.get());
    g_unix_signal_add(SIGTERM, quit, loop.get());
    if (arguments.exitWithParent)
        g_timeout_add(200, ParentWatch::check, &watch);
    try {
        GladiaEmulator emulator(optionsFrom(arguments));
        if (arguments.faults)
            addFaults(emulator, arguments.faults);
        std::printf("listening on %s\n", emulator.url().c_str());
        std::fflush(stdout);
        g_main_loop_run(loop.get());
    } catch (const std::exception &problem) {
        std::fprintf(stderr, "livetranscript-gladia-emulator: %s\n", problem.what());
        return 1;
    }
    return 0;
}
