// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/session_transcripts.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

void SessionTranscripts::reset(const std::string &epoch, const AudioFormat &format) {
    epoch_ = epoch;
    timeline_.reset(format);
    book_ = UtteranceBook();
}

std::optional<SpokenTranscript> SessionTranscripts::make(Utterance utterance, std::uint64_t receivedNs) {
    const auto entry = book_.note(utterance.id, utterance.isFinal, !utterance.text.empty());
    if (entry.verdict == UtteranceBook::Verdict::Repeated)
        counts_.repeated++;
    if (entry.verdict != UtteranceBook::Verdict::Pass)
        return std::nullopt;
    (utterance.isFinal ? counts_.finals : counts_.partials)++;

    SpokenTranscript spoken;
    Transcript &transcript = spoken.transcript;
    transcript.epoch = epoch_;
    transcript.utteranceId = std::move(utterance.id);
    transcript.revision = entry.revision;
    transcript.isFinal = utterance.isFinal;
    transcript.language = std::move(utterance.language);
    transcript.channel = utterance.channel;
    transcript.text = std::move(utterance.text);
    transcript.confidence = utterance.confidence;
    transcript.startNs = timeline_.runningTimeAt(utterance.start);
    transcript.endNs = std::max(transcript.startNs, timeline_.runningTimeAt(utterance.end));
    transcript.words.reserve(utterance.words.size());
    for (SpokenWord &word : utterance.words) {
        const std::uint64_t start = timeline_.runningTimeAt(word.start);
        transcript.words.push_back({std::move(word.text), start,
                                    std::max(start, timeline_.runningTimeAt(word.end)), word.confidence});
    }
    const auto stamps = timeline_.stampsAt(utterance.end);
    spoken.stamps.audio_entered = stamps.enteredNs;
    spoken.stamps.audio_sent = stamps.sentNs;
    spoken.stamps.received = receivedNs;
    spoken.spokenNs = stamps.spokenNs;
    spoken.afterHole = timeline_.crossesHole(utterance.start);
    return spoken;
}

SpokenTranscript SessionTranscripts::makeGap(const LostRange &range, const std::string &reason,
                                             std::uint64_t nowNs) {
    return lt::makeGap(epoch_, ++gaps_, range, reason, nowNs);
}

} // namespace lt::gladia
