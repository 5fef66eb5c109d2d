// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

/// RTMP and FLV are big endian but for one field (the message stream id).
namespace lt::rtmp {

inline std::uint32_t readU16(const std::uint8_t *at) {
    return static_cast<std::uint32_t>(at[0]) << 8 | at[1];
}
inline std::uint32_t readU24(const std::uint8_t *at) {
    return static_cast<std::uint32_t>(at[0]) << 16 | readU16(at + 1);
}
inline std::uint32_t readU32(const std::uint8_t *at) {
    return static_cast<std::uint32_t>(at[0]) << 24 | readU24(at + 1);
}
inline std::uint32_t readU32Little(const std::uint8_t *at) {
    return static_cast<std::uint32_t>(at[3]) << 24 | static_cast<std::uint32_t>(at[2]) << 16 |
           static_cast<std::uint32_t>(at[1]) << 8 | at[0];
}

/// `count` ≤ 4 low bytes of `value`, most significant first.
inline void writeBig(std::uint8_t *at, std::uint32_t value, int count) {
    for (int i = 0; i < count; i++)
        at[i] = static_cast<std::uint8_t>(value >> 8 * (count - 1 - i));
}
inline void appendBig(std::vector<std::uint8_t> &out, std::uint32_t value, int count) {
    const auto at = out.size();
    out.resize(at + static_cast<std::size_t>(count));
    writeBig(out.data() + at, value, count);
}
inline void appendLittle32(std::vector<std::uint8_t> &out, std::uint32_t value) {
    for (int i = 0; i < 4; i++)
        out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

} // namespace lt::rtmp
