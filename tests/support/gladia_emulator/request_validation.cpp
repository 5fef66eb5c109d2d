// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/request_validation.h"
#include "tests/support/gladia_emulator/request_schema.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <libsoup/soup.h>

namespace lt::emulator {

using support::objectMember;
using support::parseObject;
using support::stringMember;
using support::toText;

namespace {

using support::JsonNodeRef;
using support::JsonObjectRef;

bool isString(JsonNode *node) {
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

bool isBool(JsonNode *node) {
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN;
}

/// JSON knows one kind of number: 16000.0 is an integer too.
std::optional<double> numberOf(JsonNode *node) {
    if (!JSON_NODE_HOLDS_VALUE(node))
        return std::nullopt;
    const GType type = json_node_get_value_type(node);
    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return std::nullopt;
    return json_node_get_double(node);
}

bool isAmong(std::string_view choices, std::string_view value) {
    std::size_t at = 0;
    while (at < choices.size()) {
        const std::size_t end = std::min(choices.find(' ', at), choices.size());
        if (choices.substr(at, end - at) == value)
            return true;
        at = end + 1;
    }
    return false;
}

bool isWebAddress(const char *text) {
    const support::UriRef uri(g_uri_parse(text, static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS), nullptr));
    const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
    const char *host = uri ? g_uri_get_host(uri.get()) : nullptr;
    return (scheme == "http" || scheme == "https") && host && *host;
}

std::string listed(std::string_view choices) {
    std::string out;
    for (const char c : choices)
        out += c == ' ' ? std::string(", ") : std::string(1, c);
    return out;
}

std::string shortNumber(double value) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_ascii_formatd(text, sizeof text, "%g", value);
}

/// Walks the body along the schema, collects errors and builds the effective parameters.
class Checker {
public:
    Checker(bool strict, std::vector<std::string> &errors) : strict_(strict), errors_(errors) {}

    JsonObjectRef object(JsonObject *given, std::span<const Field> fields, const std::string &path) {
        JsonObjectRef effective(json_object_new());
        for (const Field &field : fields) {
            JsonNode *node = given ? json_object_get_member(given, field.name) : nullptr;
            if (node && JSON_NODE_HOLDS_NULL(node))
                node = nullptr;
            if (node)
                checkField(node, field, path + field.name, effective.get());
            else if (field.required && given)
                fail(path + field.name, "should not be empty");
            else if (*field.fallback)
                setFallback(field, path + field.name, effective.get());
        }
        if (given)
            checkUnknown(given, fields, path);
        return effective;
    }

private:
    void fail(const std::string &path, const std::string &what) { errors_.push_back(path + " " + what); }

    void setFallback(const Field &field, const std::string &path, JsonObject *effective) {
        if (field.kind == FieldKind::kObject) {
            json_object_set_object_member(effective, field.name,
                                          object(nullptr, field.fields, path + ".").release());
            return;
        }
        json_object_set_member(effective, field.name, json_from_string(field.fallback, nullptr));
    }

    void checkUnknown(JsonObject *given, std::span<const Field> fields, const std::string &path) {
        JsonObjectIter iter;
        const char *name = nullptr;
        json_object_iter_init_ordered(&iter, given);
        while (json_object_iter_next_ordered(&iter, &name, nullptr)) {
            bool known = false;
            for (const Field &field : fields)
                known = known || std::strcmp(field.name, name) == 0;
            // The one key the service is known to refuse whatever else it tolerates.
            const bool refused = path.empty() && std::strcmp(name, "region") == 0;
            if (!known && (strict_ || refused))
                errors_.push_back("property " + path + name + " should not exist");
        }
    }

    void checkField(JsonNode *node, const Field &field, const std::string &path, JsonObject *effective) {
        if (field.kind == FieldKind::kObject) {
            if (!JSON_NODE_HOLDS_OBJECT(node))
                fail(path, "must be an object");
            else
                json_object_set_object_member(
                    effective, field.name,
                    object(json_node_get_object(node), field.fields, path + ".").release());
            return;
        }
        checkValue(node, field, path);
        json_object_set_member(effective, field.name, json_node_copy(node));
    }

