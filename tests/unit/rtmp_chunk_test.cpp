// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/chunk_reader.h"
#include "lib/rtmp/chunk_writer.h"

#include <functional>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::rtmp;
using Raw = std::vector<std::uint8_t>;

namespace {

const Limits kLimits;
const TimePoint kStart{};

struct Got {
    MessageHeader header;
    std::string body;
};

/// Keeps messages; video is not wanted.
struct Collector : ChunkReader::Sink {
    bool wanted(const MessageHeader &header) override { return header.type != kVideo; }
    void message(const MessageHeader &header, Block body) override {
        messages.push_back({header, std::string(body.bytes().begin(), body.bytes().end())});
        if (onMessage)
            onMessage(header, body);
    }
    void skipped(const MessageHeader &header, std::uint8_t firstByte) override {
        skippedHeaders.push_back(header);
        firstBytes.push_back(firstByte);
    }
    std::vector<Got> messages;
    std::vector<MessageHeader> skippedHeaders;
    Raw firstBytes;
    std::function<void(const MessageHeader &, const Block &)> onMessage;
};

void append(Raw &out, std::initializer_list<int> bytes) {
    for (const int byte : bytes)
        out.push_back(static_cast<std::uint8_t>(byte));
}

/// The outcome is the same however the bytes are cut; returns what came out.
std::vector<Got> readAll(const Raw &bytes) {
    std::vector<Got> whole;
    for (std::size_t cut = 0; cut <= bytes.size(); cut++) {
        Collector collector;
        ChunkReader reader(collector, kLimits);
        g_assert_true(reader.feed(Bytes(bytes).first(cut), kStart));
        g_assert_true(reader.feed(Bytes(bytes).subspan(cut), kStart));
        if (cut == 0)
            whole = collector.messages;
        g_assert_cmpuint(collector.messages.size(), ==, whole.size());
        for (std::size_t i = 0; i < whole.size(); i++) {
            g_assert_true(collector.messages[i].body == whole[i].body);
            g_assert_cmpuint(collector.messages[i].header.timestamp, ==, whole[i].header.timestamp);
        }
    }
    return whole;
}

std::string errorOf(const Raw &bytes) {
    Collector collector;
    ChunkReader reader(collector, kLimits);
    g_assert_false(reader.feed(bytes, kStart));
    g_assert_false(reader.feed(bytes, kStart));
    return std::string(reader.error());
}

} // namespace

static void all_header_forms_are_understood() {
    Raw bytes;
    append(bytes, {0x04, 0, 0, 100, 0, 0, 2, 8, 1, 0, 0, 0, 'a', 'b'}); // full
    append(bytes, {0x44, 0, 0, 10, 0, 0, 1, 18, 'c'});                  // same message stream
    append(bytes, {0x84, 0, 0, 20, 'd'});                               // same length and type
    append(bytes, {0xc4, 'e'});                                         // same delta
    const auto got = readAll(bytes);
    g_assert_cmpuint(got.size(), ==, 4);
    const std::uint32_t times[] = {100, 110, 130, 150};
    const char *bodies[] = {"ab", "c", "d", "e"};
    for (std::size_t i = 0; i < 4; i++) {
        g_assert_cmpuint(got[i].header.timestamp, ==, times[i]);
        g_assert_cmpstr(got[i].body.c_str(), ==, bodies[i]);
        g_assert_cmpuint(got[i].header.messageStream, ==, 1);
    }
    g_assert_cmpuint(got[3].header.type, ==, 18);
}

static void after_a_full_header_the_delta_is_its_timestamp() {
    Raw bytes;
    append(bytes, {0x04, 0, 0, 40, 0, 0, 1, 8, 1, 0, 0, 0, 'a', 0xc4, 'b'});
    g_assert_cmpuint(readAll(bytes)[1].header.timestamp, ==, 80);
}

static void long_chunk_stream_ids_are_understood() {
    Raw bytes;
    append(bytes, {0x00, 0, 0, 0, 1, 0, 0, 1, 8, 0, 0, 0, 0, 'a'});        // 64
    append(bytes, {0x00, 255, 0, 0, 1, 0, 0, 1, 8, 0, 0, 0, 0, 'b'});      // 319
    append(bytes, {0x01, 255, 255, 0, 0, 1, 0, 0, 1, 8, 0, 0, 0, 0, 'c'}); // 65599
    const auto got = readAll(bytes);
    g_assert_cmpuint(got[0].header.chunkStream, ==, 64);
    g_assert_cmpuint(got[1].header.chunkStream, ==, 319);
    g_assert_cmpuint(got[2].header.chunkStream, ==, 65599);
}

