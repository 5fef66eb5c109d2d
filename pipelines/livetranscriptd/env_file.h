// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace lt::service {

struct EnvFile {
    std::map<std::string, std::string, std::less<>> values; ///< the last one of a name counts
    std::string problem; ///< a sentence that names the line, without its value; "" when there is none
};

/// NAME=VALUE lines as systemd's EnvironmentFile= and docker's --env-file take them: '#' starts a comment
/// line, "export " before a name is passed over, one pair of quotes around a value is taken off, nothing is
/// expanded.
EnvFile parseEnvFile(std::string_view text);

/// A key file: the same, or nothing but a Gladia key.
EnvFile parseKeyFile(std::string_view text);

} // namespace lt::service
