// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/transcript/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include <glib.h>

namespace lt {

namespace {

void appendEscaped(std::string &out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    for (const char c : text) {
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f) {
                out += "\\u00";
                out += kHex[byte >> 4];
                out += kHex[byte & 15];
            } else {
                out += c;
            }
        }
    }
}

} // namespace

void JsonWriter::separate() {
    if (needsComma_)
        text_ += ',';
    needsComma_ = true;
}

JsonWriter &JsonWriter::beginObject() {
    separate();
    text_ += '{';
    needsComma_ = false;
    return *this;
}

JsonWriter &JsonWriter::endObject() {
    text_ += '}';
    needsComma_ = true;
    return *this;
}

JsonWriter &JsonWriter::beginArray() {
    separate();
    text_ += '[';
    needsComma_ = false;
    return *this;
}

JsonWriter &JsonWriter::endArray() {
    text_ += ']';
    needsComma_ = true;
    return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
    string(name);
    text_ += ':';
    needsComma_ = false;
    return *this;
}

JsonWriter &JsonWriter::string(std::string_view text) {
    separate();
    text_ += '"';
    if (g_utf8_validate_len(text.data(), text.size(), nullptr)) {
        appendEscaped(text_, text);
    } else {
        gchar *valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
        appendEscaped(text_, valid);
        g_free(valid);
    }
    text_ += '"';
    return *this;
}

JsonWriter &JsonWriter::integer(std::int64_t value) {
    return raw(std::to_string(value));
}

JsonWriter &JsonWriter::unsignedInteger(std::uint64_t value) {
    return raw(std::to_string(value));
}

JsonWriter &JsonWriter::number(double value, int decimals) {
    if (!std::isfinite(value))
        return null();
    std::array<char, 512> digits; // the longest double in fixed notation has 309 digits before the point
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed, decimals)
            .ptr;
    std::string_view shown(digits.data(), static_cast<std::size_t>(end - digits.data()));
    if (shown.find('.') != shown.npos) {
        shown = shown.substr(0, shown.find_last_not_of('0') + 1);
        if (shown.back() == '.')
            shown.remove_suffix(1);
    }
    return raw(shown);
}

JsonWriter &JsonWriter::boolean(bool value) {
    return raw(value ? "true" : "false");
}

JsonWriter &JsonWriter::null() {
    return raw("null");
}

JsonWriter &JsonWriter::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

} // namespace lt
