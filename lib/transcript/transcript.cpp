// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/transcript/transcript.h"

#include "lib/transcript/json_reader.h"
#include "lib/transcript/json_writer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <json-glib/json-glib.h>

namespace lt {

namespace {

constexpr std::array<std::string_view, 6> kKindNames = {"transcript", "translation", "entities",
                                                        "sentiment",  "summary",     "gap"};
constexpr double kNsPerSecond = 1e9;
constexpr int kTimeDecimals = 6;
constexpr double kLatestSecond = 1e9; // 31 years: what lies beyond is no running time
constexpr std::size_t kMaxSlug = 128;

std::optional<GstTranscriptKind> kindFromName(std::string_view name) {
    const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
    if (found == kKindNames.end())
        return std::nullopt;
    return static_cast<GstTranscriptKind>(found - kKindNames.begin());
}

void writeTime(JsonWriter &writer, std::string_view name, std::uint64_t ns) {
    if (ns != kNoTime)
        writer.key(name).number(static_cast<double>(ns) / kNsPerSecond, kTimeDecimals);
}

void writeText(JsonWriter &writer, std::string_view name, const std::string &text) {
    if (!text.empty())
        writer.key(name).string(text);
}

void writeConfidence(JsonWriter &writer, double confidence) {
    if (confidence >= 0)
        writer.key("confidence").number(confidence);
}

std::uint64_t timeMember(JsonObject *object, const char *name) {
    const auto seconds = json::numberMember(object, name);
    if (!seconds || *seconds < 0 || *seconds > kLatestSecond)
        return kNoTime;
    return static_cast<std::uint64_t>(std::llround(*seconds * kNsPerSecond));
}

double confidenceMember(JsonObject *object) {
    const double value = json::numberMember(object, "confidence").value_or(-1);
    return value >= 0 && value <= 1 ? value : -1;
}

std::vector<Word> wordsMember(JsonObject *object) {
    std::vector<Word> words;
    JsonArray *array = json::arrayMember(object, "words");
    const guint count = array ? json_array_get_length(array) : 0;
    for (guint i = 0; i < count; i++) {
        JsonObject *entry = json::objectElement(array, i);
        if (auto text = json::stringMember(entry, "text"))
            words.push_back({std::move(*text), timeMember(entry, "start"), timeMember(entry, "end"),
                             confidenceMember(entry)});
    }
    return words;
}

std::vector<Finding> findingsMember(JsonObject *object) {
    std::vector<Finding> findings;
    JsonArray *array = json::arrayMember(object, "findings");
    const guint count = array ? json_array_get_length(array) : 0;
    for (guint i = 0; i < count; i++) {
        JsonObject *entry = json::objectElement(array, i);
        if (auto type = json::stringMember(entry, "type"))
            findings.push_back({std::move(*type), json::stringMember(entry, "emotion").value_or(""),
                                json::stringMember(entry, "text").value_or(""), timeMember(entry, "start"),
                                timeMember(entry, "end")});
    }
    return findings;
}

} // namespace

std::string_view kindName(GstTranscriptKind kind) {
    return kKindNames.at(static_cast<std::size_t>(kind));
}

void writeWords(JsonWriter &writer, const std::vector<Word> &words) {
    if (words.empty())
        return;
    writer.key("words").beginArray();
    for (const Word &word : words) {
        writer.beginObject().key("text").string(word.text);
        writeTime(writer, "start", word.startNs);
        writeTime(writer, "end", word.endNs);
        writeConfidence(writer, word.confidence);
        writer.endObject();
    }
    writer.endArray();
}

void writeFindings(JsonWriter &writer, const std::vector<Finding> &findings) {
    if (findings.empty())
        return;
    writer.key("findings").beginArray();
    for (const Finding &finding : findings) {
        writer.beginObject().key("type").string(finding.type);
        writeText(writer, "emotion", finding.emotion);
        writer.key("text").string(finding.text);
        writeTime(writer, "start", finding.startNs);
        writeTime(writer, "end", finding.endNs);
        writer.endObject();
    }
    writer.endArray();
}

void writeMembers(JsonWriter &writer, const Transcript &transcript) {
    writer.key("kind").string(kindName(transcript.kind));
    writeText(writer, "epoch", transcript.epoch);
    writer.key("utteranceId").string(transcript.utteranceId);
    writer.key("revision").unsignedInteger(transcript.revision);
    writer.key("isFinal").boolean(transcript.isFinal);
    writeText(writer, "language", transcript.language);
    if (transcript.channel >= 0)
        writer.key("channel").integer(transcript.channel);
    writeText(writer, "speaker", transcript.speaker);
    writeText(writer, "participantId", transcript.participantId);
    writer.key("text").string(transcript.text);
    writeTime(writer, "start", transcript.startNs);
    writeTime(writer, "end", transcript.endNs);
    writeConfidence(writer, transcript.confidence);
    writeText(writer, "reason", transcript.reason);
    writeWords(writer, transcript.words);
    writeFindings(writer, transcript.findings);
}

std::string toJson(const Transcript &transcript) {
    JsonWriter writer;
    writer.beginObject();
    writeMembers(writer, transcript);
    writer.endObject();
    return writer.take();
}

std::optional<Transcript> transcriptFromJson(std::string_view text, std::string &error) {
    const json::NodeRef root = json::parseObject(text, error);
    if (!root)
        return std::nullopt;
    JsonObject *object = json::objectOf(root);
    const auto kind = kindFromName(json::stringMember(object, "kind").value_or("transcript"));
    const auto shownText = json::stringMember(object, "text");
    if (!kind || (!shownText && *kind == GST_TRANSCRIPT_KIND_TRANSCRIPT)) {
        error = kind ? "The transcript has no text." : "The transcript is of an unknown kind.";
        return std::nullopt;
    }
    Transcript transcript;
    transcript.kind = *kind;
    transcript.epoch = json::stringMember(object, "epoch").value_or("");
    transcript.utteranceId = json::stringMember(object, "utteranceId").value_or("");
    transcript.revision = static_cast<std::uint64_t>(
        std::max<std::int64_t>(json::integerMember(object, "revision").value_or(0), 0));
    transcript.isFinal = json::boolMember(object, "isFinal").value_or(false);
    transcript.language = json::stringMember(object, "language").value_or("");
    transcript.channel = static_cast<int>(
        std::clamp<std::int64_t>(json::integerMember(object, "channel").value_or(-1), -1, 255));
    transcript.speaker = json::stringMember(object, "speaker").value_or("");
    transcript.participantId = json::stringMember(object, "participantId").value_or("");
    transcript.text = shownText.value_or("");
    transcript.startNs = timeMember(object, "start");
    transcript.endNs = timeMember(object, "end");
    transcript.confidence = confidenceMember(object);
    transcript.reason = json::stringMember(object, "reason").value_or("");
    transcript.words = wordsMember(object);
    transcript.findings = findingsMember(object);
    return transcript;
}

Transcript transcriptFromText(std::string_view text, std::uint64_t startNs, std::uint64_t durationNs) {
    Transcript transcript;
    transcript.isFinal = true;
    transcript.text = text;
    transcript.startNs = startNs;
    transcript.endNs = startNs == kNoTime || durationNs == kNoTime ? kNoTime : startNs + durationNs;
    // A stream of plain text has no ids: its time is what tells one final from the next.
    // Appended: GCC 12 warns of an overlap in `"t" + std::to_string()` that is not there.
    if (startNs != kNoTime)
        (transcript.utteranceId = 't') += std::to_string(startNs);
    return transcript;
}

bool isSessionSlug(std::string_view name) {
    return !name.empty() && name.size() <= kMaxSlug && std::all_of(name.begin(), name.end(), [](char c) {
        return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
    });
}

} // namespace lt
