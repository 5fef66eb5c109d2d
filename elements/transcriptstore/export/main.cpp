// SPDX-License-Identifier: LGPL-2.1-or-later
// livetranscript-export: what transcriptstore has stored, as WebVTT, SRT, JSON Lines or text.
#include "elements/transcriptstore/databases.h"
#include "elements/transcriptstore/export/captions.h"
#include "lib/gst/refs.h"

#include "config.h"

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <glib.h>
#include <unistd.h>

using namespace lt::store;

namespace {

constexpr std::chrono::seconds kPatience{30};

/// As given.
struct Options {
    Options() = default;
    ~Options() {
        for (char *text : {location, session, format, kind, language, run, output})
            g_free(text);
    }
    Options(const Options &) = delete;
    Options &operator=(const Options &) = delete;

    char *location = nullptr;
    char *session = nullptr;
    char *format = nullptr;
    char *kind = nullptr;
    char *language = nullptr;
    char *run = nullptr;
    char *output = nullptr;
    gboolean list = FALSE;
    gboolean version = FALSE;
};

[[noreturn]] void fail(const std::string &sentence, int status = 1) {
    std::fprintf(stderr, "livetranscript-export: %s\n", sentence.c_str());
    std::exit(status);
}

std::string textOf(const char *text) {
    return text ? text : "";
}

void parse(int argc, char **argv, Options &options) {
    const GOptionEntry entries[] = {
        {"location", 'l', 0, G_OPTION_ARG_FILENAME, &options.location,
         "SQLite file or postgresql:// URI (default: the environment variable DATABASE_URL)", "LOCATION"},
        {"session", 's', 0, G_OPTION_ARG_STRING, &options.session, "the session", "NAME"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &options.format, "vtt (default), srt, jsonl or text",
         "FORMAT"},
        {"kind", 'k', 0, G_OPTION_ARG_STRING, &options.kind,
         "transcript (default), translation, entities, sentiment, summary, gap, or all", "KIND"},
        {"language", 0, 0, G_OPTION_ARG_STRING, &options.language, "this language only", "CODE"},
        {"run", 'r', 0, G_OPTION_ARG_STRING, &options.run, "this run only; jsonl names them", "RUN"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "the file to write (default: standard output)", "FILE"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &options.list, "name the sessions there are", nullptr},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options.version, "print the version", nullptr},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
    GOptionContext *context = g_option_context_new("- stored transcripts as captions");
    g_option_context_add_main_entries(context, entries, nullptr);
    lt::ErrorOut error;
    const bool parsed = g_option_context_parse(context, &argc, &argv, error.out());
    g_option_context_free(context);
    if (!parsed)
        fail(error.message(), 2);
    if (argc > 1)
        fail(std::string("\"") + argv[1] + "\" is no option; --help lists them.", 2);
}

Selection selectionOf(const Options &options) {
    Selection selection;
    selection.session = textOf(options.session);
    selection.language = textOf(options.language);
    selection.run = textOf(options.run);
    const std::string kind = options.kind ? options.kind : "transcript";
    if (kind != "all") {
        selection.kind = kindOf(kind);
        if (lt::kindName(*selection.kind) != kind)
            fail("There is no kind \"" + kind + "\".", 2);
    }
    return selection;
}

CaptionFormat formatOf(const Options &options) {
    const std::string name = options.format ? options.format : "vtt";
    const auto format = captionFormatOf(name);
    if (!format)
        fail("There is no format \"" + name + "\": vtt, srt, jsonl, text.", 2);
    return *format;
}

std::unique_ptr<Database> open(const Options &options) {
    const char *location = options.location ? options.location : g_getenv("DATABASE_URL");
    std::string error;
    const auto parsed = DatabaseLocation::parse(textOf(location), error);
    if (!parsed)
        fail(error, 2);
    // Reading makes no database.
    if (parsed->kind() == DatabaseLocation::Kind::Sqlite && !g_file_test(location, G_FILE_TEST_EXISTS))
        fail("There is no file " + std::string(location) + ".");
    auto database = makeDatabase(*parsed, error);
    if (!database)
        fail(error, 2);
    const Answer answer = database->connect(Patience(TimePoint::clock::now() + kPatience));
    if (!answer.done())
        fail(answer.sentence);
    return database;
}

void list(Database &database) {
    const Answer answer =
        database.sessions([](const std::string &name) { std::printf("%s\n", name.c_str()); },
                          Patience(TimePoint::clock::now() + kPatience));
    if (!answer.done())
        fail(answer.sentence);
}

void write(Database &database, const Selection &selection, CaptionFormat format, const char *path) {
    std::FILE *file = path ? std::fopen(path, "w") : stdout;
    if (!file)
        fail(std::string(path) + " cannot be written: " + g_strerror(errno));
    CaptionWriter writer(format);
    std::size_t count = 0;
    std::fputs(writer.head().c_str(), file);
    const Answer answer = database.read(
        selection,
        [&](const StoredMessage &message) {
            count++;
            std::fputs(writer.add(message).c_str(), file);
            return std::ferror(file) == 0;
        },
        Patience(TimePoint::clock::now() + kPatience));
    std::fputs(writer.finish().c_str(), file);
    if (!answer.done())
        fail(answer.sentence);
    if (std::fflush(file) != 0 || std::ferror(file) || (path && ::fsync(fileno(file)) != 0))
        fail(std::string(path ? path : "the output") + " cannot be written: " + g_strerror(errno));
    if (path)
        std::fclose(file);
    if (count == 0)
        fail("Nothing of the session \"" + selection.session + "\" is stored; --list names those there are.",
             3);
    if (writer.leftOut() > 0)
        std::fprintf(stderr,
                     "livetranscript-export: %zu without a time left out; --format text or jsonl has them.\n",
                     writer.leftOut());
}

} // namespace

int main(int argc, char **argv) {
    std::setlocale(LC_ALL, "");
    Options options;
    parse(argc, argv, options);
    if (options.version) {
        std::printf("livetranscript-export " PACKAGE_VERSION "\n");
        return 0;
    }
    const Selection selection = selectionOf(options);
    const CaptionFormat format = formatOf(options);
    if (!options.list && selection.session.empty())
        fail("Which session? --session NAME; --list names those there are.", 2);
    const auto database = open(options);
    if (options.list)
        list(*database);
    else
        write(*database, selection, format, options.output);
    return 0;
}
