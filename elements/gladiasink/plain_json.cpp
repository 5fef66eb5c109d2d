// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/plain_json.h"

#include <charconv>

#include <glib.h>

namespace lt::gladia {

namespace {

constexpr int kMaxDepth = 4;
constexpr std::size_t kMaxDigits = 15;    // fits any parser's integers
constexpr std::size_t kUnicodeEscape = 6; // \u0000

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Of an escape that begins at the front; -1: there is none.
int codeUnit(std::string_view text) {
    if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u')
        return -1;
    int value = 0;
    for (const char c : text.substr(2, 4)) {
        if (!g_ascii_isxdigit(c))
            return -1;
        value = value * 16 + g_ascii_xdigit_value(c);
    }
    return value;
}

bool isLead(int unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}

bool isTrail(int unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

char escaped(char letter) {
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

std::string unescaped(std::string_view raw) {
    std::string text;
    text.reserve(raw.size());
    while (!raw.empty()) {
        const int unit = codeUnit(raw);
        if (raw.front() != '\\') {
            text += raw.front();
            raw.remove_prefix(1);
        } else if (unit < 0) {
            text += escaped(raw[1]);
            raw.remove_prefix(2);
        } else {
            raw.remove_prefix(kUnicodeEscape);
            gunichar character = static_cast<gunichar>(unit);
            if (isLead(unit)) {
                character =
                    0x10000 + ((character - 0xd800) << 10) + static_cast<gunichar>(codeUnit(raw) - 0xdc00);
                raw.remove_prefix(kUnicodeEscape);
            }
            char bytes[6];
            text.append(bytes, static_cast<std::size_t>(g_unichar_to_utf8(character, bytes)));
        }
    }
    return text;
}

} // namespace

void PlainJson::skipBlanks() {
    while (!left_.empty() && isBlank(left_.front()))
        left_.remove_prefix(1);
}

bool PlainJson::end() {
    skipBlanks();
    return left_.empty();
}

bool PlainJson::take(char wanted) {
    skipBlanks();
    if (left_.empty() || left_.front() != wanted)
        return false;
    left_.remove_prefix(1);
    return true;
}

// ---- strings

/// Size of the escape there; 0 when it is none that has one meaning only.
std::size_t PlainJson::escape(std::size_t at) const {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    const std::string_view text = left_.substr(at);
    if (text.size() > 1 && kLetters.find(text[1]) != std::string_view::npos)
        return 2;
    const int unit = codeUnit(text);
    if (unit <= 0 || isTrail(unit))
        return 0;
    if (!isLead(unit))
        return kUnicodeEscape;
    return isTrail(codeUnit(text.substr(kUnicodeEscape))) ? 2 * kUnicodeEscape : 0;
}

bool PlainJson::string(std::string_view &raw) {
    if (!take('"'))
        return false;
    std::size_t size = 0;
    while (size < left_.size() && left_[size] != '"') {
        if (static_cast<unsigned char>(left_[size]) < 0x20)
            return false;
        const std::size_t step = left_[size] == '\\' ? escape(size) : 1;
        if (step == 0)
            return false;
        size += step;
    }
    if (size >= left_.size())
        return false;
    raw = left_.substr(0, size);
    left_.remove_prefix(size + 1);
    return true;
}

bool PlainJson::string(std::optional<std::string> &value) {
    if (literal("null"))
        return true;
    std::string_view raw;
    if (!string(raw))
        return false;
    value = raw.find('\\') == std::string_view::npos ? std::string(raw) : unescaped(raw);
    return true;
}

// ---- other values

bool PlainJson::delimited() const {
    return left_.empty() || left_.front() == ',' || left_.front() == '}' || left_.front() == ']' ||
           isBlank(left_.front());
}

bool PlainJson::literal(std::string_view wanted) {
    skipBlanks();
    const std::string_view before = left_;
    if (!left_.starts_with(wanted))
        return false;
    left_.remove_prefix(wanted.size());
    if (delimited())
        return true;
    left_ = before;
    return false;
}

bool PlainJson::boolean(std::optional<bool> &value) {
    if (literal("true"))
        value = true;
    else if (literal("false"))
        value = false;
    else
        return literal("null");
    return true;
}

std::size_t PlainJson::digits(std::size_t at) const {
    std::size_t size = 0;
    while (at + size < left_.size() && isDigit(left_[at + size]))
        size++;
    return size;
}

bool PlainJson::count(std::uint64_t &value) {
    skipBlanks();
    const std::size_t size = digits(0);
    if (size == 0 || size > kMaxDigits || (left_.front() == '0' && size > 1))
        return false;
    value = 0;
    for (const char c : left_.substr(0, size))
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    left_.remove_prefix(size);
    skipBlanks();
    return !left_.empty() && (left_.front() == ',' || left_.front() == ']');
}

/// Without an exponent. `whole`: without a fraction either.
bool PlainJson::number(std::string_view &written, bool &whole) {
    skipBlanks();
    std::size_t at = !left_.empty() && left_.front() == '-' ? 1 : 0;
    const std::size_t before = digits(at);
    if (before == 0 || before > kMaxDigits || (left_[at] == '0' && before > 1))
        return false;
    at += before;
    whole = at >= left_.size() || left_[at] != '.';
    if (!whole) {
        const std::size_t behind = digits(at + 1);
        if (behind == 0)
            return false;
        at += 1 + behind;
    }
    written = left_.substr(0, at);
    left_.remove_prefix(at);
    return delimited();
}

bool PlainJson::integer(std::optional<std::int64_t> &value) {
    if (literal("null"))
        return true;
    std::string_view written;
    bool whole = false;
    if (!number(written, whole) || !whole)
        return false;
    std::from_chars(written.data(), written.data() + written.size(), value.emplace());
    return true;
}

bool PlainJson::number(std::optional<double> &value) {
    if (literal("null"))
        return true;
    std::string_view written;
    bool whole = false;
    if (!number(written, whole))
        return false;
    std::from_chars(written.data(), written.data() + written.size(), value.emplace());
    return true;
}

bool PlainJson::skip(int depth) {
    skipBlanks();
    if (left_.empty() || depth > kMaxDepth)
        return false;
    std::string_view ignored;
    bool whole = false;
    switch (left_.front()) {
    case '"':
        return string(ignored);
    case '{':
        return members([&](std::string_view) { return skip(depth + 1); });
    case '[':
        return elements([&] { return skip(depth + 1); });
    case 't':
        return literal("true");
    case 'f':
        return literal("false");
    case 'n':
        return literal("null");
    default:
        return number(ignored, whole);
    }
}

} // namespace lt::gladia
