// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/stages.h"

#include <algorithm>
#include <numeric>

namespace lt::bench {

namespace {

/// Stamps are whole microseconds.
constexpr std::int64_t kRoundingNs = 1000;

struct Joined {
    const LineMessage &line;
    const ViewerMessage &viewer;
};

/// Every message of a session has a number, and the first has 1.
std::vector<Joined> pair(const std::vector<LineMessage> &line, const std::vector<ViewerMessage> &viewer,
                         std::vector<std::string> &problems) {
    std::vector<Joined> pairs;
    for (const ViewerMessage &seen : viewer) {
        const bool known = seen.seq >= 1 && seen.seq <= line.size();
        if (!known || line[seen.seq - 1].utteranceId != seen.utteranceId ||
            line[seen.seq - 1].isFinal != seen.isFinal)
            problems.push_back("message " + std::to_string(seen.seq) + " is not what was broadcast");
        else
            pairs.push_back({line[seen.seq - 1], seen});
    }
    return pairs;
}

std::string digitsOf(const std::string &text) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ' '; });
    return digits;
}

/// How much later the same sound stands in the recogniser's audio than in the publisher's, in seconds: the
/// codec's run-in. The recogniser hears in steps, so that the least difference is the truest.
std::optional<double> shiftOf(const SpeechPlan &plan, int rate, const std::vector<Joined> &finals,
                              std::vector<std::string> &problems) {
    std::optional<double> shift;
    for (std::size_t i = 0; i < finals.size() && i < plan.utterances.size(); i++) {
        const auto &said = plan.utterances[i];
        if (digitsOf(finals[i].viewer.text) != said.digits)
            problems.push_back("said " + said.digits + ", heard" + finals[i].viewer.text);
        const double later = finals[i].line.endSeconds - static_cast<double>(said.endFrame) / rate;
        shift = std::min(shift.value_or(later), later);
    }
    if (finals.size() != plan.utterances.size())
        problems.push_back(std::to_string(plan.utterances.size()) + " utterances, " +
                           std::to_string(finals.size()) + " finals");
    return shift;
}

Path pathOf(const Joined &joined, std::int64_t spokenNs, std::int64_t decodedNs) {
    const LineMessage &line = joined.line;
    const std::array<std::int64_t, kStages + 1> stamps = {spokenNs,       decodedNs,           line.enteredNs,
                                                          line.sentNs,    line.receivedNs,     line.pushedNs,
                                                          line.reachedNs, joined.viewer.seenNs};
    Path path;
    path.isFinal = line.isFinal;
    std::adjacent_difference(stamps.begin() + 1, stamps.end(), path.ns.begin());
    path.ns[0] = decodedNs - spokenNs;
    path.totalNs = joined.viewer.seenNs - spokenNs;
    return path;
}

void check(const Path &path, std::uint64_t seq, std::vector<std::string> &problems) {
    if (std::accumulate(path.ns.begin(), path.ns.end(), std::int64_t{0}) != path.totalNs)
        problems.push_back("the stages of message " + std::to_string(seq) + " are not its whole way");
    // The decoder beside the encoder may be the later one of two.
    for (std::size_t i = static_cast<std::size_t>(Stage::Sending); i < kStages; i++)
        if (path.ns[i] < -kRoundingNs)
            problems.push_back("message " + std::to_string(seq) + " left \"" +
                               stageName(static_cast<Stage>(i)) + "\" before it came");
}

} // namespace

const char *stageName(Stage stage) {
    static constexpr std::array kNames = {"codec",
                                          "RTMP, decoding, conversion, cutting",
                                          "to the recogniser's socket",
                                          "provider",
                                          "parsing, pushing",
                                          "to the broadcaster",
                                          "fan-out, to the viewer"};
    return kNames[static_cast<std::size_t>(stage)];
}

SessionPaths join(const SpeechPlan &plan, int rate, const PublisherLog &publisher,
                  const std::vector<LineMessage> &line, const std::vector<ViewerMessage> &viewer) {
    SessionPaths result;
    const auto pairs = pair(line, viewer, result.problems);
    std::vector<Joined> finals;
    std::ranges::copy_if(pairs, std::back_inserter(finals), [](const Joined &j) { return j.line.isFinal; });
    const auto shift = shiftOf(plan, rate, finals, result.problems);
    if (!shift)
        return result;
    std::string utterance;
    double coveredSeconds = 0;
    for (const Joined &joined : pairs) {
        const bool isNews = joined.line.isFinal || joined.line.utteranceId != utterance ||
                            joined.line.endSeconds > coveredSeconds;
        utterance = joined.line.utteranceId;
        coveredSeconds = joined.line.endSeconds;
        // The last sample of what the message covers, in the publisher's audio and in what its decoder gave.
        const double heard = joined.line.endSeconds * rate - 1;
        const auto spokenNs = publisher.handed.availableNs(heard - *shift * rate);
        const auto decodedNs = publisher.decoded.availableNs(heard);
        if (!spokenNs || !decodedNs) {
            result.problems.push_back("message " + std::to_string(joined.viewer.seq) +
                                      " is about audio that was never published");
            continue;
        }
        result.paths.push_back(pathOf(joined, *spokenNs, *decodedNs));
        result.paths.back().isNews = isNews;
        check(result.paths.back(), joined.viewer.seq, result.problems);
    }
    return result;
}

} // namespace lt::bench
