// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/stored_message.h"

#include "lib/gst/refs.h"
#include "lib/transcript/json_reader.h"
#include "lib/transcript/json_writer.h"

#include <algorithm>
#include <tuple>

#include <glib.h>
#include <json-glib/json-glib.h>

namespace lt::store {

namespace {

constexpr std::size_t kLongestId = 256; // bytes; five of them fit into PostgreSQL's largest index entry
constexpr std::size_t kKeptOfLongId = 128;
constexpr char kReplacement[] = "\xEF\xBF\xBD";

void clean(std::string &text) {
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr)) {
        const CharPtr valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
        text = valid.get();
    }
    for (auto at = text.find('\0'); at != text.npos; at = text.find('\0', at))
        text.replace(at, 1, kReplacement);
}

/// Two ids that differ stay different.
void shorten(std::string &id) {
    clean(id);
    if (id.size() <= kLongestId)
        return;
    const CharPtr digest(g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                                     reinterpret_cast<const guchar *>(id.data()), id.size()));
    id.resize(kKeptOfLongId);
    clean(id);
    id += std::string("~") + digest.get();
}

void cleanAll(Transcript &transcript) {
    for (std::string *id :
         {&transcript.epoch, &transcript.utteranceId, &transcript.language, &transcript.participantId})
        shorten(*id);
    for (std::string *text : {&transcript.speaker, &transcript.text, &transcript.reason})
        clean(*text);
    for (Word &word : transcript.words)
        clean(word.text);
    for (Finding &finding : transcript.findings) {
        clean(finding.type);
        clean(finding.emotion);
        clean(finding.text);
    }
}

/// What stands behind the colon of an object that has this member or none.
std::string valueOfOnly(std::string_view member, const std::string &object) {
    const std::size_t before = member.size() + 4; // {"member":
    return object.size() > before ? object.substr(before, object.size() - before - 1) : "";
}

Transcript partOf(const char *name, std::string_view array) {
    std::string error;
    const std::string whole = std::string(R"({"text":"",")") + name + "\":" + std::string(array) + "}";
    return transcriptFromJson(whole, error).value_or(Transcript{});
}

} // namespace

bool StoredMessage::operator==(const StoredMessage &other) const {
    return std::tie(origin.session, origin.run, origin.runStartedMs, receivedMs, transcript) ==
           std::tie(other.origin.session, other.origin.run, other.origin.runStartedMs, other.receivedMs,
                    other.transcript);
}

StoredMessage makeMessage(const Transcript &transcript, const Origin &origin, std::int64_t receivedMs,
                          std::uint64_t number) {
    StoredMessage message{origin, receivedMs, transcript};
    Transcript &stored = message.transcript;
    cleanAll(stored);
    if (stored.epoch.empty())
        stored.epoch = origin.run;
    if (stored.utteranceId.empty())
        stored.utteranceId = stored.startNs == kNoTime ? "#" + origin.run + "." + std::to_string(number)
                                                       : "@" + std::to_string(stored.startNs);
    return message;
}

std::string identityOf(const StoredMessage &message) {
    const Transcript &transcript = message.transcript;
    std::string identity;
    for (std::string_view part :
         {std::string_view(message.origin.session), std::string_view(transcript.epoch),
          kindName(transcript.kind), std::string_view(transcript.utteranceId),
          std::string_view(transcript.language)})
        identity.append(part).push_back('\0'); // NUL is in none of them
    return identity;
}

bool supersedes(const Transcript &newer, const Transcript &older) {
    return std::tie(newer.isFinal, newer.revision) > std::tie(older.isFinal, older.revision);
}

std::string wordsJson(const Transcript &transcript) {
    JsonWriter writer;
    writer.beginObject();
    writeWords(writer, transcript.words);
    writer.endObject();
    return valueOfOnly("words", writer.take());
}

std::string findingsJson(const Transcript &transcript) {
    JsonWriter writer;
    writer.beginObject();
    writeFindings(writer, transcript.findings);
    writer.endObject();
    return valueOfOnly("findings", writer.take());
}

void readWords(Transcript &transcript, std::string_view json) {
    if (!json.empty())
        transcript.words = partOf("words", json).words;
}

void readFindings(Transcript &transcript, std::string_view json) {
    if (!json.empty())
        transcript.findings = partOf("findings", json).findings;
}

std::string toSpoolLine(const StoredMessage &message) {
    JsonWriter writer;
    writer.beginObject();
    writer.key("session").string(message.origin.session);
    writer.key("run").string(message.origin.run);
    writer.key("runStartedAt").integer(message.origin.runStartedMs);
    writer.key("receivedAt").integer(message.receivedMs);
    writeMembers(writer, message.transcript);
    writer.endObject();
    return writer.take() + '\n';
}

std::optional<StoredMessage> fromSpoolLine(std::string_view line, std::string &error) {
    const json::NodeRef root = json::parseObject(line, error);
    if (!root)
        return std::nullopt;
    JsonObject *object = json::objectOf(root);
    auto transcript = transcriptFromJson(line, error);
    if (!transcript)
        return std::nullopt;
    StoredMessage message;
    message.origin.session = json::stringMember(object, "session").value_or("");
    message.origin.run = json::stringMember(object, "run").value_or("");
    message.origin.runStartedMs = json::integerMember(object, "runStartedAt").value_or(0);
    message.receivedMs = json::integerMember(object, "receivedAt").value_or(0);
    if (!isSessionSlug(message.origin.session) || message.origin.run.empty()) {
        error = "The line names no session and run.";
        return std::nullopt;
    }
    const Origin origin = message.origin;
    return makeMessage(*transcript, origin, message.receivedMs, 0);
}

std::int64_t toMicroseconds(std::uint64_t ns) {
    return ns == kNoTime ? -1 : static_cast<std::int64_t>(ns / 1000);
}

std::uint64_t fromMicroseconds(std::int64_t us) {
    return us < 0 ? kNoTime : static_cast<std::uint64_t>(us) * 1000;
}

std::int64_t toRevision(std::uint64_t revision) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(revision, G_MAXINT64));
}

GstTranscriptKind kindOf(std::string_view name) {
    for (int kind = GST_TRANSCRIPT_KIND_TRANSCRIPT; kind <= GST_TRANSCRIPT_KIND_GAP; kind++)
        if (kindName(static_cast<GstTranscriptKind>(kind)) == name)
            return static_cast<GstTranscriptKind>(kind);
    return GST_TRANSCRIPT_KIND_TRANSCRIPT;
}

} // namespace lt::store
