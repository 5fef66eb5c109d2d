// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/json_text.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lt::support {

namespace {

constexpr int kMaxDepth = 32;

/// json-glib's parser recurses; a megabyte of brackets would exhaust the stack.
bool nestedTooDeeply(std::string_view text) {
    int depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                i++;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxDepth)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

} // namespace

JsonObjectRef parseObject(std::string_view text, std::string &problem) {
    if (text.empty()) {
        problem = "the text is empty";
        return nullptr;
    }
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr)) {
        problem = "the text is not UTF-8";
        return nullptr;
    }
    if (nestedTooDeeply(text)) {
        problem = "the JSON is nested too deeply";
        return nullptr;
    }
    const ObjectRef<JsonParser> parser(json_parser_new_immutable());
    GError *error = nullptr;
    if (!json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()), &error)) {
        const ErrorRef owned(error);
        problem = std::string("the text is not JSON: ") + error->message;
        return nullptr;
    }
    JsonNode *root = json_parser_get_root(parser.get());
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        problem = "the JSON is not an object";
        return nullptr;
    }
    return JsonObjectRef(json_node_dup_object(root));
}

std::string toText(JsonNode *node) {
    const ObjectRef<JsonGenerator> generator(json_generator_new());
    json_generator_set_root(generator.get(), node);
    gsize length = 0;
    const CharPtr text(json_generator_to_data(generator.get(), &length));
    return {text.get(), length};
}

std::string toText(JsonObjectRef object) {
    const JsonNodeRef node(json_node_alloc());
    json_node_init_object(node.get(), object.get());
    return toText(node.get());
}

const char *stringMember(JsonObject *object, const char *name) {
    JsonNode *node = object ? json_object_get_member(object, name) : nullptr;
    const bool isString =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
    return isString ? json_node_get_string(node) : nullptr;
}

JsonObject *objectMember(JsonObject *object, const char *name) {
    JsonNode *node = object ? json_object_get_member(object, name) : nullptr;
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

double roundedSeconds(double seconds) {
    return std::round(seconds * 1000) / 1000;
}

std::string isoTime(gint64 microseconds) {
    GDateTime *time = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    const CharPtr seconds(g_date_time_format(time, "%Y-%m-%dT%H:%M:%S"));
    g_date_time_unref(time);
    char millis[8];
    g_snprintf(millis, sizeof millis, ".%03dZ", static_cast<int>(microseconds / 1000 % 1000));
    return std::string(seconds.get()) + millis;
}

} // namespace lt::support
