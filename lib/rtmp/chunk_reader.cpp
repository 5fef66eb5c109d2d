// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/chunk_reader.h"

#include "lib/rtmp/byte_order.h"

namespace lt::rtmp {

namespace {

constexpr std::uint32_t kExtendedMark = 0xffffff;

/// Bytes of the message header by format.
constexpr std::size_t kMessageHeaderSize[] = {11, 7, 3, 0};

} // namespace

bool ChunkReader::fail(std::string_view why) {
    error_ = why;
    return false;
}

bool ChunkReader::feed(Bytes bytes, TimePoint now) {
    now_ = now;
    if (!ended())
        run(bytes);
    return error_.empty();
}

bool ChunkReader::setChunkSize(std::uint32_t size) {
    if (size == 0 || size & 0x80000000u)
        return fail("illegal chunk size");
    chunkSize_ = std::min(size, limits_.chunkSize);
    return true;
}

void ChunkReader::abort(std::uint32_t chunkStream) {
    auto *stream = streamOf(chunkStream, false);
    if (!stream || !stream->open)
        return;
    partialBytes_ -= stream->body.size();
    stream->body = Block();
    stream->open = false;
}

ChunkReader::Stream *ChunkReader::streamOf(std::uint32_t chunkStream, bool create) {
    for (auto &[id, stream] : streams_) {
        if (id == chunkStream)
            return &stream;
    }
    if (!create || streams_.size() >= limits_.chunkStreams)
        return nullptr;
    return &streams_.emplace_back(chunkStream, Stream()).second;
}

void ChunkReader::run(Bytes bytes) {
    while (!bytes.empty() && !ended()) {
        if (current_) {
            readBody(bytes);
            continue;
        }
        if (!readHeader(bytes))
            return;
        // Up to four bytes were read to look for an extended timestamp that was not there.
        const std::size_t used = headerBytesNeeded();
        if (!chargeChunk() || !acceptHeader())
            return;
        std::array<std::uint8_t, 4> surplus{};
        const std::size_t extra = headerSize_ - used;
        std::copy_n(header_.begin() + used, extra, surplus.begin());
        headerSize_ = 0;
        noRepeat_ = false;
        run(Bytes(surplus.data(), extra));
    }
}

bool ChunkReader::chargeChunk() {
    if (now_ - budgetSince_ >= std::chrono::seconds(1)) {
        budgetSince_ = now_;
        chunksInSecond_ = 0;
    }
    return ++chunksInSecond_ <= limits_.chunksPerSecond || fail("too many tiny chunks");
}

bool ChunkReader::readHeader(Bytes &bytes) {
    for (;;) {
        if (headerSize_ > 0 && headerSize_ >= headerBytesNeeded())
            return error_.empty();
        if (bytes.empty())
            return false;
        header_[headerSize_++] = bytes.front();
        bytes = bytes.subspan(1);
    }
}

/// How long the header is, as far as the bytes read so far tell.
std::size_t ChunkReader::headerBytesNeeded() {
    const unsigned low = header_[0] & 0x3f;
    basicSize_ = low == 0 ? 2 : low == 1 ? 3 : 1;
    if (headerSize_ < basicSize_)
        return basicSize_;
    chunkStream_ = low > 1 ? low : 64u + header_[1] + (low == 1 ? 256u * header_[2] : 0u);
    const unsigned format = header_[0] >> 6;
    const std::size_t size = basicSize_ + kMessageHeaderSize[format];
    if (headerSize_ < size)
        return size;
    if (format < 3)
        return readU24(header_.data() + basicSize_) == kExtendedMark ? size + 4 : size;
    const auto *stream = streamOf(chunkStream_, false);
    if (!stream || !stream->hasExtended || noRepeat_)
        return size;
    // A chunk that starts a message always repeats it; some senders leave it out of the ones that continue.
    if (stream->open && !repeatsExtended(*stream)) {
        noRepeat_ = true;
        return size;
    }
    return size + 4;
}

bool ChunkReader::repeatsExtended(const Stream &stream) const {
    std::uint8_t expected[4];
    writeBig(expected, stream.extended, 4);
    for (std::size_t i = basicSize_; i < headerSize_; i++) {
        // The top bit is not compared: some writers mask time to 31 bits in one of the places only.
        const std::uint8_t mask = i == basicSize_ ? 0x7f : 0xff;
        if ((header_[i] & mask) != (expected[i - basicSize_] & mask))
            return false;
    }
    return true;
}

bool ChunkReader::acceptHeader() {
    const unsigned format = header_[0] >> 6;
    const std::uint8_t *at = header_.data() + basicSize_;
    auto *stream = streamOf(chunkStream_, format == 0);
    if (!stream)
        return fail(format == 0 ? "too many chunk streams" : "chunk without a preceding full header");
    if (format != 0 && !stream->known)
        return fail("chunk without a preceding full header");
    if (stream->open) {
        if (format != 3)
            return fail("new message inside an unfinished one");
    } else {
        std::uint32_t time = stream->delta;
        if (format < 3) {
            time = readU24(at);
            stream->hasExtended = time == kExtendedMark;
            if (stream->hasExtended)
                time = stream->extended = readU32(at + kMessageHeaderSize[format]);
            stream->delta = time;
        }
        auto &header = stream->header;
        header.chunkStream = chunkStream_;
        header.timestamp = format == 0 ? time : header.timestamp + time;
        if (format < 2) {
            header.length = readU24(at + 3);
            header.type = at[6];
        }
        if (format == 0)
            header.messageStream = readU32Little(at + 7);
        stream->known = true;
        beginMessage(*stream);
        if (ended() || !stream->open)
            return error_.empty();
    }
    chunkLeft_ = std::min<std::size_t>(chunkSize_, stream->header.length - stream->received);
    current_ = stream;
    return true;
}

void ChunkReader::beginMessage(Stream &stream) {
    stream.open = true;
    stream.received = 0;
    stream.firstByte = 0;
    stream.keep = sink_.wanted(stream.header);
    if (stream.keep) {
        const bool video = stream.header.type == kVideo;
        if (stream.header.length > (video ? limits_.videoBytes : limits_.messageBytes)) {
            fail("message is too long");
            return;
        }
        stream.body = Block(stream.header.length);
    }
    if (stream.header.length == 0)
        endMessage(stream);
}

void ChunkReader::readBody(Bytes &bytes) {
    auto &stream = *current_;
    const Bytes piece = bytes.first(std::min(chunkLeft_, bytes.size()));
    bytes = bytes.subspan(piece.size());
    if (stream.received == 0)
        stream.firstByte = piece.front();
    if (stream.keep) {
        partialBytes_ += piece.size();
        if (partialBytes_ > limits_.partialBytes) {
            fail("too much unfinished data");
            return;
        }
        stream.body.append(piece);
    }
    advance(piece.size());
}

void ChunkReader::advance(std::size_t count) {
    auto &stream = *current_;
    stream.received += static_cast<std::uint32_t>(count);
    chunkLeft_ -= count;
    if (chunkLeft_ > 0)
        return;
    current_ = nullptr;
    if (stream.received == stream.header.length)
        endMessage(stream);
}

std::size_t ChunkReader::discardable() const {
    // The first byte of a message is reported, so it has to be seen.
    return current_ && !current_->keep && current_->received > 0 ? chunkLeft_ : 0;
}

void ChunkReader::discarded(std::size_t count) {
    if (!ended() && count > 0 && count <= discardable())
        advance(count);
}

void ChunkReader::endMessage(Stream &stream) {
    stream.open = false;
    // Copied: the sink may abort() or a nested call may add streams.
    const MessageHeader header = stream.header;
    if (!stream.keep) {
        sink_.skipped(header, stream.firstByte);
        return;
    }
    partialBytes_ -= stream.body.size();
    sink_.message(header, std::exchange(stream.body, Block()));
}

} // namespace lt::rtmp
