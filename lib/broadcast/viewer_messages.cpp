// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_messages.h"

#include "lib/transcript/json_writer.h"

namespace lt::broadcast {

namespace {

constexpr double kNsPerSecond = 1e9;
constexpr int kTimeDecimals = 3;

/// Of a message beside its text.
constexpr std::size_t kUsualFrame = 384;

constexpr std::string_view kPlainStart = R"({"type":"transcript")";

std::string_view typeOf(const Transcript &transcript) {
    // A "gap" is what the viewer itself has missed.
    return transcript.kind == GST_TRANSCRIPT_KIND_GAP ? "audio_gap" : kindName(transcript.kind);
}

void writeText(JsonWriter &writer, std::string_view name, const std::string &text) {
    if (!text.empty())
        writer.key(name).string(text);
}

void writeTime(JsonWriter &writer, std::string_view name, std::uint64_t ns) {
    if (ns != kNoTime)
        writer.key(name).number(static_cast<double>(ns) / kNsPerSecond, kTimeDecimals);
}

} // namespace

std::string splitMessage(std::string_view message, bool isFinal) {
    std::string split(message);
    if (split.starts_with(kPlainStart))
        split.replace(0, kPlainStart.size(),
                      isFinal ? R"({"type":"transcript_final")" : R"({"type":"transcript_partial")");
    return split;
}

std::string viewerMessage(const Transcript &transcript, std::string_view utteranceId, const Stamp &stamp) {
    JsonWriter writer(kUsualFrame + transcript.text.size());
    writer.beginObject();
    writer.key("type").string(typeOf(transcript));
    writer.key("sessionSlug").string(stamp.session);
    writer.key("text").string(transcript.text);
    writer.key("isFinal").boolean(transcript.isFinal);
    writer.key("utteranceId").string(utteranceId);
    writer.key("transcriptType").string(transcript.isFinal ? "final" : "partial");
    writer.key("seq").unsignedInteger(stamp.seq);
    // A recogniser that connects anew counts its utterances from the start: with the epoch they stay apart.
    writeText(writer, "epoch", transcript.epoch);
    writeText(writer, "language", transcript.language);
    if (transcript.channel >= 0)
        writer.key("channel").integer(transcript.channel);
    writeText(writer, "speaker", transcript.speaker);
    writeText(writer, "participantId", transcript.participantId);
    writeTime(writer, "start", transcript.startNs);
    writeTime(writer, "end", transcript.endNs);
    if (transcript.confidence >= 0)
        writer.key("confidence").number(transcript.confidence);
    writeText(writer, "reason", transcript.reason);
    writeFindings(writer, transcript.findings);
    writer.key("serverTimestamp").integer(stamp.unixMs);
    writer.endObject();
    return writer.take();
}

} // namespace lt::broadcast
