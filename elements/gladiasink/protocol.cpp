// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/protocol.h"

#include "elements/gladiasink/ack_scanner.h"
#include "elements/gladiasink/failure.h"
#include "elements/gladiasink/message_values.h"
#include "elements/gladiasink/utterance_scanner.h"
#include "lib/gst/refs.h"
#include "lib/transcript/json_reader.h"

#include <algorithm>

#include <glib.h>
#include <json-glib/json-glib.h>

namespace lt::gladia {

namespace {

double secondsMember(JsonObject *object, const char *name) {
    return secondsOf(json::numberMember(object, name));
}

double confidenceMember(JsonObject *object) {
    return confidenceOf(json::numberMember(object, "confidence"));
}

/// A service that quotes the socket's address in an error must not bring its token onto the bus.
std::string withoutToken(std::string text) {
    constexpr std::string_view kName = "token=";
    for (std::size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at)) {
        at += kName.size();
        const std::size_t end = std::min(text.find_first_of("&#\"' \t\n", at), text.size());
        text.replace(at, end - at, "[secret]");
    }
    return text;
}

std::string errorText(JsonObject *object) {
    for (const char *holder : {"error", "data"})
        if (auto text = json::stringMember(json::objectMember(object, holder), "message"))
            return quotable(withoutToken(*std::move(text)));
    return quotable(withoutToken(json::stringMember(object, "message").value_or("no reason given")));
}

std::vector<SpokenWord> wordsOf(JsonObject *utterance) {
    std::vector<SpokenWord> words;
    JsonArray *array = json::arrayMember(utterance, "words");
    const guint count = array ? json_array_get_length(array) : 0;
    words.reserve(count);
    for (guint i = 0; i < count; i++) {
        JsonObject *entry = json::objectElement(array, i);
        auto text = json::stringMember(entry, "word");
        if (!text)
            continue;
        SpokenWord word{trimmed(*text), secondsMember(entry, "start"), secondsMember(entry, "end"),
                        confidenceMember(entry)};
        if (!word.text.empty())
            words.push_back(std::move(word));
    }
    return words;
}

int channelMember(JsonObject *object) {
    return channelOf(json::integerMember(object, "channel"));
}

std::string languageMember(JsonObject *object, const char *name) {
    return languageOf(json::stringMember(object, name).value_or(""));
}

/// Nothing without a text.
std::optional<Utterance> utteranceOf(JsonObject *said) {
    const auto text = json::stringMember(said, "text");
    if (!text)
        return std::nullopt;
    Utterance utterance;
    utterance.start = secondsMember(said, "start");
    utterance.end = std::max(utterance.start, secondsMember(said, "end"));
    utterance.confidence = confidenceMember(said);
    utterance.channel = channelMember(said);
    utterance.language = languageMember(said, "language");
    if (const auto speaker = json::integerMember(said, "speaker"))
        utterance.speaker = std::to_string(*speaker);
    utterance.text = trimmed(*text);
    utterance.words = wordsOf(said);
    return utterance;
}

std::optional<ServerMessage> parseTranscript(JsonObject *data, std::string &error) {
    const auto id = json::stringMember(data, "id");
    auto utterance = utteranceOf(json::objectMember(data, "utterance"));
    if (!id || id->empty() || id->size() > kMaxId || !utterance) {
        error = "A transcript of the service lacks its id or its text.";
        return std::nullopt;
    }
    utterance->id = validUtf8(*id);
    utterance->isFinal = json::boolMember(data, "is_final").value_or(false);
    return *std::move(utterance);
}

// ---- add-ons

std::vector<Finding> findingsOf(JsonObject *data, const char *typeName) {
    std::vector<Finding> findings;
    JsonArray *array = json::arrayMember(data, "results");
    const guint count = array ? json_array_get_length(array) : 0;
    for (guint i = 0; i < count; i++) {
        JsonObject *entry = json::objectElement(array, i);
        Finding finding;
        finding.type = trimmed(json::stringMember(entry, typeName).value_or(""));
        finding.emotion = trimmed(json::stringMember(entry, "emotion").value_or(""));
        finding.text = trimmed(json::stringMember(entry, "text").value_or(""));
        finding.start = secondsMember(entry, "start");
        finding.end = std::max(finding.start, secondsMember(entry, "end"));
        if (!finding.type.empty())
            findings.push_back(std::move(finding));
    }
    return findings;
}

struct AddOnType {
    const char *message;
    AddOnResult::Kind kind;
    const char *utterance;   // the member that holds what is passed on
    const char *findingType; // null: it finds nothing
};
constexpr AddOnType kAddOnTypes[] = {
    {"translation", AddOnResult::Kind::Translation, "translated_utterance", nullptr},
    {"named_entity_recognition", AddOnResult::Kind::Entities, "utterance", "entity_type"},
    {"sentiment_analysis", AddOnResult::Kind::Sentiment, "utterance", "sentiment"},
};

std::string utteranceIdMember(JsonObject *data) {
    if (const auto number = json::integerMember(data, "utterance_id"))
        return std::to_string(*number);
    const std::string id = json::stringMember(data, "utterance_id").value_or("");
    return id.size() <= kMaxId ? validUtf8(id) : "";
}

std::optional<ServerMessage> parseAddOn(const AddOnType &type, JsonObject *object, JsonObject *data,
                                        std::string &error) {
    if (!data)
        return ServiceError{std::string(type.message) + ": " + errorText(object)};
    JsonObject *original = json::objectMember(data, "utterance");
    auto utterance = utteranceOf(json::objectMember(data, type.utterance));
    if (!utterance) {
        error = "An add-on result of the service lacks its utterance.";
        return std::nullopt;
    }
    AddOnResult result;
    result.kind = type.kind;
    result.utteranceId = utteranceIdMember(data);
    result.utterance = *std::move(utterance);
    result.utterance.isFinal = true;
    result.utterance.channel = channelMember(original);
    result.originalStart = secondsMember(original, "start");
    result.originalLanguage = languageMember(data, "original_language");
    if (const std::string target = languageMember(data, "target_language"); !target.empty())
        result.utterance.language = target;
    if (type.findingType)
        result.findings = findingsOf(data, type.findingType);
    return result;
}

ServerMessage parseSummary(JsonObject *object, JsonObject *data) {
    const auto text = json::stringMember(data, "results");
    if (!text)
        return ServiceError{"summary: " + errorText(object)};
    return Summary{trimmed(*text)};
}

ServerMessage parseAudioAck(JsonObject *object, JsonObject *data) {
    JsonArray *range = json::arrayMember(data, "byte_range");
    const bool accepted = json::boolMember(object, "acknowledged").value_or(data != nullptr);
    if (!accepted || !range || json_array_get_length(range) != 2)
        return AudioRefused{errorText(object)};
    const auto byteAt = [&](guint index) -> gint64 {
        JsonNode *node = json_array_get_element(range, index);
        const bool isNumber = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
        return isNumber ? json_node_get_int(node) : -1;
    };
    const gint64 start = byteAt(0), end = byteAt(1);
    if (start < 0 || end < start)
        return AudioRefused{errorText(object)};
    return AudioAck{static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(end)};
}

/// True when the id is the value of a parameter of the address.
bool opensTheSocket(const std::string &id, const std::string &url) {
    const std::string value = "=" + id;
    for (std::size_t at = url.find(value); at != std::string::npos; at = url.find(value, at + 1)) {
        const std::size_t end = at + value.size();
        if (end == url.size() || url[end] == '&' || url[end] == '#')
            return true;
    }
    return false;
}

std::string publicName(const std::string &id, const std::string &url) {
    if (!opensTheSocket(id, url))
        return validUtf8(id);
    constexpr std::size_t kDigits = 32;
    const CharPtr digest(g_compute_checksum_for_string(G_CHECKSUM_SHA256, id.c_str(), -1));
    return std::string(digest.get(), kDigits);
}

} // namespace

