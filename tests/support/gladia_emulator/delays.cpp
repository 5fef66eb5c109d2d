// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/delays.h"

#include <glib.h>

namespace lt::emulator {

namespace {

constexpr std::int64_t kLongestMs = 60000;

bool readNumber(const std::string &text, std::int64_t &value) {
    gint64 number = 0;
    if (!g_ascii_string_to_signed(text.c_str(), 10, 0, kLongestMs, &number, nullptr))
        return false;
    value = number;
    return true;
}

bool readRange(const std::string &text, DelayRange &range) {
    const std::size_t dash = text.find('-');
    const bool one = dash == std::string::npos;
    return readNumber(text.substr(0, dash), range.leastMs) &&
           readNumber(one ? text : text.substr(dash + 1), range.mostMs) && range.leastMs <= range.mostMs;
}

} // namespace

DelayProfile DelayProfile::realistic() {
    return {.network = {100, 150}, .partial = {200, 500}, .final = {500, 1000}};
}

bool DelayProfile::parse(const std::string &text, DelayProfile &profile, std::string &problem) {
    profile = realistic();
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const std::string part = text.substr(at, end - at);
        const std::size_t equals = part.find('=');
        const std::string name = part.substr(0, equals);
        DelayRange *range = name == "network"   ? &profile.network
                            : name == "partial" ? &profile.partial
                            : name == "final"   ? &profile.final
                                                : nullptr;
        if (!range || equals == std::string::npos || !readRange(part.substr(equals + 1), *range)) {
            problem = "'" + part +
                      "' is no delay: network, partial or final, '=', and milliseconds of 0 to " +
                      std::to_string(kLongestMs) + " as LEAST-MOST or as one number";
            return false;
        }
        at = end + 1;
    }
    return true;
}

Draws::Draws(std::uint64_t seed, std::uint64_t stream) {
    std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                        static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
    engine_.seed(mixed);
}

std::int64_t Draws::between(std::int64_t least, std::int64_t most) {
    if (most <= least)
        return least;
    // Not the standard's distribution, whose numbers differ between libraries. The bias is immaterial.
    return least + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most - least + 1));
}

} // namespace lt::emulator
