// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/chunk_writer.h"

#include "lib/rtmp/byte_order.h"

namespace lt::rtmp {

namespace {

constexpr std::uint32_t kExtendedMark = 0xffffff;

void appendBasicHeader(std::vector<std::uint8_t> &out, unsigned format, std::uint32_t chunkStream) {
    const auto high = static_cast<std::uint8_t>(format << 6);
    if (chunkStream < 64) {
        out.push_back(static_cast<std::uint8_t>(high | chunkStream));
        return;
    }
    const std::uint32_t rest = chunkStream - 64;
    out.push_back(static_cast<std::uint8_t>(high | (rest < 256 ? 0 : 1)));
    out.push_back(static_cast<std::uint8_t>(rest));
    if (rest >= 256)
        out.push_back(static_cast<std::uint8_t>(rest >> 8));
}

} // namespace

void ChunkWriter::write(std::vector<std::uint8_t> &out, const MessageHeader &header, Bytes body) const {
    const bool extended = header.timestamp >= kExtendedMark;
    appendBasicHeader(out, 0, header.chunkStream);
    appendBig(out, extended ? kExtendedMark : header.timestamp, 3);
    appendBig(out, static_cast<std::uint32_t>(body.size()), 3);
    out.push_back(header.type);
    appendLittle32(out, header.messageStream);
    if (extended)
        appendBig(out, header.timestamp, 4);
    for (bool first = true; first || !body.empty(); first = false) {
        if (!first) {
            appendBasicHeader(out, 3, header.chunkStream);
            if (extended)
                appendBig(out, header.timestamp, 4);
        }
        const Bytes piece = body.first(std::min<std::size_t>(body.size(), chunkSize_));
        out.insert(out.end(), piece.begin(), piece.end());
        body = body.subspan(piece.size());
    }
}

} // namespace lt::rtmp
