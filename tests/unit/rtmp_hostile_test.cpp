// SPDX-License-Identifier: LGPL-2.1-or-later
// Peers that send what no publisher should: each is closed within the limits, politely and without effect on
// the stream beside it.
#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/chunk_writer.h"
#include "tests/unit/rtmp_server_rig.h"

#include <atomic>
#include <limits>
#include <thread>

using namespace rtmp_test;

namespace {

using Command = std::function<void(AmfWriter &)>;

/// Bytes of messages, as a publisher would cut them.
class Script {
public:
    Script &message(std::uint8_t type, const Raw &body, std::uint32_t stream = 1, std::uint32_t time = 0) {
        writer_.write(bytes_, {.chunkStream = 4, .timestamp = time, .type = type, .messageStream = stream},
                      body);
        return *this;
    }
    Script &command(const Command &write, std::uint32_t stream = 0) {
        Raw body;
        AmfWriter writer(body);
        write(writer);
        return message(kCommand, body, stream);
    }
    Script &connect(const std::string &app = "live") {
        return command([&](AmfWriter &w) {
            w.string("connect").number(1).beginObject().key("app").string(app).endObject();
        });
    }
    Script &createStream() {
        return command([](AmfWriter &w) { w.string("createStream").number(2).null(); });
    }
    Script &publish(const std::string &name = "bad", std::uint32_t stream = 1) {
        return command(
            [&](AmfWriter &w) { w.string("publish").number(3).null().string(name).string("live"); }, stream);
    }
    Script &start() { return connect().createStream().publish(); }
    Script &raw(const Raw &bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    operator Raw() const { return bytes_; }

private:
    ChunkWriter writer_;
    Raw bytes_;
};

struct Case {
    const char *name;
    Raw bytes;
    bool afterHandshake = true;
};

Raw deepAmf() {
    Raw body;
    AmfWriter(body).string("connect").number(1);
    for (int i = 0; i < 10000; i++)
        body.insert(body.end(), {3, 0, 1, 'a'});
    return body;
}

Raw repeated(const Raw &piece, int count) {
    Raw all;
    for (int i = 0; i < count; i++)
        all.insert(all.end(), piece.begin(), piece.end());
    return all;
}

/// A full header on chunk stream `id` that announces `size` bytes and has one.
Raw beginning(std::uint32_t id, std::uint8_t type, std::uint32_t size) {
    Raw bytes;
    if (id < 64)
        bytes = {static_cast<std::uint8_t>(id)};
    else
        bytes = {1, static_cast<std::uint8_t>(id - 64), static_cast<std::uint8_t>((id - 64) >> 8)};
    appendBig(bytes, 0, 3);
    appendBig(bytes, size, 3);
    bytes.push_back(type);
    appendLittle32(bytes, 1);
    bytes.push_back(0);
    return bytes;
}

Raw manyBeginnings(std::uint32_t count, std::uint8_t type, std::uint32_t size) {
    Raw all;
    for (std::uint32_t id = 3; id < 3 + count; id++) {
        const Raw one = beginning(id, type, size);
        all.insert(all.end(), one.begin(), one.end());
    }
    return all;
}

Raw textOf(const char *text) {
    return {text, text + std::char_traits<char>::length(text)};
}

std::vector<Case> handshakeCases() {
    Raw cut(1 + 1535, 1);
    cut[0] = 3;
    return {{"RTMPE", {6, 1, 2}, false},
            {"HTTP", textOf("GET / HTTP/1.1\r\n\r\n"), false},
            {"TLS", {0x16, 3, 1, 0, 0xa5, 1}, false},
            {"nothing", {}, false},
            {"a cut packet", cut, false}};
}

std::vector<Case> chunkCases() {
    std::vector<Case> cases = {
        {"1000 chunk streams", manyBeginnings(1000, kAudio, 100)},
        {"a message in the middle of another",
         Script().raw(beginning(4, kCommand, 300)).raw(Raw(127)).raw(beginning(4, kCommand, 10))},
        {"16 MiB announced", beginning(3, kCommand, 0xffffff)},
        {"32 unfinished messages", manyBeginnings(30, kCommand, 200)},
        {"empty messages", repeated({3, 0, 0, 0, 0, 0, 0, kCommand, 0, 0, 0, 0}, 40)},
        {"chunk size 0", Script().message(kSetChunkSize, {0, 0, 0, 0}, 0)},
        {"chunk size with the top bit", Script().message(kSetChunkSize, {0x80, 0, 0, 0}, 0)},
        {"short control", Script().message(kSetChunkSize, {0, 0, 1}, 0)},
        {"ping flood", Script().raw(repeated(Script().message(kUserControl, {0, 6, 0, 0, 0, 1}, 0), 5000))},
    };
    for (const std::uint8_t format : {0x40, 0x80, 0xc0})
        cases.push_back({"a first chunk without a full header",
                         {static_cast<std::uint8_t>(format | 5), 0, 0, 0, 0, 0, 4, 8, 1}});
    for (const std::uint8_t type : {kAbort, kAcknowledgement, kWindowAckSize})
        cases.push_back({"short control", Script().message(type, {1}, 0)});
    return cases;
}

std::vector<Case> commandCases() {
    const auto number = [](double value) {
        return Script().command([=](AmfWriter &w) { w.string("connect").number(value).null(); });
    };
    return {{"10000 levels", Script().message(kCommand, deepAmf(), 0)},
            {"an object without end", Script().message(kCommand, {2, 0, 1, 'x', 3, 0, 1, 'a'}, 0)},
            {"a text past the end", Script().message(kCommand, {2, 0xff, 0xff, 'c'}, 0)},
            {"2^32 items", Script().message(kCommand, {2, 0, 1, 'x', 10, 0xff, 0xff, 0xff, 0xff}, 0)},
            {"NaN", number(std::numeric_limits<double>::quiet_NaN())},
            {"infinity", number(std::numeric_limits<double>::infinity())},
            {"a negative transaction", number(-5)},
            {"no application", Script().command([](AmfWriter &w) { w.string("connect").number(1).null(); })},
            {"an application of 64 KB", Script().connect(std::string(65000, 'a')).createStream().publish()},
            {"an application that is no text", Script().connect("\xff\xfe").createStream().publish()},
            {"an application that is a number", Script()
                                                    .command([](AmfWriter &w) {
                                                        w.string("connect").number(1).beginObject();
                                                        w.key("app").number(7).endObject();
                                                    })
                                                    .createStream()
                                                    .publish()},
            {"an application that climbs", Script().connect("../..").createStream().publish("../../etc")},
            {"a zero in the name", Script().connect().createStream().publish(std::string("a\0b", 3))},
            {"AMF3 without its byte", Script().message(kCommandAmf3, {}, 0)},
            {"AMF3 alone", Script().message(kDataAmf3, {0}, 0)}};
}

std::vector<Case> stateCases() {
    return {{"publish first", Script().publish()},
            {"publish without a stream", Script().connect().publish("bad", 1)},
            {"publish on stream 0", Script().connect().createStream().publish("bad", 0)},
            {"publish twice", Script().start().publish("worse")},
            {"connect twice", Script().connect().connect()},
            {"10000 streams", Script().connect().raw(repeated(Script().createStream(), 10000))},
            {"media first", Script().connect().raw(repeated(Script().message(kAudio, {0xaf, 1, 2}), 40))},
            {"a player", Script().connect().createStream().command(
                             [](AmfWriter &w) { w.string("play").number(0).null().string("demo"); }, 1)},
            {"data first", Script().raw(repeated(Script().message(kData, {2, 0, 1, 'a'}), 40))}};
}

/// Sends a case, then whether the server parts as it should.
void assertClosed(const Case &one, std::uint16_t port) {
    RtmpPublisher peer(port);
    if (one.afterHandshake)
        g_assert_true(peer.handshake());
    if (!one.bytes.empty())
        peer.sendSome(one.bytes);
    bool reset = false;
    peer.readToEnd(reset); // the rig's patience ends a test that waits for ever
}

void assertAllClosed(const std::vector<Case> &cases) {
    ServerLimits limits;
    limits.connection.handshakeTimeout = 500ms;
    limits.connection.publishTimeout = 500ms;
    limits.connection.firstMediaTimeout = 500ms;
    limits.claimTimeout = 100ms;
    auto server = serverWith(limits);
    Recorder good, bad;
    auto claim = server->claim("live", "demo", {}, good);
    auto badClaim = server->claim("live", "bad", {}, bad);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrame(0);
    std::vector<std::thread> threads;
    for (const auto &one : cases)
        threads.emplace_back([&one, port = server->port()] { assertClosed(one, port); });
    for (auto &thread : threads)
        thread.join();
    publisher.sendFrames(5, 23);
    good.frames(6);
    g_assert_true(good.now().ends.empty());
}

} // namespace

static void handshakes_that_are_none() {
    assertAllClosed(handshakeCases());
}

static void chunks_against_the_rules() {
    assertAllClosed(chunkCases());
}

static void commands_nobody_can_read() {
    assertAllClosed(commandCases());
}

static void commands_out_of_order() {
    assertAllClosed(stateCases());
}

static void media_that_makes_no_sense() {
    // None of these ends the stream: what is no use is counted and left out.
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendFrame(0); // before its configuration
    publisher.sendConfig();
    const Raw odd[] = {{},
                       {0xaf},
                       {0xaf, 0},
                       {0xaf, 0, 0x12},
                       {0xff, 1, 2},
                       {0x9f, 1, 2, 3, 4},
                       {0x91, 'O', 'p'},
                       {0x95, 0x11, 'm', 'p', '4', 'a', 1, 0xff, 0xff, 0xff},
                       {0x97, 0xff, 0xff, 0xff, 1}};
    for (const Raw &body : odd)
        publisher.sendMessage(kAudio, 10, body);
    publisher.sendMessage(kData, 10, {2, 0xff, 0xff, 1});
    publisher.sendMessage(kAggregate, 10, {});
    publisher.sendMessage(kAggregate, 10, {kAggregate, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 12});
    publisher.sendMessage(kVideo, 10, Raw((16 << 20) - 1, 0x27), 6);
    publisher.sendMessage(99, 10, {1, 2, 3});
    publisher.sendFrames(3, 23);
    publisher.unpublish();
    const Seen seen = recorder.ends(1);
    g_assert_true(seen.ends[0].kind == PublishEnd::Kind::Clean);
    g_assert_cmpuint(seen.frames, ==, 3);
    const auto counters = claim->stats()->get().counters;
    g_assert_cmpuint(counters.audioBeforeConfig, ==, 1);
    g_assert_cmpuint(counters.audioMalformed + counters.audioIgnored, ==, std::size(odd));
}

static void a_storm_of_refusals_disturbs_nobody() {
    ServerLimits limits;
    limits.publishRates = {0, 0}; // each is looked at
    auto server = serverWith(limits);
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    constexpr unsigned kThreads = 4, kEach = 100;
    std::atomic<unsigned> refused = 0, running = kThreads;
    std::vector<std::thread> storm;
    for (unsigned i = 0; i < kThreads; i++)
        storm.emplace_back([&] {
            for (unsigned n = 0; n < kEach; n++) {
                RtmpPublisher rival(server->port());
                refused += rival.publish("live", "demo").code == "NetStream.Publish.BadName";
            }
            running--;
        });
    unsigned frames = 0;
    while (running > 0) {
        publisher.sendFrame(frames++ * 23);
        recorder.frames(frames); // each arrives while the storm lasts
    }
    for (auto &thread : storm)
        thread.join();
    g_assert_cmpuint(refused, ==, kThreads * kEach);
    g_assert_cmpuint(claim->stats()->get().refused, ==, kThreads * kEach);
    g_assert_true(recorder.now().ends.empty());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/hostile/handshakes", handshakes_that_are_none);
    g_test_add_func("/rtmp/hostile/chunks", chunks_against_the_rules);
    g_test_add_func("/rtmp/hostile/commands", commands_nobody_can_read);
    g_test_add_func("/rtmp/hostile/order", commands_out_of_order);
    g_test_add_func("/rtmp/hostile/media", media_that_makes_no_sense);
    g_test_add_func("/rtmp/hostile/storm", a_storm_of_refusals_disturbs_nobody);
    return g_test_run();
}
