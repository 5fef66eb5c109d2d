// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

typedef struct _JsonNode JsonNode;
typedef struct _JsonObject JsonObject;
typedef struct _JsonArray JsonArray;

/// Reading JSON from peers that may be hostile: every function tolerates missing members and wrong types.
namespace lt::json {

struct LT_EXPORT NodeFree {
    void operator()(JsonNode *node) const noexcept;
};
using NodeRef = std::unique_ptr<JsonNode, NodeFree>;

/// Deepest nesting that is accepted: json-glib's parser recurses, so hostile text could otherwise use up the
/// stack.
constexpr int kMaxDepth = 32;

/// Parses UTF-8 text whose root is an object. On failure null, and `error` says why in one sentence.
LT_EXPORT NodeRef parseObject(std::string_view text, std::string &error);

/// The object of a node that parseObject() returned.
LT_EXPORT JsonObject *objectOf(const NodeRef &node);

// All of these take a null object and then find nothing.
LT_EXPORT std::optional<std::string> stringMember(JsonObject *object, const char *name);
LT_EXPORT std::optional<double> numberMember(JsonObject *object, const char *name);
LT_EXPORT std::optional<std::int64_t> integerMember(JsonObject *object, const char *name);
LT_EXPORT std::optional<bool> boolMember(JsonObject *object, const char *name);
LT_EXPORT JsonObject *objectMember(JsonObject *object, const char *name);
LT_EXPORT JsonArray *arrayMember(JsonObject *object, const char *name);
/// The element if it is an object, else null. 0 ≤ index < json_array_get_length().
LT_EXPORT JsonObject *objectElement(JsonArray *array, unsigned index);

} // namespace lt::json
