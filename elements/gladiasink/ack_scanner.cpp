// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/ack_scanner.h"

#include <cstdint>
#include <utility>

namespace lt::gladia {

namespace {

constexpr int kMaxDepth = 4;
constexpr std::size_t kMaxDigits = 15; // fits any parser's integers

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

/// Strict JSON of the plain kind: ASCII, no escapes. Each function takes what it names off the front, and
/// answers false when it is not there.
class Scanner {
public:
    explicit Scanner(std::string_view text) : left_(text) {}

    bool end() {
        skipBlanks();
        return left_.empty();
    }
    bool take(char wanted) {
        skipBlanks();
        if (left_.empty() || left_.front() != wanted)
            return false;
        left_.remove_prefix(1);
        return true;
    }
    bool string(std::string_view &value) {
        if (!take('"'))
            return false;
        std::size_t size = 0;
        while (size < left_.size() && left_[size] != '"') {
            const auto byte = static_cast<unsigned char>(left_[size]);
            if (byte < 0x20 || byte > 0x7e || byte == '\\')
                return false;
            size++;
        }
        if (size == left_.size())
            return false;
        value = left_.substr(0, size);
        left_.remove_prefix(size + 1);
        return true;
    }
    bool literal(std::string_view wanted) {
        skipBlanks();
        if (!left_.starts_with(wanted))
            return false;
        left_.remove_prefix(wanted.size());
        return left_.empty() || left_.front() == ',' || left_.front() == '}' || left_.front() == ']' ||
               isBlank(left_.front());
    }
    /// An integer that is not negative.
    bool count(std::uint64_t &value) {
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
    bool skip(int depth = 0) {
        skipBlanks();
        if (left_.empty() || depth > kMaxDepth)
            return false;
        std::string_view ignored;
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
            return number();
        }
    }
    /// `member` is given each name, and has to take its value.
    template <typename Member>
    bool members(Member member) {
        if (!take('{'))
            return false;
        if (take('}'))
            return true;
        do {
            std::string_view name;
            if (!string(name) || !take(':') || !member(name))
                return false;
        } while (take(','));
        return take('}');
    }
    template <typename Element>
    bool elements(Element element) {
        if (!take('['))
            return false;
        if (take(']'))
            return true;
        do {
            if (!element())
                return false;
        } while (take(','));
        return take(']');
    }

private:
    static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
    void skipBlanks() {
        while (!left_.empty() && isBlank(left_.front()))
            left_.remove_prefix(1);
    }
    std::size_t digits(std::size_t at) const {
        std::size_t size = 0;
        while (at + size < left_.size() && isDigit(left_[at + size]))
            size++;
        return size;
    }
    /// Without an exponent.
    bool number() {
        std::size_t at = left_.front() == '-' ? 1 : 0;
        const std::size_t whole = digits(at);
        if (whole == 0 || (left_[at] == '0' && whole > 1))
            return false;
        at += whole;
        if (at < left_.size() && left_[at] == '.') {
            const std::size_t fraction = digits(at + 1);
            if (fraction == 0)
                return false;
            at += 1 + fraction;
        }
        left_.remove_prefix(at);
        return left_.empty() || left_.front() == ',' || left_.front() == '}' || left_.front() == ']' ||
               isBlank(left_.front());
    }

    std::string_view left_;
};

/// What of the message matters; a name that comes twice is unusual.
struct Ack {
    bool type = false, acknowledged = false, data = false, range = false;
    std::uint64_t start = 0, end = 0;

    bool readRange(Scanner &scanner) {
        std::size_t size = 0;
        return !std::exchange(range, true) &&
               scanner.elements([&] { return size < 2 && scanner.count(size++ == 0 ? start : end); }) &&
               size == 2;
    }
    bool readData(Scanner &scanner) {
        return !std::exchange(data, true) && scanner.members([&](std::string_view name) {
            return name == "byte_range" ? readRange(scanner) : scanner.skip(1);
        });
    }
    bool readMember(Scanner &scanner, std::string_view name) {
        if (name == "type") {
            std::string_view value;
            return !std::exchange(type, true) && scanner.string(value) && value == "audio_chunk";
        }
        if (name == "acknowledged")
            return !std::exchange(acknowledged, true) && scanner.literal("true");
        return name == "data" ? readData(scanner) : scanner.skip();
    }
};

} // namespace

std::optional<AudioAck> scanAudioAck(std::string_view text) {
    Scanner scanner(text);
    Ack ack;
    const bool read = scanner.members([&](std::string_view name) { return ack.readMember(scanner, name); }) &&
                      scanner.end();
    if (!read || !ack.type || !ack.acknowledged || !ack.range || ack.end < ack.start)
        return std::nullopt;
    return AudioAck{ack.start, ack.end};
}

} // namespace lt::gladia
