// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/protocol.h"

#include "elements/gladiasink/failure.h"
#include "lib/transcript/json_reader.h"
#include "lib/transcript/json_writer.h"

#include <algorithm>

#include <glib.h>
#include <json-glib/json-glib.h>

namespace lt::gladia {

namespace {

constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxLanguage = 16;
constexpr double kMaxSeconds = 1e7; // 115 days: what lies beyond is no time of a session

const char *encodingName(Encoding encoding) {
    switch (encoding) {
    case Encoding::Alaw:
        return "wav/alaw";
    case Encoding::Ulaw:
        return "wav/ulaw";
    case Encoding::Pcm:
        break;
    }
    return "wav/pcm";
}

/// Surrounding white space of any script cut off.
std::string trimmed(const std::string &text) {
    const char *begin = text.c_str();
    const char *end = begin + text.size();
    while (begin < end && g_unichar_isspace(g_utf8_get_char(begin)))
        begin = g_utf8_next_char(begin);
    while (end > begin) {
        const char *last = g_utf8_find_prev_char(begin, end);
        if (!last || !g_unichar_isspace(g_utf8_get_char(last)))
            break;
        end = last;
    }
    return std::string(begin, end);
}

double secondsMember(JsonObject *object, const char *name) {
    return std::clamp(json::numberMember(object, name).value_or(0), 0.0, kMaxSeconds);
}

double confidenceMember(JsonObject *object) {
    const double value = json::numberMember(object, "confidence").value_or(-1);
    return value >= 0 && value <= 1 ? value : -1;
}

std::string errorText(JsonObject *object) {
    for (const char *holder : {"error", "data"})
        if (const auto text = json::stringMember(json::objectMember(object, holder), "message"))
            return quotable(*text);
    return quotable(json::stringMember(object, "message").value_or("no reason given"));
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

std::optional<ServerMessage> parseTranscript(JsonObject *data, std::string &error) {
    JsonObject *said = json::objectMember(data, "utterance");
    const auto id = json::stringMember(data, "id");
    const auto text = json::stringMember(said, "text");
    if (!id || id->empty() || id->size() > kMaxId || !text) {
        error = "A transcript of the service lacks its id or its text.";
        return std::nullopt;
    }
    Utterance utterance;
    utterance.id = *id;
    utterance.isFinal = json::boolMember(data, "is_final").value_or(false);
    utterance.start = secondsMember(said, "start");
    utterance.end = std::max(utterance.start, secondsMember(said, "end"));
    utterance.confidence = confidenceMember(said);
    utterance.channel =
        static_cast<int>(std::clamp<std::int64_t>(json::integerMember(said, "channel").value_or(0), 0, 255));
    utterance.language = json::stringMember(said, "language").value_or("").substr(0, kMaxLanguage);
    utterance.text = trimmed(*text);
    utterance.words = wordsOf(said);
    return utterance;
}

ServerMessage parseAudioAck(JsonObject *object, JsonObject *data) {
    JsonArray *range = json::arrayMember(data, "byte_range");
    const bool accepted = json::boolMember(object, "acknowledged").value_or(data != nullptr);
    if (!accepted || !range || json_array_get_length(range) != 2)
        return AudioRefused{errorText(object)};
    JsonNode *end = json_array_get_element(range, 1);
    const bool isNumber = JSON_NODE_HOLDS_VALUE(end) && json_node_get_value_type(end) == G_TYPE_INT64;
    if (!isNumber || json_node_get_int(end) < 0)
        return AudioRefused{errorText(object)};
    return AudioAck{static_cast<std::uint64_t>(json_node_get_int(end))};
}

} // namespace

std::string initRequest(const AudioFormat &format, const SessionOptions &options) {
    JsonWriter json;
    json.beginObject();
    json.key("encoding").string(encodingName(format.encoding));
    json.key("sample_rate").unsignedInteger(format.rate);
    json.key("bit_depth").unsignedInteger(format.bitDepth());
    json.key("channels").unsignedInteger(format.channels);
    if (!options.model.empty())
        json.key("model").string(options.model);
    json.key("endpointing").number(options.endpointing);
    json.key("maximum_duration_without_endpointing").number(options.maxUtterance);
    json.key("language_config").beginObject().key("languages").beginArray();
    for (const std::string &language : options.languages)
        json.string(language);
    json.endArray().key("code_switching").boolean(options.codeSwitching).endObject();
    // Speech events and lifecycle tell a client nothing that it needs; add-ons are off.
    json.key("messages_config").beginObject();
    json.key("receive_partial_transcripts").boolean(options.partials);
    json.key("receive_final_transcripts").boolean(true);
    json.key("receive_speech_events").boolean(false);
    json.key("receive_pre_processing_events").boolean(false);
    json.key("receive_realtime_processing_events").boolean(false);
    json.key("receive_post_processing_events").boolean(false);
    json.key("receive_acknowledgments").boolean(true);
    json.key("receive_errors").boolean(true);
    json.key("receive_lifecycle_events").boolean(false);
    json.endObject().endObject();
    return json.take();
}

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
    return InitReply{std::move(*id), std::move(*url)};
}

std::string stopRequest() {
    return R"({"type":"stop_recording"})";
}

std::string emptyChunk() {
    return R"({"type":"audio_chunk","data":{"chunk":""}})";
}

std::optional<ServerMessage> parseServerMessage(std::string_view text, std::string &error) {
    const json::NodeRef root = json::parseObject(text, error);
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
    return OtherMessage{quotable(*type)};
}

} // namespace lt::gladia
