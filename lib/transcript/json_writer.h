// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lt {

/// Appends JSON to one string, left to right. Own code instead of JsonBuilder because a message is written
/// for every partial: json-glib builds a tree first and prints 4.12 as 4.1200000000000001.
///
/// Text that is not UTF-8 is written with U+FFFD for what is invalid, so the result always is.
class LT_EXPORT JsonWriter {
public:
    /// `expected`: about how long the text will be, so that it grows in one step.
    explicit JsonWriter(std::size_t expected = 0) { text_.reserve(expected); }

    JsonWriter &beginObject();
    JsonWriter &endObject();
    JsonWriter &beginArray();
    JsonWriter &endArray();
    JsonWriter &key(std::string_view name);
    JsonWriter &string(std::string_view text);
    JsonWriter &integer(std::int64_t value);
    JsonWriter &unsignedInteger(std::uint64_t value);
    /// At most `decimals` digits after the point, trailing zeros cut; null when not finite.
    JsonWriter &number(double value, int decimals = 3);
    JsonWriter &boolean(bool value);
    JsonWriter &null();
    /// A value that is JSON already.
    JsonWriter &raw(std::string_view json);

    const std::string &text() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    void separate();

    std::string text_;
    bool needsComma_ = false;
};

} // namespace lt