static void interleaved_messages_are_put_together() {
    Raw bytes;
    const Raw a(128, 'a'), b(128, 'b');
    append(bytes, {0x04, 0, 0, 1, 0, 0, 130, 8, 1, 0, 0, 0});
    bytes.insert(bytes.end(), a.begin(), a.end());
    append(bytes, {0x05, 0, 0, 2, 0, 0, 129, 8, 1, 0, 0, 0});
    bytes.insert(bytes.end(), b.begin(), b.end());
    append(bytes, {0xc4, 'x', 'y', 0xc5, 'z'});
    const auto got = readAll(bytes);
    g_assert_cmpuint(got.size(), ==, 2);
    g_assert_true(got[0].body == std::string(128, 'a') + "xy");
    g_assert_true(got[1].body == std::string(128, 'b') + "z");
}

static void extended_timestamps_repeat_or_not() {
    for (const bool repeated : {true, false}) {
        for (const char fill : {'a', '\1'}) { // the second looks like the beginning of the timestamp
            Raw bytes;
            append(bytes, {0x04, 255, 255, 255, 0, 0, 131, 8, 1, 0, 0, 0, 1, 2, 3, 4});
            bytes.insert(bytes.end(), 128, static_cast<std::uint8_t>(fill));
            append(bytes, {0xc4});
            if (repeated)
                append(bytes, {1, 2, 3, 4});
            append(bytes, {fill, fill, 'z'});
            // A message that begins with a one-byte header repeats it in any case.
            append(bytes, {0x04, 0, 0, 5, 0, 0, 1, 8, 1, 0, 0, 0, 'n'});
            const auto got = readAll(bytes);
            g_assert_cmpuint(got.size(), ==, 2);
            g_assert_cmpuint(got[0].header.timestamp, ==, 0x01020304);
            g_assert_true(got[0].body == std::string(130, fill) + "z");
            g_assert_cmpuint(got[1].header.timestamp, ==, 5);
        }
    }
}

static void timestamps_at_the_edge_of_24_and_32_bits() {
    for (const std::uint32_t time : {0xfffffeu, 0xffffffu, 0x1000000u, 0xffffffffu}) {
        const bool extended = time >= 0xffffff;
        for (const bool repeated : {false, true}) {
            Raw bytes = {0x04};
            appendBig(bytes, extended ? 0xffffff : time, 3);
            append(bytes, {0, 0, 131, 8, 1, 0, 0, 0});
            if (extended)
                appendBig(bytes, time, 4);
            bytes.insert(bytes.end(), 128, 'a');
            append(bytes, {0xc4});
            if (extended && repeated)
                appendBig(bytes, time, 4);
            append(bytes, {'b', 'c', 'd'});
            append(bytes, {0x04, 0, 0, 7, 0, 0, 1, 8, 1, 0, 0, 0, 'n'}); // goes back
            const auto got = readAll(bytes);
            g_assert_cmpuint(got.size(), ==, 2);
            g_assert_cmpuint(got[0].header.timestamp, ==, time);
            g_assert_true(got[0].body == std::string(128, 'a') + "bcd");
            g_assert_cmpuint(got[1].header.timestamp, ==, 7);
        }
    }
}

static void as_many_messages_as_chunk_streams_are_put_together() {
    const auto streams = static_cast<int>(kLimits.chunkStreams);
    g_assert_cmpint(streams, ==, 32);
    Raw bytes;
    for (int i = 0; i < streams; i++) {
        append(bytes, {3 + i, 0, 0, i, 0, 1, 44, 8, 1, 0, 0, 0}); // 300 bytes
        bytes.insert(bytes.end(), 128, static_cast<std::uint8_t>(i));
    }
    for (const std::size_t piece : {128, 44}) {
        for (int i = 0; i < streams; i++) {
            append(bytes, {0xc0 | (3 + i)});
            bytes.insert(bytes.end(), piece, static_cast<std::uint8_t>(i));
        }
    }
    Collector collector;
    ChunkReader reader(collector, kLimits);
    g_assert_true(reader.feed(bytes, kStart));
    g_assert_cmpuint(collector.messages.size(), ==, 32);
    for (std::size_t i = 0; i < collector.messages.size(); i++) {
        g_assert_cmpuint(collector.messages[i].header.timestamp, ==, i);
        g_assert_true(collector.messages[i].body == std::string(300, static_cast<char>(i)));
    }
}

static void a_peeked_chunk_may_end_before_four_bytes() {
    Raw bytes;
    append(bytes, {0x04, 255, 255, 255, 0, 0, 129, 8, 1, 0, 0, 0, 1, 2, 3, 4});
    bytes.insert(bytes.end(), 128, 'a');
    append(bytes, {0xc4, 1}); // one byte of body that looks like a timestamp
    append(bytes, {0x02, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 'b'}); // belongs to the next chunk
    const auto got = readAll(bytes);
    g_assert_cmpuint(got.size(), ==, 2);
    g_assert_true(got[0].body == std::string(128, 'a') + "\1");
    g_assert_cmpstr(got[1].body.c_str(), ==, "b");
}

