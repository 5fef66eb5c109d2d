// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <vector>

namespace lt::rtmp {

/// Cuts messages into chunks: a full header in front of each message, one-byte headers for the rest.
class ChunkWriter {
public:
    /// For the chunks written from now on; the peer must have been told by then.
    void setChunkSize(std::uint32_t size) { chunkSize_ = size; }
    /// Appends the message to `out`. `header.length` is taken from `body`.
    void write(std::vector<std::uint8_t> &out, const MessageHeader &header, Bytes body) const;

private:
    std::uint32_t chunkSize_ = 128;
};

} // namespace lt::rtmp
