// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <cstring>

namespace lt::bench {

/// What the load writes into each coded frame, where nobody decodes it: when its publisher began to connect
/// and when the frame was sent, on the clock that all processes share.
struct FrameStamp {
    std::int64_t connectNs;
    std::int64_t sentNs;

    void write(std::uint8_t *at) const { std::memcpy(at, this, sizeof *this); }
    static FrameStamp read(const std::uint8_t *at) {
        FrameStamp stamp{};
        std::memcpy(&stamp, at, sizeof stamp);
        return stamp;
    }
};

} // namespace lt::bench
