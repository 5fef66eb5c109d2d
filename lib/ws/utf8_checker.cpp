// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/utf8_checker.h"

namespace lt::ws {

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
