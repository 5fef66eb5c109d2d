// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/service/figures.h"

#include "tests/support/json_text.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>

namespace lt::bench {

namespace {

/// What is not counted as a steady state.
constexpr double kSettledSeconds = 3;

double ms(std::int64_t ns) {
    return static_cast<double>(ns) * 1e-6;
}

using MessageKey = std::tuple<std::string, bool, std::string>; // id, final, text without blanks
using SentTimes = std::map<MessageKey, std::vector<std::int64_t>>;

std::string withoutBlanks(const std::string &text) {
    std::string all;
    std::ranges::copy_if(text, std::back_inserter(all), [](char c) { return c != ' '; });
    return all;
}

/// When the recogniser sent each transcript; some partials say the same again.
SentTimes transcriptsOf(const HeardSession &heard) {
    SentTimes sent;
    for (const auto &[ns, text] : heard.sent) {
        std::string problem;
        const auto message = support::parseObject(text, problem);
        const char *type = message ? support::stringMember(message.get(), "type") : nullptr;
        if (!type || std::string(type) != "transcript")
            continue;
        auto *data = support::objectMember(message.get(), "data");
        auto *utterance = support::objectMember(data, "utterance");
        sent[{support::stringMember(data, "id"), json_object_get_boolean_member(data, "is_final"),
              withoutBlanks(support::stringMember(utterance, "text"))}]
            .push_back(ns);
    }
    return sent;
}

/// How much later the same sound stands in the recogniser's audio: the codec's run-in, and what was added or
/// lost before.
std::optional<double> shiftOf(const SpeechPlan &plan, int rate, const HeardSession &heard) {
    std::optional<double> shift;
    for (std::size_t i = 0; i < heard.finals.size() && i < plan.utterances.size(); i++) {
        const double later = heard.finals[i].end - static_cast<double>(plan.utterances[i].endFrame) / rate;
        shift = std::min(shift.value_or(later), later);
    }
    return shift;
}

void addIngest(ServiceFigures &figures, double shift, int rate, const PublisherLog &publisher,
               const HeardSession &heard) {
    for (const auto &[ns, end] : heard.audio.entries()) {
        const double seconds = static_cast<double>(end) / HeardSession::kRate - shift;
        if (seconds < kSettledSeconds)
            continue;
        if (const auto handed = publisher.handed.availableNs(seconds * rate - 1))
            figures.ingestMs.push_back(ms(ns - *handed));
    }
}

void addViewer(ServiceFigures &figures, const SpeechPlan &plan, const PublisherLog &publisher,
               const SentTimes &sent, const std::vector<ViewerMessage> &seen) {
    std::size_t finals = 0;
    std::map<MessageKey, std::size_t> times; // each was seen so far
    for (const ViewerMessage &message : seen) {
        const MessageKey key{message.utteranceId, message.isFinal, withoutBlanks(message.text)};
        const auto at = sent.find(key);
        const std::size_t index = times[key]++;
        if (at == sent.end() || index >= at->second.size())
            figures.problems.push_back("a viewer saw what the recogniser did not say: " + message.text);
        else
            figures.broadcastMs.push_back(ms(message.seenNs - at->second[index]));
        if (!message.isFinal || finals >= plan.utterances.size())
            continue;
        const auto frame = static_cast<double>(plan.utterances[finals++].endFrame);
        if (const auto handed = publisher.handed.availableNs(frame - 1))
            figures.glassMs.push_back(ms(message.seenNs - *handed));
    }
    if (finals != plan.utterances.size())
        figures.problems.push_back("a viewer saw " + std::to_string(finals) + " of " +
                                   std::to_string(plan.utterances.size()) + " finals");
}

} // namespace

void ServiceFigures::add(ServiceFigures &&other) {
    const auto append = [](auto &all, auto &more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    append(firstPcmMs, other.firstPcmMs);
    append(ingestMs, other.ingestMs);
    append(broadcastMs, other.broadcastMs);
    append(glassMs, other.glassMs);
    append(lostMs, other.lostMs);
    append(problems, other.problems);
}

std::string digitsOf(const SpeechPlan &plan) {
    std::string digits;
    for (const auto &utterance : plan.utterances)
        digits += utterance.digits;
    return digits;
}

std::string digitsOf(const HeardSession &heard) {
    std::string digits;
    for (const auto &final : heard.finals)
        digits += withoutBlanks(final.text);
    return digits;
}

ServiceFigures figuresOf(const SpeechPlan &plan, int rate, const PublisherLog &publisher,
                         const HeardSession &heard, const std::vector<std::vector<ViewerMessage>> &viewers) {
    ServiceFigures figures;
    const auto shift = shiftOf(plan, rate, heard);
    const auto handed = publisher.handed.firstNs(), first = heard.audio.firstNs();
    if (!shift || !handed || !first) {
        figures.problems.push_back("the recogniser heard nothing of a session");
        return figures;
    }
    figures.firstPcmMs.push_back(ms(*first - *handed));
    const double missing = static_cast<double>(publisher.handed.frames()) / rate -
                           static_cast<double>(heard.audio.frames()) / HeardSession::kRate;
    figures.lostMs.push_back(std::max(0.0, missing * 1000));
    addIngest(figures, *shift, rate, publisher, heard);
    const auto sent = transcriptsOf(heard);
    for (const auto &viewer : viewers)
        addViewer(figures, plan, publisher, sent, viewer);
    return figures;
}

} // namespace lt::bench
