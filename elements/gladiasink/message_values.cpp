// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/message_values.h"

#include "lib/gst/refs.h"

#include <algorithm>

#include <glib.h>

namespace lt::gladia {

namespace {

constexpr std::size_t kMaxLanguage = 16;
constexpr double kMaxSeconds = 1e7; // 115 days: what lies beyond is no time of a session

bool isPlain(char c) {
    return c >= ' ' && c <= '~';
}

} // namespace

std::string validUtf8(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), isPlain))
        return std::string(text);
    const CharPtr valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
    return valid.get();
}

std::string trimmed(std::string_view raw) {
    std::string text = validUtf8(raw);
    for (char &c : text)
        if (g_ascii_iscntrl(c))
            c = ' ';
    const char *begin = text.c_str();
    const char *end = begin + text.size();
    while (begin < end && g_unichar_isspace(g_utf8_get_char(begin)))
        begin = g_utf8_next_char(begin);
    while (end > begin) {
        const char *last = g_utf8_find_prev_char(begin, end);
        if (!last || !g_unichar_isspace(g_utf8_get_char(last)))
            break;
        end = last;
    }
    return std::string(begin, end);
}

double secondsOf(std::optional<double> value) {
    return std::clamp(value.value_or(0), 0.0, kMaxSeconds);
}

double confidenceOf(std::optional<double> value) {
    return value && *value >= 0 && *value <= 1 ? *value : -1;
}

int channelOf(std::optional<std::int64_t> value) {
    return static_cast<int>(std::clamp<std::int64_t>(value.value_or(0), 0, 255));
}

std::string languageOf(std::string code) {
    const bool plausible = code.size() <= kMaxLanguage && std::all_of(code.begin(), code.end(), [](char c) {
                               return g_ascii_isalnum(c) || c == '-';
                           });
    return plausible ? std::move(code) : std::string();
}

} // namespace lt::gladia