    void checkValue(JsonNode *node, const Field &field, const std::string &path) {
        switch (field.kind) {
        case FieldKind::kBool:
            if (!isBool(node))
                fail(path, "must be a boolean value");
            break;
        case FieldKind::kInteger:
        case FieldKind::kNumber:
            checkNumber(node, field, path);
            break;
        case FieldKind::kString:
            if (!isString(node))
                fail(path, "must be a string");
            else if (!field.choices.empty() && !isAmong(field.choices, json_node_get_string(node)))
                fail(path, "must be one of the following values: " + listed(field.choices));
            break;
        case FieldKind::kUrl:
            if (!isString(node) || !isWebAddress(json_node_get_string(node)))
                fail(path, "must be a URL address");
            break;
        case FieldKind::kStrings:
            checkStrings(node, field, path);
            break;
        case FieldKind::kVocabulary:
            checkVocabulary(node, path);
            break;
        case FieldKind::kSpelling:
            checkSpelling(node, path);
            break;
        case FieldKind::kFreeObject:
        case FieldKind::kObject:
            if (!JSON_NODE_HOLDS_OBJECT(node))
                fail(path, "must be an object");
            break;
        }
    }

    void checkNumber(JsonNode *node, const Field &field, const std::string &path) {
        const auto value = numberOf(node);
        const bool integer = field.kind == FieldKind::kInteger;
        if (!value || !std::isfinite(*value) || (integer && std::floor(*value) != *value)) {
            fail(path, integer ? "must be an integer number" : "must be a number");
        } else if (!field.choices.empty()) {
            if (!isAmong(field.choices, shortNumber(*value)))
                fail(path, "must be one of the following values: " + listed(field.choices));
        } else if (*value < field.least) {
            fail(path, "must not be less than " + shortNumber(field.least));
        } else if (*value > field.most) {
            fail(path, "must not be greater than " + shortNumber(field.most));
        }
    }

    void checkStrings(JsonNode *node, const Field &field, const std::string &path) {
        if (!JSON_NODE_HOLDS_ARRAY(node)) {
            fail(path, "must be an array");
            return;
        }
        JsonArray *array = json_node_get_array(node);
        if (json_array_get_length(array) < field.least)
            fail(path, "must contain at least " + shortNumber(field.least) + " elements");
        for (guint i = 0; i < json_array_get_length(array); i++) {
            JsonNode *element = json_array_get_element(array, i);
            if (!isString(element) ||
                (!field.choices.empty() && !isAmong(field.choices, json_node_get_string(element)))) {
                fail("each value in " + path,
                     "must be one of the following values: " + listed(field.choices));
                return;
            }
        }
    }

    void checkVocabulary(JsonNode *node, const std::string &path) {
        if (!JSON_NODE_HOLDS_ARRAY(node)) {
            fail(path, "must be an array");
            return;
        }
        static const Field kEntry[] = {
            {.name = "value", .kind = FieldKind::kString, .required = true},
            {.name = "intensity", .kind = FieldKind::kNumber, .least = 0, .most = 1},
            {.name = "pronunciations", .kind = FieldKind::kStrings},
            {.name = "language", .kind = FieldKind::kString},
        };
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array); i++) {
            JsonNode *element = json_array_get_element(array, i);
            if (JSON_NODE_HOLDS_OBJECT(element))
                object(json_node_get_object(element), kEntry, path + "." + std::to_string(i) + ".");
            else if (!isString(element))
                fail("each value in " + path, "must be a string or an object");
        }
    }

    void checkSpelling(JsonNode *node, const std::string &path) {
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            fail(path, "must be an object");
            return;
        }
        JsonObjectIter iter;
        const char *name = nullptr;
        JsonNode *heard = nullptr;
        json_object_iter_init_ordered(&iter, json_node_get_object(node));
        static const Field kForms{.name = "", .kind = FieldKind::kStrings};
        while (json_object_iter_next_ordered(&iter, &name, &heard))
            checkStrings(heard, kForms, path + "." + name);
    }

    const bool strict_;
    std::vector<std::string> &errors_;
};

bool flag(JsonObject *object, const char *name) {
    return json_object_get_boolean_member_with_default(object, name, FALSE);
}

std::vector<std::string> strings(JsonObject *object, const char *name) {
    std::vector<std::string> out;
    if (!object || !json_object_has_member(object, name))
        return out;
    JsonArray *array = json_object_get_array_member(object, name);
    for (guint i = 0; i < json_array_get_length(array); i++)
        out.emplace_back(json_array_get_string_element(array, i));
    return out;
}

int integer(JsonObject *object, const char *name) {
    return static_cast<int>(json_object_get_double_member(object, name));
}

