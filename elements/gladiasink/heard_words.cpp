// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/heard_words.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace lt::gladia {

namespace {

/// Where the text goes on with the word `first`; npos when it is not made of its words.
std::size_t positionOf(const std::string &text, const std::vector<SpokenWord> &words, std::size_t first) {
    std::size_t at = 0;
    for (std::size_t i = 0;; i++) {
        at = text.find(words[i].text, at);
        if (at == std::string::npos || i == first)
            return at;
        at += words[i].text.size();
    }
}

std::uint64_t at(std::span<const std::uint64_t> times, int channel) {
    const auto index = static_cast<std::size_t>(channel);
    return index < times.size() ? times[index] : 0;
}

} // namespace

/// The middle decides: two sessions put the same word some hundredths of a second apart.
bool HeardWords::heard(const Utterance &utterance, const AudioTimeline &timeline) const {
    const auto until = at(heard_, utterance.channel);
    return until > 0 && timeline.runningTimeAt((utterance.start + utterance.end) / 2) <= until;
}

void HeardWords::cut(Utterance &utterance, const AudioTimeline &timeline) const {
    const auto until = at(heard_, utterance.channel);
    if (until == 0 || timeline.runningTimeAt(utterance.start) >= until)
        return;
    auto &words = utterance.words;
    const auto firstNew = std::find_if(words.begin(), words.end(), [&](const SpokenWord &word) {
        return timeline.runningTimeAt((word.start + word.end) / 2) > until;
    });
    if (words.empty() ? heard(utterance, timeline) : firstNew == words.end()) {
        words.clear();
        utterance.text.clear();
        return;
    }
    if (words.empty() || firstNew == words.begin())
        return;
    const auto at = positionOf(utterance.text, words, static_cast<std::size_t>(firstNew - words.begin()));
    if (at == std::string::npos)
        return; // rather twice than not at all
    utterance.text.erase(0, at);
    utterance.start = firstNew->start;
    words.erase(words.begin(), firstNew);
}

void HeardWords::said(const Utterance &utterance, const AudioTimeline &timeline) {
    const auto at = static_cast<std::size_t>(utterance.channel);
    if (at < said_.size())
        said_[at] = std::max(said_[at], timeline.runningTimeAt(utterance.end));
}

} // namespace lt::gladia
