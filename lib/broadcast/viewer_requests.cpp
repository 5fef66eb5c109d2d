// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_requests.h"

#include "lib/transcript/json_reader.h"
#include "lib/transcript/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <json-glib/json-glib.h>

namespace lt::broadcast {

namespace {

using Kind = ViewerRequest::Kind;

constexpr std::size_t kMaxShownType = 40;
constexpr double kMaxPlain = 1e15;
/// Numbers above this are not exact in JSON's most common reader.
constexpr std::int64_t kMaxNumber = std::int64_t{1} << 53;

constexpr std::pair<std::string_view, Kind> kKinds[] = {
    {"ping", Kind::Ping},   {"replay", Kind::Replay},   {"claim", Kind::Claim},
    {"renew", Kind::Renew}, {"release", Kind::Release}, {"insight", Kind::Insight}};

std::optional<Kind> kindOf(std::string_view type) {
    for (const auto &[word, kind] : kKinds)
        if (word == type)
            return kind;
    return std::nullopt;
}

/// As short as can be. What has no fraction must not look like an integer that no reader can hold.
void writeNumber(JsonWriter &writer, double value) {
    if (!std::isfinite(value)) {
        writer.null();
        return;
    }
    std::array<char, 32> digits;
    const auto form =
        std::abs(value) < kMaxPlain ? std::chars_format::general : std::chars_format::scientific;
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value + 0.0, form);
    writer.raw({digits.data(), static_cast<std::size_t>(written.ptr - digits.data())});
}

void writeValue(JsonWriter &writer, JsonNode *node) {
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        writer.string(json_node_get_string(node));
        break;
    case G_TYPE_INT64:
        writer.integer(json_node_get_int(node));
        break;
    case G_TYPE_DOUBLE:
        writeNumber(writer, json_node_get_double(node));
        break;
    case G_TYPE_BOOLEAN:
        writer.boolean(json_node_get_boolean(node));
        break;
    default:
        writer.null();
    }
}

/// Own code, because json-glib prints 4.12 as 4.1200000000000001. The parser has limited the depth.
void writeNode(JsonWriter &writer, JsonNode *node) {
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        writer.beginObject();
        JsonObjectIter iter;
        json_object_iter_init_ordered(&iter, json_node_get_object(node));
        const gchar *name;
        JsonNode *member;
        while (json_object_iter_next_ordered(&iter, &name, &member)) {
            writer.key(name);
            writeNode(writer, member);
        }
        writer.endObject();
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        writer.beginArray();
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array); i++)
            writeNode(writer, json_array_get_element(array, i));
        writer.endArray();
    } else if (JSON_NODE_HOLDS_VALUE(node)) {
        writeValue(writer, node);
    } else {
        writer.null();
    }
}

bool readToken(JsonObject *object, ViewerRequest &request, RequestError &error) {
    const auto token = json::integerMember(object, "token");
    if (token && *token >= 0 && *token <= kMaxNumber)
        request.token = static_cast<std::uint64_t>(*token);
    const bool wanted = request.kind == Kind::Renew || request.kind == Kind::Insight;
    if (wanted && !request.token)
        error.sentence = error.request + " needs the number \"token\" that came with the lease.";
    return request.token || !wanted;
}

bool readRange(JsonObject *object, ViewerRequest &request, RequestError &error) {
    if (request.kind != Kind::Replay)
        return true;
    const auto from = json::integerMember(object, "fromSeq"), to = json::integerMember(object, "toSeq");
    if (!from || !to || *from < 1 || *to < *from || *to > kMaxNumber) {
        error.sentence = "replay needs the numbers \"fromSeq\" and \"toSeq\" of a gap.";
        return false;
    }
    request.fromSeq = static_cast<std::uint64_t>(*from);
    request.toSeq = static_cast<std::uint64_t>(*to);
    return true;
}

bool readData(JsonObject *object, ViewerRequest &request, RequestError &error) {
    if (request.kind != Kind::Insight)
        return true;
    if (!json::objectMember(object, "data")) {
        error.sentence = "insight needs \"data\", a JSON object.";
        return false;
    }
    JsonWriter writer;
    writeNode(writer, json_object_get_member(object, "data"));
    request.data = writer.take();
    return true;
}

} // namespace

std::optional<ViewerRequest> parseViewerRequest(std::string_view text, RequestError &error) {
    std::string problem;
    const json::NodeRef root = json::parseObject(text, problem);
    if (!root) {
        error = {"", "A message is one JSON object: " + problem};
        return std::nullopt;
    }
    JsonObject *object = json::objectOf(root);
    const std::string type = json::stringMember(object, "type").value_or("");
    const auto kind = kindOf(type);
    if (!kind) {
        error = {type.size() <= kMaxShownType ? type : "",
                 "\"type\" may be ping, replay, claim, renew, release or insight."};
        return std::nullopt;
    }
    ViewerRequest request{*kind};
    error.request = type;
    if (!readToken(object, request, error) || !readRange(object, request, error) ||
        !readData(object, request, error))
        return std::nullopt;
    return request;
}

} // namespace lt::broadcast
