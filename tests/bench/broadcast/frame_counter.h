// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lt::bench {

/// Counts the whole text messages in what a WebSocket server sends, without looking at them: a client that
/// costs as little as it can. Pure.
class FrameCounter {
public:
    /// How many text messages are complete with these bytes.
    std::size_t feed(std::string_view bytes) {
        std::size_t messages = 0;
        while (!bytes.empty()) {
            if (left_ > 0) {
                const auto taken = std::min<std::uint64_t>(left_, bytes.size());
                left_ -= taken;
                bytes.remove_prefix(static_cast<std::size_t>(taken));
                messages += left_ == 0 && isText();
                continue;
            }
            header_[size_++] = static_cast<std::uint8_t>(bytes.front());
            bytes.remove_prefix(1);
            if (size_ < headerSize())
                continue;
            left_ = length();
            opcode_ = header_[0] & 15u;
            size_ = 0;
            messages += left_ == 0 && isText();
        }
        return messages;
    }

private:
    bool isText() const { return opcode_ == 1; }
    std::size_t headerSize() const {
        if (size_ < 2)
            return 2;
        return header_[1] == 126 ? 4 : header_[1] == 127 ? 10 : 2; // a server does not mask
    }
    std::uint64_t length() const {
        if (size_ == 2)
            return header_[1];
        std::uint64_t value = 0;
        for (std::size_t i = 2; i < size_; i++)
            value = value << 8 | header_[i];
        return value;
    }

    std::uint64_t left_ = 0;
    std::array<std::uint8_t, 10> header_{};
    std::uint8_t size_ = 0;
    unsigned opcode_ = 0;
};

} // namespace lt::bench
