// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/env_file.h"

#include <algorithm>

namespace lt::service {

namespace {

constexpr std::string_view kSpace = " \t\r";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string_view unquoted(std::string_view value) {
    const bool quoted =
        value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

bool isName(std::string_view name) {
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
           });
}

/// Takes one line into `file`; false when it is none.
bool takeLine(std::string_view line, EnvFile &file) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#')
        return true;
    if (constexpr std::string_view kExport = "export "; line.starts_with(kExport))
        line.remove_prefix(kExport.size());
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return false;
    const auto name = trimmed(line.substr(0, equals));
    if (!isName(name))
        return false;
    file.values.insert_or_assign(std::string(name), std::string(unquoted(trimmed(line.substr(equals + 1)))));
    return true;
}

} // namespace

EnvFile parseEnvFile(std::string_view text) {
    EnvFile file;
    for (std::size_t number = 1; !text.empty(); number++) {
        const auto end = std::min(text.find('\n'), text.size());
        if (!takeLine(text.substr(0, end), file)) {
            file.problem = "line " + std::to_string(number) + " is not of the form NAME=VALUE";
            break;
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return file;
}

EnvFile parseKeyFile(std::string_view text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    const auto bare = trimmed(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
    if (!bare.empty() && bare.front() != '#' && bare.find_first_of("=\n \t") == std::string_view::npos)
        return {{{"GLADIA_API_KEY", std::string(bare)}}, {}};
    return parseEnvFile(text);
}

} // namespace lt::service
