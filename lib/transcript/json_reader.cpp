// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/transcript/json_reader.h"

#include "lib/gst/refs.h"

#include <cmath>

#include <json-glib/json-glib.h>

namespace lt::json {

namespace {

/// Why the text must not reach json-glib, or null. Its scanner also takes comments and single quotes, which
/// would hide brackets from this count; JSON has neither, so they are refused.
const char *whyNot(std::string_view text) {
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
                return "The JSON is nested too deeply.";
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == '/' || c == '\'' || c == '#') {
            return "The text is not JSON: comments and single quotes are not allowed.";
        }
    }
    return nullptr;
}

JsonNode *member(JsonObject *object, const char *name) {
    return object ? json_object_get_member(object, name) : nullptr;
}

JsonNode *valueMember(JsonObject *object, const char *name) {
    JsonNode *node = member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) ? node : nullptr;
}

} // namespace

void NodeFree::operator()(JsonNode *node) const noexcept {
    json_node_unref(node);
}

NodeRef parseObject(std::string_view text, std::string &error) {
    if (text.empty()) {
        error = "The text is empty.";
        return nullptr;
    }
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr)) {
        error = "The text is not valid UTF-8.";
        return nullptr;
    }
    if (const char *reason = whyNot(text)) {
        error = reason;
        return nullptr;
    }
    GRef<JsonParser> parser(json_parser_new());
    ErrorOut failure;
    if (!json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()),
                                    failure.out())) {
        error = std::string("The text is not JSON: ") + failure.message();
        return nullptr;
    }
    NodeRef root(json_parser_steal_root(parser.get()));
    if (!root || !JSON_NODE_HOLDS_OBJECT(root.get())) {
        error = "The JSON is not an object.";
        return nullptr;
    }
    return root;
}

JsonObject *objectOf(const NodeRef &node) {
    return node ? json_node_get_object(node.get()) : nullptr;
}

std::optional<std::string> stringMember(JsonObject *object, const char *name) {
    JsonNode *node = valueMember(object, name);
    if (!node || json_node_get_value_type(node) != G_TYPE_STRING)
        return std::nullopt;
    return std::string(json_node_get_string(node));
}

std::optional<double> numberMember(JsonObject *object, const char *name) {
    JsonNode *node = valueMember(object, name);
    if (!node)
        return std::nullopt;
    const GType type = json_node_get_value_type(node);
    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return std::nullopt;
    const double value = json_node_get_double(node);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> integerMember(JsonObject *object, const char *name) {
    JsonNode *node = valueMember(object, name);
    if (!node || json_node_get_value_type(node) != G_TYPE_INT64)
        return std::nullopt;
    return json_node_get_int(node);
}

std::optional<bool> boolMember(JsonObject *object, const char *name) {
    JsonNode *node = valueMember(object, name);
    if (!node || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return std::nullopt;
    return json_node_get_boolean(node) != FALSE;
}

JsonObject *objectMember(JsonObject *object, const char *name) {
    JsonNode *node = member(object, name);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

JsonArray *arrayMember(JsonObject *object, const char *name) {
    JsonNode *node = member(object, name);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : nullptr;
}

JsonObject *objectElement(JsonArray *array, unsigned index) {
    JsonNode *node = json_array_get_element(array, index);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

} // namespace lt::json
