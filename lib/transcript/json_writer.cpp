// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/transcript/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <glib.h>

namespace lt {

namespace {

bool isPlain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20) & (byte != 0x7f) & (c != '"') & (c != '\\');
}

void appendEscape(std::string &out, char c) {
    constexpr char kHex[] = "0123456789abcdef";
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
        out += "\\u00";
        out += kHex[static_cast<unsigned char>(c) >> 4];
        out += kHex[static_cast<unsigned char>(c) & 15];
    }
}

struct Looks {
    bool plain; ///< nothing needs an escape
    bool ascii;
};

/// Without a branch per character, so that the compiler looks at many at a time.
Looks lookAt(std::string_view text) {
    bool escape = false;
    unsigned char all = 0;
    for (const char c : text) {
        escape |= !isPlain(c);
        all |= static_cast<unsigned char>(c);
    }
    return {!escape, all < 0x80};
}

/// What needs no escape goes in one piece.
void appendEscaped(std::string &out, std::string_view text) {
    while (!text.empty()) {
        const auto end = std::find_if_not(text.begin(), text.end(), isPlain);
        out.append(text.begin(), end);
        text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
        if (text.empty())
            return;
        appendEscape(out, text.front());
        text.remove_prefix(1);
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
    const Looks looks = lookAt(text);
    if ((looks.plain && looks.ascii) || g_utf8_validate_len(text.data(), text.size(), nullptr)) {
        if (looks.plain)
            text_ += text;
        else
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