static void extended_deltas_add_up_and_wrap() {
    Raw bytes;
    append(bytes, {0x04, 255, 255, 255, 0, 0, 1, 8, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xf0, 'a'});
    append(bytes, {0x84, 0, 0, 0x20, 'b'});
    append(bytes, {0x84, 255, 255, 255, 1, 0, 0, 0, 'c'});
    append(bytes, {0xc4, 1, 0, 0, 0, 'd'});
    const auto got = readAll(bytes);
    g_assert_cmpuint(got[1].header.timestamp, ==, 0x10);
    g_assert_cmpuint(got[2].header.timestamp, ==, 0x01000010);
    g_assert_cmpuint(got[3].header.timestamp, ==, 0x02000010);
}

static void every_chunk_size_writes_and_reads() {
    for (const std::uint32_t size : {1u, 127u, 128u, 4096u, 65536u}) {
        for (const std::uint32_t time : {0u, 0xfffffeu, 0xffffffu, 0x1000000u, 0xffffffffu}) {
            Raw bytes;
            ChunkWriter writer;
            writer.setChunkSize(size);
            for (const std::uint32_t id : {2u, 63u, 64u, 319u, 320u, 65599u})
                writer.write(bytes,
                             {.chunkStream = id, .timestamp = time, .type = kAudio, .messageStream = 1},
                             Raw(300, static_cast<std::uint8_t>(id)));
            Collector collector;
            ChunkReader reader(collector, kLimits);
            g_assert_true(reader.setChunkSize(size));
            g_assert_true(reader.feed(bytes, kStart));
            g_assert_cmpuint(collector.messages.size(), ==, 6);
            for (const auto &got : collector.messages) {
                g_assert_cmpuint(got.header.timestamp, ==, time);
                g_assert_true(got.body == std::string(300, static_cast<char>(static_cast<std::uint8_t>(
                                                               got.header.chunkStream))));
            }
        }
    }
}

static void empty_messages_arrive() {
    Raw bytes;
    append(bytes, {0x04, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0, 0xc4});
    g_assert_cmpuint(readAll(bytes).size(), ==, 2);
}

static void unwanted_video_is_passed_over() {
    Raw bytes;
    ChunkWriter writer;
    Raw frame(100000, 'v');
    frame[0] = 0x17;
    writer.write(bytes, {.chunkStream = 6, .type = kVideo, .messageStream = 1}, frame);
    writer.write(bytes, {.chunkStream = 4, .type = kAudio, .messageStream = 1}, Raw{'a'});
    Collector collector;
    ChunkReader reader(collector, kLimits);
    g_assert_true(reader.feed(Bytes(bytes).first(50), kStart));
    g_assert_cmpuint(reader.discardable(), ==, 128 - (50 - 12));
    reader.discarded(reader.discardable());
    g_assert_true(reader.feed(Bytes(bytes).subspan(12 + 128), kStart));
    g_assert_cmpuint(collector.skippedHeaders.size(), ==, 1);
    g_assert_cmpuint(collector.skippedHeaders[0].length, ==, 100000);
    g_assert_cmpuint(collector.firstBytes[0], ==, 0x17);
    g_assert_cmpuint(collector.messages.size(), ==, 1);
    g_assert_cmpuint(reader.discardable(), ==, 0);
}

static void an_aborted_message_is_forgotten() {
    Raw bytes;
    append(bytes, {0x04, 0, 0, 1, 0, 0, 130, 8, 1, 0, 0, 0});
    bytes.insert(bytes.end(), 128, 'a');
    append(bytes, {0x02, 0, 0, 0, 0, 0, 4, kAbort, 0, 0, 0, 0, 0, 0, 0, 4});
    append(bytes, {0x04, 0, 0, 1, 0, 0, 1, 8, 1, 0, 0, 0, 'b'});
    Collector collector;
    ChunkReader reader(collector, kLimits);
    collector.onMessage = [&](const MessageHeader &header, const Block &) {
        if (header.type == kAbort)
            reader.abort(4);
    };
    g_assert_true(reader.feed(bytes, kStart));
    g_assert_cmpstr(collector.messages.back().body.c_str(), ==, "b");
}

