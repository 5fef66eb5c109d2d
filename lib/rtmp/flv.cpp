// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/flv.h"

#include "lib/rtmp/byte_order.h"

namespace lt::rtmp {

static_assert(Block::kHeadRoom == 11 && Block::kTailRoom == 4, "room for a tag's header and trailer");

std::array<std::uint8_t, 13> flvHeader(bool audio, bool video) {
    const auto flags = static_cast<std::uint8_t>((audio ? 4 : 0) | (video ? 1 : 0));
    return {'F', 'L', 'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0};
}

FlvTag makeFlvTag(std::uint8_t type, std::uint32_t timestampMs, Block body) {
    const std::size_t size = body.size();
    const std::size_t start = body.start() - Block::kHeadRoom;
    std::uint8_t *region = body.release();
    std::uint8_t *tag = region + start;
    tag[0] = type;
    writeBig(tag + 1, static_cast<std::uint32_t>(size), 3);
    writeBig(tag + 4, timestampMs, 3);
    tag[7] = static_cast<std::uint8_t>(timestampMs >> 24);
    writeBig(tag + 8, 0, 3);
    writeBig(tag + Block::kHeadRoom + size, static_cast<std::uint32_t>(size + Block::kHeadRoom), 4);
    return {region, start, size + Block::kHeadRoom + Block::kTailRoom};
}

} // namespace lt::rtmp
