// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/session_transcripts.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

void SessionTranscripts::reset(const std::string &epoch, const AudioFormat &format) {
    epoch_ = epoch;
    timeline_.reset(format);
    book_ = UtteranceBook();
    shown_.clear();
    addOns_ = AddOnBook();
}

/// Everything but what the kinds have each for themselves.
SpokenTranscript SessionTranscripts::start(GstTranscriptKind kind, Utterance utterance,
                                           std::uint64_t receivedNs) const {
    SpokenTranscript spoken;
    Transcript &transcript = spoken.transcript;
    transcript.kind = kind;
    transcript.epoch = epoch_;
    transcript.utteranceId = std::move(utterance.id);
    transcript.revision = 1;
    transcript.isFinal = utterance.isFinal;
    transcript.language = std::move(utterance.language);
    transcript.channel = utterance.channel;
    transcript.speaker = std::move(utterance.speaker);
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
    return spoken;
}

std::optional<SpokenTranscript> SessionTranscripts::make(Utterance utterance, std::uint64_t receivedNs) {
    heard_.cut(utterance, timeline_);
    const auto entry = book_.note(utterance.id, utterance.isFinal, !utterance.text.empty());
    if (entry.verdict == UtteranceBook::Verdict::Repeated)
        counts_.repeated++;
    if (entry.verdict != UtteranceBook::Verdict::Pass)
        return std::nullopt;
    (utterance.isFinal ? counts_.finals : counts_.partials)++;
    remember(utterance);
    if (utterance.isFinal) {
        addOns_.noteFinal(utterance.id, utterance.channel, utterance.start);
        heard_.said(utterance, timeline_);
    }
    const double from = utterance.start;
    SpokenTranscript spoken = start(GST_TRANSCRIPT_KIND_TRANSCRIPT, std::move(utterance), receivedNs);
    spoken.transcript.revision = entry.revision;
    spoken.afterHole = timeline_.crossesHole(from);
    return spoken;
}

/// What an empty final needs, should the real one never come.
void SessionTranscripts::remember(const Utterance &utterance) {
    if (utterance.isFinal) {
        shown_.erase(utterance.id);
        return;
    }
    Utterance &shown = shown_[utterance.id];
    shown.id = utterance.id;
    shown.isFinal = true;
    shown.language = utterance.language;
    shown.speaker = utterance.speaker;
    shown.channel = utterance.channel;
    shown.start = utterance.start;
    shown.end = utterance.end;
    if (shown_.size() > book_.open()) // the book has a limit
        std::erase_if(shown_, [this](const auto &one) { return !book_.isOpen(one.first); });
}

std::vector<SpokenTranscript> SessionTranscripts::takeBack(std::uint64_t now) {
    std::vector<SpokenTranscript> taken;
    const std::deque<std::string> open = book_.openIds();
    for (const std::string &id : open) {
        const auto found = shown_.find(id);
        if (found == shown_.end())
            continue;
        const std::uint64_t revision = book_.note(id, true, false).revision;
        taken.push_back(start(GST_TRANSCRIPT_KIND_TRANSCRIPT, std::move(found->second), now));
        taken.back().transcript.revision = revision;
    }
    shown_.clear();
    return taken;
}

std::optional<SpokenTranscript> SessionTranscripts::make(AddOnResult result, std::uint64_t receivedNs) {
    const bool isTranslation = result.kind == AddOnResult::Kind::Translation;
    if (isTranslation && result.utterance.language == result.originalLanguage)
        return std::nullopt; // the source language was among the targets: it is the transcript once more
    if (heard_.heard(result.utterance, timeline_))
        return std::nullopt; // it came with the words
    result.utterance.id = addOns_.utteranceOf(result);
    if (!addOns_.isNew(result.kind, result.utterance.id, result.utterance.language)) {
        counts_.repeated++;
        return std::nullopt;
    }
    counts_.addOns++;
    static constexpr GstTranscriptKind kKinds[] = {
        GST_TRANSCRIPT_KIND_TRANSLATION, GST_TRANSCRIPT_KIND_ENTITIES, GST_TRANSCRIPT_KIND_SENTIMENT};
    if (!isTranslation)
        result.utterance.words.clear(); // they came with the transcript
    SpokenTranscript spoken =
        start(kKinds[static_cast<int>(result.kind)], std::move(result.utterance), receivedNs);
    for (Finding &finding : result.findings) {
        const std::uint64_t from = timeline_.runningTimeAt(finding.start);
        spoken.transcript.findings.push_back({std::move(finding.type), std::move(finding.emotion),
                                              std::move(finding.text), from,
                                              std::max(from, timeline_.runningTimeAt(finding.end))});
    }
    return spoken;
}

SpokenTranscript SessionTranscripts::make(Summary summary, std::uint64_t receivedNs) {
    counts_.addOns++;
    Utterance whole;
    whole.id = "summary";
    whole.isFinal = true;
    whole.text = std::move(summary.text);
    whole.end = static_cast<double>(timeline_.sentNs()) / 1e9;
    SpokenTranscript spoken = start(GST_TRANSCRIPT_KIND_SUMMARY, std::move(whole), receivedNs);
    spoken.transcript.channel = -1; // of all of them
    return spoken;
}

} // namespace lt::gladia
