// SPDX-License-Identifier: LGPL-2.1-or-later
// All a publisher sends after the handshake. The first byte chooses what the server decides. Whatever comes,
// only tags that a demuxer can take come out, and how the bytes are cut makes no difference.
#include "lib/rtmp/flv.h"
#include "lib/rtmp/publish_session.h"
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

void checkAudio(const MediaTag &tag) {
    const Bytes body = tag.body.bytes();
    if (!tag.format || tag.payload().empty() || tag.format->channels == 0)
        fail("audio without a format or payload");
    const bool config = tag.kind == MediaTag::Kind::AudioConfig;
    const unsigned legacy = body[0] >> 4;
    switch (tag.format->codec) {
    case AudioCodec::Aac:
        if (body[0] != 0xaf || body[1] != !config || (config && !AudioFormat::ofAac(tag.payload())))
            fail("AAC that no decoder can start with");
        return;
    case AudioCodec::Mp3:
        if (config || (legacy != 2 && legacy != 14) || !AudioFormat::ofMp3(tag.payload()))
            fail("an audio frame that is no MP3");
        return;
    case AudioCodec::Alaw:
    case AudioCodec::Mulaw:
        if (config || (legacy != 7 && legacy != 8))
            fail("an audio frame that is no G.711");
        return;
    case AudioCodec::Opus:
        if (config ? !AudioFormat::ofOpus(tag.payload()) : tag.format->samplesIn(tag.payload()) == 0)
            fail("an audio frame that is no Opus");
        return;
    case AudioCodec::None:
        fail("audio of no codec");
    }
}

void checkTag(MediaTag tag) {
    const Bytes body = tag.body.bytes();
    const std::size_t size = body.size();
    if (size < 1)
        fail("a tag that is too short");
    if (tag.kind == MediaTag::Kind::Audio || tag.kind == MediaTag::Kind::AudioConfig)
        checkAudio(tag);
    if (tag.isVideo() && ((body[0] & 0x8f) != 7 || size < 6))
        fail("video that is no H.264");
    const auto flv = makeFlvTag(tag.flvType(), tag.timestamp, std::move(tag.body));
    if (flv.size != size + 15)
        fail("a tag of the wrong length");
    std::free(flv.region);
}

class Publisher : public SessionEvents {
public:
    explicit Publisher(std::uint8_t choice) : choice_(choice) {
        limits_.chunksPerSecond = 1000000;
        Bytes hello(kHello.data(), kHello.size());
        session.receive(hello, TimePoint());
        log.clear(); // the handshake is the same each time
    }

    void send(std::vector<std::uint8_t> bytes, bool droppable) override {
        // When acknowledgements are due depends on when bytes arrive.
        if (!droppable)
            log.append(bytes.begin(), bytes.end());
        if (log.size() > (1 << 22))
            fail("more replies than questions");
    }
    void publishRequested(const PublishRequest &request) override {
        log += "publish " + request.address.app + "/" + request.address.stream + request.problem;
        if (request.problem.empty() != isStreamName(request.address.stream))
            fail("a request without name and problem");
        if (choice_ & 1)
            session.refuse("No.", choice_ & 2);
        else
            session.accept({.wantVideo = (choice_ & 2) != 0, .takeOpus = (choice_ & 4) != 0}, TimePoint());
    }
    void media(MediaTag tag) override {
        log += "tag " + std::to_string(static_cast<int>(tag.kind)) + ' ' + std::to_string(tag.timestamp) +
               ' ' + std::to_string(tag.body.size());
        checkTag(std::move(tag));
    }
    std::string result() const {
        return log + '/' + std::to_string(static_cast<int>(session.end())) + session.reason();
    }

    std::string log;

private:
    static inline const std::vector<std::uint8_t> kHello = [] {
        std::vector<std::uint8_t> hello(1 + 2 * Handshake::kPacket, 0);
        hello[0] = 3;
        return hello;
    }();

    const std::uint8_t choice_;
    Limits limits_;

public:
    PublishSession session{*this, limits_, TimePoint(), 1};
};

std::string runWith(std::uint8_t choice, Bytes bytes, std::size_t step, bool discard) {
    Publisher publisher(choice);
    while (!bytes.empty() && !publisher.session.over()) {
        const std::size_t unread = discard ? std::min(publisher.session.discardable(), bytes.size()) : 0;
        const std::size_t count = unread ? unread : std::min(step, bytes.size());
        if (unread)
            publisher.session.discarded(unread, TimePoint());
        else
            publisher.session.receive(bytes.first(count), TimePoint());
        bytes = bytes.subspan(count);
    }
    publisher.session.tick(TimePoint() + std::chrono::seconds(1));
    return publisher.result();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0)
        return 0;
    const Bytes bytes(data + 1, size - 1);
    const auto whole = runWith(data[0], bytes, size, false);
    // One other cut per input, chosen by the input: a search meets them all.
    const bool tiny = data[size / 2] & 1;
    if (whole != runWith(data[0], bytes, tiny ? 1 : 7, !tiny))
        fail("the outcome depends on how the bytes were cut");
    return 0;
}
