// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "pipelines/livetranscriptd/settings.h"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace lt::service {

/// What the caller wants.
struct CommandLine {
    SettingSource settings{Origin::CommandLine, "command line", {}};
    std::optional<std::string>
        configFile;                 ///< unset: config.env where the service is started, if there is one
    std::string keyFile;            ///< "" for none
    std::chrono::seconds grace{30}; ///< how long SIGTERM lets sessions finish
    bool checkConfig = false;
    bool version = false;
};

/// A sentence when it is wrong. `--help` prints and ends the process.
std::variant<CommandLine, std::string> parseCommandLine(int argc, char **argv);

/// Every source that counts: files, the environment, the command line. Reads files; problems are sentences.
struct SettingSources {
    std::vector<SettingSource> sources;
    std::vector<std::string> problems;
};
SettingSources gatherSources(const CommandLine &commandLine, char **environment);

} // namespace lt::service
