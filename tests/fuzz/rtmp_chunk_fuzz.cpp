// SPDX-License-Identifier: LGPL-2.1-or-later
// The chunk stream: the outcome must not depend on how the bytes are cut, nor on whether unwanted ones are
// read.
#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/chunk_reader.h"
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace lt::rtmp;

namespace {

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

/// Writes down what happened; obeys control messages as a session does. Video is not wanted.
struct Transcript : ChunkReader::Sink {
    explicit Transcript(const Limits &bounds) : limits(bounds), reader(*this, limits) {}

    bool wanted(const MessageHeader &header) override { return header.type != kVideo; }
    void message(const MessageHeader &header, Block body) override {
        if (body.size() != header.length || body.size() > limits.messageBytes)
            fail("a message of the wrong length");
        note(header);
        log.append(reinterpret_cast<const char *>(body.data()), body.size());
        if (header.type == kSetChunkSize && body.size() >= 4)
            reader.setChunkSize(readU32(body.data()));
        else if (header.type == kAbort && body.size() >= 4)
            reader.abort(readU32(body.data()));
    }
    void skipped(const MessageHeader &header, std::uint8_t firstByte) override {
        note(header);
        log += std::to_string(firstByte);
    }
    void note(const MessageHeader &header) {
        for (const auto number : {header.chunkStream, header.timestamp, header.length,
                                  static_cast<std::uint32_t>(header.type), header.messageStream})
            log += ' ' + std::to_string(number);
        log += ':';
    }

    const Limits limits;
    ChunkReader reader;
    std::string log;
};

std::string runWith(Bytes bytes, std::size_t step, bool discard) {
    Limits limits;
    limits.partialBytes = 100000;
    Transcript transcript(limits);
    while (!bytes.empty()) {
        const std::size_t unread = discard ? std::min(transcript.reader.discardable(), bytes.size()) : 0;
        const std::size_t count = unread ? unread : std::min(step, bytes.size());
        if (unread)
            transcript.reader.discarded(unread);
        else if (!transcript.reader.feed(bytes.first(count), TimePoint()))
            break;
        bytes = bytes.subspan(count);
    }
    return transcript.log + '/' + std::string(transcript.reader.error());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const Bytes bytes(data, size);
    const auto whole = runWith(bytes, std::max<std::size_t>(size, 1), false);
    if (whole != runWith(bytes, 1, false) || whole != runWith(bytes, 7, true))
        fail("the outcome depends on how the bytes were cut");
    return 0;
}
