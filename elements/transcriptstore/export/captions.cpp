// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/export/captions.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace lt::store {

namespace {

constexpr std::int64_t kLongestGuessMs = 2000;
constexpr std::uint64_t kNsPerMs = 1000000;

std::string clockTime(std::int64_t ms, char decimalMark) {
    char text[64];
    std::snprintf(text, sizeof text, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 "%c%03" PRId64, ms / 3600000,
                  ms / 60000 % 60, ms / 1000 % 60, decimalMark, ms % 1000);
    return text;
}

/// A blank line would end the cue, and control characters are of no use in one.
std::string onOneLine(std::string text) {
    for (char &c : text)
        if (static_cast<unsigned char>(c) < ' ')
            c = ' ';
    const auto first = text.find_first_not_of(' ');
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;"; // of "-->" too
        else
            safe += c;
    }
    return safe;
}

std::string speakerOf(const Transcript &transcript) {
    return onOneLine(transcript.speaker.empty() ? transcript.participantId : transcript.speaker);
}

std::string textLine(const Transcript &transcript) {
    const std::string speaker = speakerOf(transcript);
    return (speaker.empty() ? "" : speaker + ": ") + onOneLine(transcript.text) + '\n';
}

} // namespace

std::optional<CaptionFormat> captionFormatOf(std::string_view name) {
    constexpr std::pair<std::string_view, CaptionFormat> kNames[] = {{"vtt", CaptionFormat::WebVtt},
                                                                     {"srt", CaptionFormat::Srt},
                                                                     {"jsonl", CaptionFormat::JsonLines},
                                                                     {"text", CaptionFormat::Text}};
    for (const auto &[known, format] : kNames)
        if (known == name)
            return format;
    return std::nullopt;
}

std::string CaptionWriter::head() const {
    return format_ == CaptionFormat::WebVtt ? "WEBVTT\n\n" : "";
}

std::string CaptionWriter::add(const StoredMessage &message) {
    if (format_ == CaptionFormat::JsonLines)
        return toSpoolLine(message);
    if (onOneLine(message.transcript.text).empty())
        return {};
    return format_ == CaptionFormat::Text ? textLine(message.transcript) : addCue(message);
}

std::string CaptionWriter::addCue(const StoredMessage &message) {
    const Transcript &transcript = message.transcript;
    if (transcript.startNs == kNoTime) {
        leftOut_++;
        return {};
    }
    const std::int64_t firstRun = firstRunMs_.value_or(message.origin.runStartedMs);
    firstRunMs_ = firstRun;
    const std::int64_t shift = std::max<std::int64_t>(message.origin.runStartedMs - firstRun, 0);
    Cue cue{shift + static_cast<std::int64_t>(transcript.startNs / kNsPerMs), 0, speakerOf(transcript),
            onOneLine(transcript.text)};
    if (transcript.endNs != kNoTime)
        cue.endMs = shift + static_cast<std::int64_t>(transcript.endNs / kNsPerMs);
    std::string printed;
    if (pending_) {
        if (pending_->endMs <= pending_->startMs)
            pending_->endMs = std::min(pending_->startMs + kLongestGuessMs, cue.startMs);
        printed = print(*pending_);
    }
    pending_ = std::move(cue);
    return printed;
}

std::string CaptionWriter::finish() {
    return pending_ ? print(*std::exchange(pending_, std::nullopt)) : "";
}

std::string CaptionWriter::print(const Cue &cue) {
    const bool srt = format_ == CaptionFormat::Srt;
    const std::int64_t end = cue.endMs > cue.startMs ? cue.endMs : cue.startMs + kLongestGuessMs;
    const char mark = srt ? ',' : '.';
    std::string text = srt ? std::to_string(++number_) + '\n' : "";
    text += clockTime(cue.startMs, mark) + " --> " + clockTime(end, mark) + '\n';
    if (!cue.speaker.empty())
        text += srt ? cue.speaker + ": " : "<v " + escaped(cue.speaker) + ">";
    return text + (srt ? cue.text : escaped(cue.text)) + "\n\n";
}

} // namespace lt::store