static void violations_are_named() {
    Raw noHeader, inside, tooLong, streams;
    append(noHeader, {0xc4, 0});
    append(inside, {0x04, 0, 0, 1, 0, 0, 200, 8, 1, 0, 0, 0});
    inside.insert(inside.end(), 128, 'a');
    append(inside, {0x04, 0, 0, 1, 0, 0, 200, 8, 1, 0, 0, 0});
    append(tooLong, {0x04, 0, 0, 1, 0xff, 0xff, 0xff, 8, 1, 0, 0, 0});
    for (int id = 2; id < 40; id++)
        append(streams, {id, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0});
    g_assert_true(errorOf(noHeader) == "chunk without a preceding full header");
    g_assert_true(errorOf(inside) == "new message inside an unfinished one");
    g_assert_true(errorOf(tooLong) == "message is too long");
    g_assert_true(errorOf(streams) == "too many chunk streams");
    for (const std::uint32_t size : {0u, 0x80000000u, 0xffffffffu}) {
        Collector collector;
        ChunkReader reader(collector, kLimits);
        g_assert_false(reader.setChunkSize(size));
    }
}

static void unfinished_messages_share_a_limit() {
    Limits small;
    small.partialBytes = 300;
    Raw bytes;
    for (int id = 4; id < 8; id++) {
        append(bytes, {id, 0, 0, 0, 0, 1, 0, 8, 1, 0, 0, 0});
        bytes.insert(bytes.end(), 128, 'a');
    }
    Collector collector;
    ChunkReader reader(collector, small);
    g_assert_false(reader.feed(bytes, kStart));
    g_assert_true(reader.error() == "too much unfinished data");
}

static void tiny_chunks_use_up_a_budget_that_time_refills() {
    Limits small;
    small.chunksPerSecond = 100;
    Raw bytes;
    ChunkWriter writer;
    writer.setChunkSize(1);
    writer.write(bytes, {.chunkStream = 4, .type = kAudio, .messageStream = 1}, Raw(60, 'a'));
    Collector collector;
    ChunkReader reader(collector, small);
    reader.setChunkSize(1);
    const TimePoint begin = kStart + std::chrono::seconds(10);
    g_assert_true(reader.feed(bytes, begin));
    g_assert_true(reader.feed(bytes, begin + std::chrono::seconds(1)));
    g_assert_false(reader.feed(bytes, begin + std::chrono::milliseconds(1500)));
    g_assert_true(reader.error() == "too many tiny chunks");
}

static void announced_lengths_cost_nothing() {
    Limits generous;
    generous.messageBytes = 0xffffff;
    Collector collector;
    ChunkReader reader(collector, generous);
    Raw bytes;
    append(bytes, {0x04, 0, 0, 1, 0xff, 0xff, 0xff, 8, 1, 0, 0, 0, 'a'});
    g_assert_true(reader.feed(bytes, kStart));
    // What is reserved follows what has come: seen at the block itself.
    Block block(0xffffff);
    block.append(Raw{'a'});
    g_assert_cmpuint(block.size(), ==, 1);
    Block whole(3);
    whole.append(Raw{'a', 'b', 'c'});
    const auto *before = whole.data();
    whole.trimFront(1);
    g_assert_true(whole.data() == before + 1);
    g_assert_cmpuint(whole.start(), ==, Block::kHeadRoom + 1);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/chunk/forms", all_header_forms_are_understood);
    g_test_add_func("/rtmp/chunk/delta", after_a_full_header_the_delta_is_its_timestamp);
    g_test_add_func("/rtmp/chunk/ids", long_chunk_stream_ids_are_understood);
    g_test_add_func("/rtmp/chunk/interleaved", interleaved_messages_are_put_together);
    g_test_add_func("/rtmp/chunk/extended", extended_timestamps_repeat_or_not);
    g_test_add_func("/rtmp/chunk/extended-delta", extended_deltas_add_up_and_wrap);
    g_test_add_func("/rtmp/chunk/edges", timestamps_at_the_edge_of_24_and_32_bits);
    g_test_add_func("/rtmp/chunk/all-streams", as_many_messages_as_chunk_streams_are_put_together);
    g_test_add_func("/rtmp/chunk/peek", a_peeked_chunk_may_end_before_four_bytes);
    g_test_add_func("/rtmp/chunk/sizes", every_chunk_size_writes_and_reads);
    g_test_add_func("/rtmp/chunk/empty", empty_messages_arrive);
    g_test_add_func("/rtmp/chunk/video", unwanted_video_is_passed_over);
    g_test_add_func("/rtmp/chunk/abort", an_aborted_message_is_forgotten);
    g_test_add_func("/rtmp/chunk/violations", violations_are_named);
    g_test_add_func("/rtmp/chunk/partial", unfinished_messages_share_a_limit);
    g_test_add_func("/rtmp/chunk/budget", tiny_chunks_use_up_a_budget_that_time_refills);
    g_test_add_func("/rtmp/chunk/announced", announced_lengths_cost_nothing);
    return g_test_run();
}
