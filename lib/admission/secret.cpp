// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/secret.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace lt {

namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr const char *kSpace = " \t\r\n";

std::string trimmed(const std::string &text) {
    const auto begin = text.find_first_not_of(kSpace);
    return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

std::optional<std::string> readFile(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kMaxFile + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || !file.is_open() || static_cast<std::size_t>(file.gcount()) > kMaxFile)
        return std::nullopt;
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

} // namespace

bool equalInConstantTime(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    volatile unsigned char difference = 0; // volatile: no shortcut for the compiler either
    for (std::size_t i = 0; i < a.size(); i++)
        difference = static_cast<unsigned char>(
            difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
    return difference == 0;
}

std::optional<std::string> readSecret(const SecretSource &source, std::string_view what,
                                      std::string &problem) {
    const std::string name(what);
    std::optional<std::string> text;
    std::string place;
    if (!source.environment.empty() && !source.file.empty()) {
        problem = "The " + name + " is to come from a variable and from a file: set one of them.";
        return std::nullopt;
    }
    if (!source.environment.empty()) {
        place = "the environment variable " + source.environment;
        if (const char *value = std::getenv(source.environment.c_str()))
            text = value;
    } else {
        place = "the file " + source.file;
        text = readFile(source.file);
    }
    if (!text) {
        problem = "The " + name + " cannot be read from " + place + ".";
        return std::nullopt;
    }
    if (std::string secret = trimmed(*text); !secret.empty())
        return secret;
    problem = "The " + name + " in " + place + " is empty.";
    return std::nullopt;
}

} // namespace lt