std::optional<InitReply> parseInitReply(std::string_view body, std::string &error) {
    const json::NodeRef root = json::parseObject(body, error);
    if (!root) {
        error = "The answer is no JSON object."; // the parser's own words would quote from it
        return std::nullopt;
    }
    JsonObject *object = json::objectOf(root);
    auto id = json::stringMember(object, "id");
    auto url = json::stringMember(object, "url");
    if (!id || id->empty() || id->size() > kMaxId || !url || url->empty()) {
        error = "The answer names no session or no WebSocket address.";
        return std::nullopt;
    }
    return InitReply{publicName(*id, *url), std::move(*url)};
}

std::string stopRequest() {
    return R"({"type":"stop_recording"})";
}

std::string emptyChunk() {
    return R"({"type":"audio_chunk","data":{"chunk":""}})";
}

std::optional<ServerMessage> parseServerMessage(std::string_view text, std::string &error) {
    if (const auto ack = scanAudioAck(text))
        return *ack;
    if (auto utterance = scanUtterance(text))
        return *std::move(utterance);
    return parseAnyMessage(text, error);
}

std::optional<ServerMessage> parseAnyMessage(std::string_view text, std::string &error) {
    const bool valid = g_utf8_validate_len(text.data(), text.size(), nullptr);
    const json::NodeRef root = json::parseObject(valid ? text : validUtf8(text), error);
    if (!root)
        return std::nullopt;
    JsonObject *object = json::objectOf(root);
    const auto type = json::stringMember(object, "type");
    if (!type) {
        error = "A message of the service has no type.";
        return std::nullopt;
    }
    JsonObject *data = json::objectMember(object, "data");
    if (*type == "transcript")
        return parseTranscript(data, error);
    if (*type == "audio_chunk")
        return parseAudioAck(object, data);
    if (*type == "stop_recording")
        return StopAck{secondsMember(data, "recording_left_to_process")};
    if (*type == "error")
        return ServiceError{errorText(object)};
    if (*type == "post_summarization")
        return parseSummary(object, data);
    for (const AddOnType &addOn : kAddOnTypes)
        if (*type == addOn.message)
            return parseAddOn(addOn, object, data, error);
    return OtherMessage{quotable(*type)};
}

} // namespace lt::gladia
