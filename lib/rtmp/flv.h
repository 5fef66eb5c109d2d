// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/rtmp/block.h"

#include <array>

namespace lt::rtmp {

/// The FLV file header with the size of the (absent) tag before the first.
LT_EXPORT std::array<std::uint8_t, 13> flvHeader(bool audio, bool video);

/// A message as an FLV tag: a region to be freed with free(), the tag being `size` bytes at `start` of it.
struct FlvTag {
    std::uint8_t *region;
    std::size_t start;
    std::size_t size;
};

/// Writes tag header and trailer into the room around `body`: its bytes are not copied. `type` is the
/// message's type, 8, 9 or 18.
LT_EXPORT FlvTag makeFlvTag(std::uint8_t type, std::uint32_t timestampMs, Block body);

} // namespace lt::rtmp
