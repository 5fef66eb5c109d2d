// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_messages.h"

#include "lib/transcript/json_writer.h"

namespace lt::broadcast {

namespace {

constexpr double kNsPerSecond = 1e9;
constexpr int kTimeDecimals = 3;

std::string_view typeOf(ViewerForm form, const Transcript &transcript) {
    if (transcript.kind == GST_TRANSCRIPT_KIND_GAP)
        return "audio_gap"; // a "gap" is what the viewer itself has missed
    if (transcript.kind != GST_TRANSCRIPT_KIND_TRANSCRIPT || !isSplit(form))
        return kindName(transcript.kind);
    return transcript.isFinal ? "transcript_final" : "transcript_partial";
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

bool isFor(ViewerForm form, const Transcript &transcript) {
    return isV2(form) || transcript.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT;
}

std::string viewerMessage(ViewerForm form, const Transcript &transcript, std::string_view utteranceId,
                          const Stamp &stamp) {
    JsonWriter writer;
    writer.beginObject();
    writer.key("type").string(typeOf(form, transcript));
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
    writer.key("serverTimestamp").integer(stamp.unixMs);
    writer.endObject();
    return writer.take();
}

} // namespace lt::broadcast
