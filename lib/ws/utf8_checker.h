// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace lt::ws {

/// Checks UTF-8 that arrives in pieces cut anywhere: rejects overlong forms, surrogates and what lies above
/// U+10FFFF at the first byte that proves it.
class Utf8Checker {
public:
    /// False as soon as the text cannot be valid any more.
    bool feed(std::string_view piece);
    /// True when no character is left unfinished.
    bool complete() const { return missing_ == 0; }
    void reset() { *this = Utf8Checker(); }

private:
    bool start(std::uint8_t byte);

    std::uint8_t missing_ = 0; // continuation bytes still to come
    // What the next one may be: narrower than 80..BF only right after some lead bytes.
    std::uint8_t low_ = 0x80, high_ = 0xbf;
};

} // namespace lt::ws
