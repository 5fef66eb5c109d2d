// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/add_on_book.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include <glib.h>

namespace lt::gladia {

namespace {

constexpr double kSameStartSeconds = 0.01;

/// The number at the end of an id, "3" of 00_00000003: without leading zeros.
std::optional<std::string_view> counterOf(std::string_view id) {
    std::size_t at = id.size();
    while (at > 0 && g_ascii_isdigit(id[at - 1]))
        at--;
    if (at == id.size())
        return std::nullopt;
    while (at + 1 < id.size() && id[at] == '0')
        at++;
    return id.substr(at);
}

} // namespace

void AddOnBook::noteFinal(const std::string &id, int channel, double start) {
    finals_.push_back({id, channel, start});
    if (finals_.size() > kMaxFinals)
        finals_.pop_front();
}

std::string AddOnBook::utteranceOf(const AddOnResult &result) const {
    const std::string &named = result.utteranceId;
    const int channel = result.utterance.channel;
    const auto counter = counterOf(named);
    const bool isCounter =
        !named.empty() && std::all_of(named.begin(), named.end(), [](char c) { return g_ascii_isdigit(c); });
    // The newest first: a counter may have been used before.
    const auto find = [this](const auto &holds) {
        return std::find_if(finals_.rbegin(), finals_.rend(), holds);
    };
    auto found = find([&](const Final &one) { return one.id == named; });
    if (found == finals_.rend() && isCounter)
        found =
            find([&](const Final &one) { return one.channel == channel && counterOf(one.id) == counter; });
    if (found == finals_.rend())
        found = find([&](const Final &one) {
            return one.channel == channel && std::abs(one.start - result.originalStart) < kSameStartSeconds;
        });
    if (found != finals_.rend())
        return found->id;
    const std::string own =
        named.empty() ? std::to_string(std::llround(result.originalStart * 1000)) + "ms" : named;
    return std::to_string(channel) + "_" + own;
}

bool AddOnBook::isNew(AddOnResult::Kind kind, const std::string &utteranceId, const std::string &language) {
    const Key key{kind, utteranceId, language};
    if (!results_.insert(key).second)
        return false;
    resultOrder_.push_back(key);
    if (resultOrder_.size() > kMaxResults) {
        results_.erase(resultOrder_.front());
        resultOrder_.pop_front();
    }
    return true;
}

} // namespace lt::gladia
