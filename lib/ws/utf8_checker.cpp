// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/utf8_checker.h"

#include <cstddef>
#include <cstring>

namespace lt::ws {

namespace {

/// How much of the text is ASCII from its beginning on, in steps of a word.
std::size_t asciiWords(std::string_view text) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    std::uint64_t word;
    std::size_t at = 0;
    for (; at + sizeof word <= text.size(); at += sizeof word) {
        std::memcpy(&word, text.data() + at, sizeof word);
        if (word & kHighBits)
            break;
    }
    return at;
}

} // namespace

bool Utf8Checker::start(std::uint8_t byte) {
    if (byte < 0x80)
        return true;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    low_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    high_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    return true;
}

bool Utf8Checker::feed(std::string_view piece) {
    if (missing_ == 0)
        piece.remove_prefix(asciiWords(piece));
    for (const char c : piece) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (missing_ == 0) {
            if (!start(byte))
                return false;
            continue;
        }
        if (byte < low_ || byte > high_)
            return false;
        missing_--;
        low_ = 0x80;
        high_ = 0xbf;
    }
    return true;
}

} // namespace lt::ws
