// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/utterance_transcript.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace lt::sphinx {

namespace {

/// Channel and number, like the ids of other recognisers: they sort as they were spoken.
std::string idOf(std::uint64_t number) {
    char id[32];
    std::snprintf(id, sizeof id, "00_%08llu", static_cast<unsigned long long>(number));
    return id;
}

} // namespace

SpokenTranscript spokenTranscript(Utterance utterance, AudioTimeline &timeline, const std::string &epoch,
                                  const std::string &language, std::uint64_t nowNs) {
    SpokenTranscript spoken;
    Transcript &transcript = spoken.transcript;
    transcript.epoch = epoch;
    transcript.utteranceId = idOf(utterance.number);
    transcript.revision = utterance.revision;
    transcript.isFinal = utterance.isFinal;
    transcript.language = language;
    transcript.channel = 0;
    transcript.text = std::move(utterance.text);
    transcript.confidence = utterance.confidence;
    transcript.startNs = timeline.runningTimeAt(utterance.start);
    transcript.endNs = std::max(transcript.startNs, timeline.runningTimeAt(utterance.end));
    transcript.words.reserve(utterance.words.size());
    for (HeardWord &word : utterance.words) {
        const std::uint64_t start = timeline.runningTimeAt(word.start);
        transcript.words.push_back({std::move(word.text), start,
                                    std::max(start, timeline.runningTimeAt(word.end)), word.confidence});
    }
    const auto stamps = timeline.stampsAt(utterance.end);
    spoken.stamps.audio_entered = stamps.enteredNs;
    spoken.stamps.audio_sent = stamps.sentNs;
    spoken.stamps.received = nowNs;
    spoken.spokenNs = stamps.spokenNs;
    spoken.afterHole = timeline.crossesHole(utterance.start);
    return spoken;
}

} // namespace lt::sphinx
