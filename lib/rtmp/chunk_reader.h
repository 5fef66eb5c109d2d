// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <array>
#include <string_view>
#include <vector>

namespace lt::rtmp {

/// Puts messages together from the chunks of one peer, whatever pieces the bytes come in.
///
/// One buffer per chunk stream grows with the bytes that arrive. The body of a message nobody wants is
/// counted and passed over, never stored.
class ChunkReader {
public:
    class Sink {
    public:
        virtual ~Sink() = default;
        /// Asked when a message begins; false: its body is passed over.
        virtual bool wanted(const MessageHeader &header) = 0;
        virtual void message(const MessageHeader &header, Block body) = 0;
        /// The end of an unwanted message; `firstByte` is 0 when it had none.
        virtual void skipped(const MessageHeader &header, std::uint8_t firstByte) = 0;
    };

    ChunkReader(Sink &sink, const Limits &limits) : sink_(sink), limits_(limits) {}

    /// False after a violation of the protocol or a limit: error() says which, the rest is not read.
    /// The sink may call stop() to end reading in the middle of the bytes.
    bool feed(Bytes bytes, TimePoint now);
    void stop() { stopped_ = true; }
    std::string_view error() const { return error_; }

    /// How many of the next bytes nobody wants to see: the reader of the socket may throw that many away
    /// unread, and then says so with discarded().
    std::size_t discardable() const;
    void discarded(std::size_t count);

    /// The peer's Set Chunk Size: holds from its next chunk on. False, with error(), for an illegal size.
    bool setChunkSize(std::uint32_t size);
    /// The peer's Abort: forgets the unfinished message of a chunk stream.
    void abort(std::uint32_t chunkStream);

private:
    struct Stream {
        MessageHeader header;
        std::uint32_t delta = 0;
        std::uint32_t extended = 0; ///< of the last header that had one
        bool hasExtended = false;
        bool known = false; ///< a full header came at least once
        bool open = false;  ///< a message is unfinished
        bool keep = false;
        std::uint8_t firstByte = 0;
        std::uint32_t received = 0;
        Block body;
    };

    void run(Bytes bytes);
    /// Takes header bytes off `bytes` until the header is complete; false: more are needed.
    bool readHeader(Bytes &bytes);
    std::size_t headerBytesNeeded();
    bool acceptHeader();
    void beginMessage(Stream &stream);
    void readBody(Bytes &bytes);
    void advance(std::size_t count);
    void endMessage(Stream &stream);
    bool chargeChunk();
    Stream *streamOf(std::uint32_t chunkStream, bool create);
    bool fail(std::string_view why);
    /// Whether what came after the basic header of a type 3 chunk may be the repeated extended timestamp.
    bool repeatsExtended(const Stream &stream) const;
    bool ended() const { return stopped_ || !error_.empty(); }

    static constexpr std::size_t kMaxHeader = 18;

    Sink &sink_;
    const Limits &limits_;
    std::string_view error_;
    bool stopped_ = false;
    std::uint32_t chunkSize_ = 128;

    std::vector<std::pair<std::uint32_t, Stream>> streams_;
    std::size_t partialBytes_ = 0;

    std::array<std::uint8_t, kMaxHeader> header_{};
    std::size_t headerSize_ = 0;
    std::size_t basicSize_ = 0;
    std::uint32_t chunkStream_ = 0;
    bool noRepeat_ = false; ///< this type 3 chunk came without the extended timestamp

    Stream *current_ = nullptr; ///< whose chunk body is being read
    std::size_t chunkLeft_ = 0;

    TimePoint now_;
    TimePoint budgetSince_;
    std::uint32_t chunksInSecond_ = 0;
};

} // namespace lt::rtmp
