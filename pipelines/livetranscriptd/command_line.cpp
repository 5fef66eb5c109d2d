// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/command_line.h"

#include "lib/gst/refs.h"
#include "pipelines/livetranscriptd/env_file.h"

#include <cstring>
#include <memory>

namespace lt::service {

namespace {

constexpr const char *kConfigFile = "config.env";
constexpr const char *kSummary =
    "Accepts any number of RTMP publishers on one port and runs a pipeline for each: captions for its\n"
    "viewers on another port. Settings come from the command line, the environment, config.env and the key\n"
    "file, in this order.";

struct OptionContextFree {
    void operator()(GOptionContext *context) const noexcept { g_option_context_free(context); }
};

/// The table of settings as command line options, and the memory GLib fills.
class SettingOptions {
public:
    SettingOptions() {
        for (const SettingSpec &spec : settingSpecs())
            if (spec.flag)
                flagged_.push_back(&spec);
        given_.resize(flagged_.size());
        for (std::size_t i = 0; i < flagged_.size(); i++)
            entries_.push_back({flagged_[i]->flag, 0, 0, G_OPTION_ARG_STRING, &given_[i], flagged_[i]->help,
                                flagged_[i]->name});
        entries_.push_back({});
    }
    ~SettingOptions() {
        for (char *value : given_)
            g_free(value);
    }
    SettingOptions(const SettingOptions &) = delete;
    SettingOptions &operator=(const SettingOptions &) = delete;

    const GOptionEntry *entries() const { return entries_.data(); }

    void fill(SettingSource &source) const {
        for (std::size_t i = 0; i < flagged_.size(); i++)
            if (given_[i])
                source.values[flagged_[i]->name] = given_[i];
    }

private:
    std::vector<const SettingSpec *> flagged_;
    std::vector<char *> given_;
    std::vector<GOptionEntry> entries_;
};

/// Missing is no problem unless the caller named the file.
void addFile(SettingSources &into, Origin origin, const std::string &path, bool mayBeMissing,
             EnvFile (*parse)(std::string_view)) {
    gchar *contents = nullptr;
    gsize length = 0;
    ErrorOut error;
    const bool read = g_file_get_contents(path.c_str(), &contents, &length, error.out());
    const CharPtr text(contents);
    if (!read) {
        const bool missing = g_error_matches(error.get(), G_FILE_ERROR, G_FILE_ERROR_NOENT);
        if (!missing || !mayBeMissing)
            into.problems.push_back(std::string("cannot read the settings: ") + error.message());
        return;
    }
    EnvFile file = parse({text.get(), length});
    if (!file.problem.empty())
        into.problems.push_back(path + ": " + file.problem);
    else
        into.sources.push_back({origin, path, std::move(file.values)});
}

} // namespace

std::variant<CommandLine, std::string> parseCommandLine(int argc, char **argv) {
    gchar *config = nullptr, *key = nullptr;
    gint grace = 30;
    gboolean check = FALSE, version = FALSE;
    const GOptionEntry own[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &config, "NAME=VALUE lines; config.env if it is there",
         "FILE"},
        {"key-file", 0, 0, G_OPTION_ARG_FILENAME, &key, "a file with the Gladia key, or NAME=VALUE lines",
         "FILE"},
        {"grace", 0, 0, G_OPTION_ARG_INT, &grace, "seconds that SIGTERM leaves to sessions (30)", "SECONDS"},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &check, "show the settings and where they are from; end",
         nullptr},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "show the version; end", nullptr},
        {}};
    SettingOptions options;
    const std::unique_ptr<GOptionContext, OptionContextFree> context(g_option_context_new(nullptr));
    g_option_context_set_summary(context.get(), kSummary);
    g_option_context_add_main_entries(context.get(), own, nullptr);
    g_option_context_add_main_entries(context.get(), options.entries(), nullptr);
    ErrorOut error;
    const bool parsed = g_option_context_parse(context.get(), &argc, &argv, error.out());
    const CharPtr configFile(config), keyFile(key);
    if (!parsed)
        return std::string(error.message());
    if (argc > 1)
        return "\"" + std::string(argv[1]) + "\" is no option; --help shows them";
    if (grace < 0 || grace > 3600)
        return std::string("--grace must be from 0 to 3600 seconds");

    CommandLine result;
    options.fill(result.settings);
    if (configFile)
        result.configFile = configFile.get();
    if (keyFile)
        result.keyFile = keyFile.get();
    result.grace = std::chrono::seconds(grace);
    result.checkConfig = check;
    result.version = version;
    return result;
}

SettingSources gatherSources(const CommandLine &commandLine, char **environment) {
    SettingSources gathered;
    if (!commandLine.keyFile.empty())
        addFile(gathered, Origin::KeyFile, commandLine.keyFile, false, parseKeyFile);
    addFile(gathered, Origin::ConfigFile, commandLine.configFile.value_or(kConfigFile),
            !commandLine.configFile, parseEnvFile);
    SettingSource fromEnvironment{Origin::Environment, "environment", {}};
    for (char **entry = environment; *entry; entry++)
        if (const char *equals = std::strchr(*entry, '='))
            fromEnvironment.values.emplace(std::string(*entry, static_cast<std::size_t>(equals - *entry)),
                                           equals + 1);
    gathered.sources.push_back(std::move(fromEnvironment));
    gathered.sources.push_back(commandLine.settings);
    return gathered;
}

} // namespace lt::service
