// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"

#include <string>
#include <string_view>

namespace lt::support {

/// The object `text` consists of, or nothing with `problem` set to a sentence: empty, not UTF-8, not JSON,
/// not an object, or nested deeper than anything of this protocol.
JsonObjectRef parseObject(std::string_view text, std::string &problem);

/// Takes `object` and returns its text, on one line.
std::string toText(JsonObjectRef object);
std::string toText(JsonNode *node);

/// A member of an object if it has the right type, else the null value of that type.
const char *stringMember(JsonObject *object, const char *name);
JsonObject *objectMember(JsonObject *object, const char *name);

/// Times with a resolution of a millisecond; the rest would be noise in the text.
double roundedSeconds(double seconds);

/// "2026-01-05T10:00:00.000Z" of microseconds since 1970.
std::string isoTime(gint64 microseconds);

} // namespace lt::support
