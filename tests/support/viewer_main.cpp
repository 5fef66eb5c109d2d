// SPDX-License-Identifier: LGPL-2.1-or-later
// A viewer for the terminal. Its exit status says whether finals were really received.
#include "tests/support/caption_viewer.h"
#include "tests/support/glib_refs.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <glib-unix.h>
#include <unistd.h>

using namespace lt::support;

namespace {

constexpr std::size_t kTerminalWidth = 78;

struct Arguments {
    int finals = 0;
    int timeoutSeconds = 0;
    gboolean json = FALSE;
    gboolean wait = FALSE;
    char *session = nullptr;
    char **rest = nullptr;

    ~Arguments() {
        g_free(session);
        g_strfreev(rest);
    }
};

bool parse(int argc, char **argv, Arguments &arguments) {
    const GOptionEntry entries[] = {
        {"finals", 0, 0, G_OPTION_ARG_INT, &arguments.finals, "end, with status 0, after N finals", "N"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &arguments.timeoutSeconds, "end after so long in any case",
         "SECONDS"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "print the messages as they come", nullptr},
        {"wait", 0, 0, G_OPTION_ARG_NONE, &arguments.wait, "try until the server knows the session", nullptr},
        {"session", 0, 0, G_OPTION_ARG_STRING, &arguments.session,
         "show transcripts of this one only (the last part of the URL's path)", "SLUG"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments.rest, nullptr, "[URL]"},
        {}};
    const OptionContextRef context(
        g_option_context_new("- show captions in the terminal (ws://127.0.0.1:3000/ws/demo)"));
    g_option_context_set_description(context.get(), "Status: 0 when finals were received (N of them with "
                                                    "--finals), 1 when not, 2 for wrong arguments.\n");
    g_option_context_add_main_entries(context.get(), entries, nullptr);
    GError *error = nullptr;
    if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
        const ErrorRef owned(error);
        std::fprintf(stderr, "livetranscript-viewer: %s\n", error->message);
        return false;
    }
    if (arguments.finals < 0 || arguments.timeoutSeconds < 0 ||
        (arguments.rest && g_strv_length(arguments.rest) > 1)) {
        std::fprintf(stderr,
                     "livetranscript-viewer: wants at most one URL, and numbers that are not negative\n");
        return false;
    }
    return true;
}

/// What others say must not reach the terminal as control sequences.
std::string printable(const std::string &text) {
    std::string out = text;
    for (char &c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' ';
    }
    const auto first = out.find_first_not_of(' ');
    return first == std::string::npos ? "" : out.substr(first);
}

/// The end of a text that is too long for one line of the terminal.
std::string tail(const std::string &text) {
    if (text.size() <= kTerminalWidth)
        return text;
    std::size_t at = text.size() - kTerminalWidth;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
        at++; // not into the middle of a character
    return text.substr(at);
}

/// A partial stays until the next line replaces it, when there is a terminal to do so.
void show(const CaptionLine &line, bool json, bool terminal) {
    if (json)
        std::printf("%s\n", line.json.c_str());
    else if (!terminal)
        std::printf("%s: %s\n", line.isFinal ? "final" : "partial", printable(line.text).c_str());
    else if (line.isFinal)
        std::printf("\r\033[K%s\n", printable(line.text).c_str());
    else
        std::printf("\r\033[K\033[2m%s\033[0m", tail(printable(line.text)).c_str());
    std::fflush(stdout);
}

struct Run {
    MainLoopRef loop{g_main_loop_new(nullptr, FALSE)};
    const CaptionViewer *viewer = nullptr;
    std::size_t wanted = 0;
    gint64 deadline = 0; ///< monotonic time in µs; 0: none
    bool late = false;

    static gboolean interrupted(gpointer data) {
        g_main_loop_quit(static_cast<Run *>(data)->loop.get());
        return G_SOURCE_CONTINUE;
    }

    static gboolean look(gpointer data) {
        auto *run = static_cast<Run *>(data);
        run->late = run->deadline && g_get_monotonic_time() >= run->deadline;
        if (run->late || run->viewer->ended() || (run->wanted && run->viewer->finals() >= run->wanted))
            g_main_loop_quit(run->loop.get());
        return G_SOURCE_CONTINUE;
    }
};

int verdict(const Run &run) {
    const std::size_t finals = run.viewer->finals();
    if (finals >= (run.wanted ? run.wanted : 1))
        return 0;
    std::string why = run.viewer->problem();
    if (why.empty())
        why = run.late ? "the time is over" : "interrupted";
    std::fprintf(stderr, "livetranscript-viewer: received %zu finals", finals);
    if (run.wanted)
        std::fprintf(stderr, " of %zu", run.wanted);
    std::fprintf(stderr, ": %s\n", why.c_str());
    return 1;
}

} // namespace

int main(int argc, char **argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments))
        return 2;
    const bool terminal = isatty(STDOUT_FILENO) && !arguments.json;
    ViewerOptions options;
    if (arguments.rest)
        options.url = arguments.rest[0];
    if (arguments.session)
        options.session = arguments.session;
    options.wait = arguments.wait;
    options.onLine = [json = arguments.json != FALSE, terminal](const CaptionLine &line) {
        show(line, json, terminal);
    };

    Run run;
    run.wanted = static_cast<std::size_t>(arguments.finals);
    if (arguments.timeoutSeconds > 0)
        run.deadline = g_get_monotonic_time() + arguments.timeoutSeconds * G_USEC_PER_SEC;
    const CaptionViewer viewer(std::move(options));
    run.viewer = &viewer;
    g_unix_signal_add(SIGINT, Run::interrupted, &run);
    g_unix_signal_add(SIGTERM, Run::interrupted, &run);
    g_timeout_add(20, Run::look, &run);
    g_main_loop_run(run.loop.get());
    if (terminal)
        std::printf("\n");
    return verdict(run);
}