MessagesConfig readMessages(JsonObject *object) {
    return {.partialTranscripts = flag(object, "receive_partial_transcripts"),
            .finalTranscripts = flag(object, "receive_final_transcripts"),
            .speechEvents = flag(object, "receive_speech_events"),
            .preProcessingEvents = flag(object, "receive_pre_processing_events"),
            .realtimeProcessingEvents = flag(object, "receive_realtime_processing_events"),
            .postProcessingEvents = flag(object, "receive_post_processing_events"),
            .acknowledgments = flag(object, "receive_acknowledgments"),
            .errors = flag(object, "receive_errors"),
            .lifecycleEvents = flag(object, "receive_lifecycle_events")};
}

/// `effective` passed the checks, so every member that is there has its type.
LiveConfig readConfig(JsonObject *effective) {
    LiveConfig config;
    const std::string_view encoding = stringMember(effective, "encoding");
    config.format.encoding = encoding == "wav/alaw"   ? Encoding::kAlaw
                             : encoding == "wav/ulaw" ? Encoding::kUlaw
                                                      : Encoding::kPcm;
    config.format.bitDepth = integer(effective, "bit_depth");
    config.format.sampleRate = integer(effective, "sample_rate");
    config.format.channels = integer(effective, "channels");
    config.segmenter.endpointing = json_object_get_double_member(effective, "endpointing");
    config.segmenter.maxDuration =
        json_object_get_double_member(effective, "maximum_duration_without_endpointing");
    JsonObject *pre = objectMember(effective, "pre_processing");
    // The scale of the service is unknown: higher is stricter, and 0.6 is made to mean -47 dB.
    config.segmenter.thresholdDb = -65 + 30 * json_object_get_double_member(pre, "speech_threshold");
    config.messages = readMessages(objectMember(effective, "messages_config"));
    config.languages = strings(objectMember(effective, "language_config"), "languages");
    JsonObject *realtime = objectMember(effective, "realtime_processing");
    if (flag(realtime, "translation"))
        config.translationTargets = strings(objectMember(realtime, "translation_config"), "target_languages");
    config.entities = flag(realtime, "named_entity_recognition");
    config.sentiment = flag(realtime, "sentiment_analysis");
    JsonObject *post = objectMember(effective, "post_processing");
    config.summarization = flag(post, "summarization");
    config.chapterization = flag(post, "chapterization");
    if (flag(effective, "callback")) {
        JsonObject *callback = objectMember(effective, "callback_config");
        config.callbackUrl = stringMember(callback, "url");
        config.callbackMessages = readMessages(callback);
    }
    if (JsonNode *metadata = json_object_get_member(effective, "custom_metadata"))
        config.customMetadata = toText(metadata);
    return config;
}

/// What no single field shows.
void checkTogether(JsonObject *given, JsonObject *effective, std::vector<std::string> &errors) {
    const std::string_view encoding = stringMember(effective, "encoding");
    if (encoding != "wav/pcm") {
        if (!json_object_has_member(given, "bit_depth"))
            json_object_set_int_member(effective, "bit_depth", 8);
        else if (integer(effective, "bit_depth") != 8)
            errors.push_back("bit_depth must be 8 when encoding is " + std::string(encoding));
    }
    JsonObject *realtime = objectMember(effective, "realtime_processing");
    for (const char *feature : {"translation", "custom_vocabulary", "custom_spelling"}) {
        const std::string config = std::string(feature) + "_config";
        if (flag(realtime, feature) && !objectMember(realtime, config.c_str()))
            errors.push_back("realtime_processing." + config + " should not be empty");
    }
    if (flag(effective, "callback") && !objectMember(effective, "callback_config"))
        errors.push_back("callback_config should not be empty");
}

} // namespace

ValidationResult validateLiveRequest(std::string_view body, bool strict) {
    ValidationResult result;
    std::string problem;
    const JsonObjectRef given = parseObject(body.empty() ? std::string_view("{}") : body, problem);
    if (!given) {
        result.errors.push_back(problem);
        return result;
    }
    Checker checker(strict, result.errors);
    JsonObjectRef effective = checker.object(given.get(), liveRequestFields(), "");
    if (result.errors.empty())
        checkTogether(given.get(), effective.get(), result.errors);
    if (result.errors.empty()) {
        result.config = readConfig(effective.get());
        result.config.requestParams = toText(std::move(effective));
    }
    return result;
}

} // namespace lt::emulator
