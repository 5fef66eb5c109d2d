// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace lt::rtmp {

/// What a peer calls itself, fit for logs, tags and statistics: at most `max` bytes of plain ASCII.
inline std::string printable(std::string_view text, std::size_t max) {
    std::string clean(text.substr(0, max));
    for (char &letter : clean) {
        if (letter < ' ' || letter > '~')
            letter = '?';
    }
    return clean;
}

} // namespace lt::rtmp
