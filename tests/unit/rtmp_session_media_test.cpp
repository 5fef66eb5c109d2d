// SPDX-License-Identifier: LGPL-2.1-or-later
// What a publisher publishes, and what of it goes on.
#include "tests/unit/rtmp_session_peer.h"

using namespace rtmp_test;
using namespace std::chrono_literals;

static void audio_becomes_tags() {
    Peer peer;
    peer.start();
    peer.message(kAudio, kFrame, 1, 10); // before the configuration
    peer.message(kAudio, kConfig, 1, 20);
    peer.message(kAudio, kFrame, 1, 30);
    peer.message(kAudio, {0xa2, 1, 0x21}, 1, 40); // wrong fixed bits
    peer.message(kAudio, {}, 1, 50);
    peer.message(kAudio, {0xaf}, 1, 60);
    peer.message(kAudio, kFrame, 2, 70); // another message stream
    peer.message(kVideo, {0x17, 1, 0, 0, 0, 1}, 1, 80);
    g_assert_cmpuint(peer.tags.size(), ==, 3);
    g_assert_true(peer.tags[0].kind == MediaTag::Kind::AudioConfig);
    g_assert_true(peer.tags[1].kind == MediaTag::Kind::Audio);
    g_assert_cmpuint(peer.tags[1].timestamp, ==, 30);
    g_assert_cmpuint(peer.tags[2].body.at(0), ==, 0xaf);
    const auto &counters = peer.session.counters();
    g_assert_cmpuint(counters.audioFrames, ==, 2);
    g_assert_cmpuint(counters.audioBeforeConfig, ==, 1);
    g_assert_cmpuint(counters.audioMalformed, ==, 1);
    g_assert_cmpuint(counters.audioIgnored, ==, 1);
    g_assert_cmpuint(counters.messagesDropped, ==, 1);
    g_assert_cmpuint(counters.videoDropped, ==, 1);
    g_assert_cmpuint(counters.videoKeyFrames, ==, 1);
    g_assert_cmpuint(peer.session.audioFormat()->rate, ==, 44100);
}

static void video_is_passed_on_when_wanted() {
    Peer peer;
    peer.start(true);
    peer.message(kVideo, {0x27, 1, 0, 0, 0, 1}); // before its configuration
    peer.message(kVideo, {0x17, 0, 0, 0, 0, 1});
    peer.message(kVideo, {0x17, 1, 0, 0, 0, 1});
    peer.message(kVideo, {0x27, 1, 0, 0, 0, 1});
    peer.message(kVideo, {0x90, 'a', 'v', '0', '1', 0}); // enhanced
    g_assert_cmpuint(peer.tags.size(), ==, 3);
    g_assert_true(peer.tags[0].kind == MediaTag::Kind::VideoConfig);
    g_assert_true(peer.tags[1].kind == MediaTag::Kind::VideoKey);
    g_assert_true(peer.tags[2].kind == MediaTag::Kind::Video);
    g_assert_cmpuint(peer.session.counters().videoDropped, ==, 2);
}

static void an_unsupported_codec_ends_the_session_with_its_name() {
    const std::pair<Raw, const char *> cases[] = {{{0xbe, 1, 2}, "Speex"},
                                                  {{0x90, 'O', 'p', 'u', 's', 1}, "Opus"},
                                                  {{0x90, 'f', 'L', 'a', 'C', 1}, "fLaC"},
                                                  {{0x90, 1, '\n', 3, 4, 5}, "????"}};
    for (const auto &[body, codec] : cases) {
        Peer peer;
        peer.start();
        peer.log.clear();
        peer.message(kAudio, body);
        g_assert_true(peer.session.end() == SessionEnd::Unsupported);
        g_assert_true(
            peer.session.reason() ==
            std::string(
                "The audio codec is not supported: this stream takes AAC, MP3 and G.711, the publisher "
                "sends ") +
                codec + ".");
        g_assert_cmpuint(peer.log.size(), ==, 2);
        g_assert_true(peer.tags.empty());
    }
    Peer peer;
    peer.start();
    peer.message(kAudio, {0xff, 0}); // "device specific": no audio
    g_assert_true(peer.session.publishing());
}

static void metadata_is_reduced_to_what_is_harmless() {
    Peer peer;
    peer.start();
    Raw deep = amf([](AmfWriter &w) { w.string("@setDataFrame").string("onMetaData").beginObject(); });
    for (int i = 0; i < 10000; i++)
        deep.insert(deep.end(), {0, 1, 'a', 3});
    peer.message(kData, deep);
    g_assert_true(peer.tags.empty());
    const Raw body = amf([](AmfWriter &w) {
        w.string("@setDataFrame").string("onMetaData").beginObject();
        w.key("encoder")
            .string("ffm\xff")
            .key("duration")
            .number(1e300)
            .key("width")
            .number(1280)
            .endObject();
    });
    peer.message(kData, body);
    Raw enveloped = body;
    enveloped.insert(enveloped.begin(), 0);
    peer.message(kDataAmf3, enveloped);
    const Raw expected = amf(
        [](AmfWriter &w) { w.string("onMetaData").beginObject().key("encoder").string("ffm?").endObject(); });
    g_assert_cmpuint(peer.tags.size(), ==, 2);
    for (const auto &tag : peer.tags) {
        g_assert_true(tag.kind == MediaTag::Kind::Metadata);
        g_assert_true(Raw(tag.body.bytes().begin(), tag.body.bytes().end()) == expected);
    }
    peer.message(kData, {1, 2, 3});
    peer.message(kData, {});
    g_assert_true(peer.session.publishing());
}

static void aggregates_are_taken_apart() {
    Peer peer;
    peer.start();
    Raw body;
    const auto add = [&body](std::uint8_t type, std::uint32_t time, const Raw &content) {
        body.push_back(type);
        appendBig(body, static_cast<std::uint32_t>(content.size()), 3);
        appendBig(body, time, 3);
        appendBig(body, 0, 4);
        body.insert(body.end(), content.begin(), content.end());
        appendBig(body, static_cast<std::uint32_t>(content.size() + 11), 4);
    };
    add(kAudio, 5000, kConfig);
    add(kAudio, 5023, kFrame);
    add(kAggregate, 5030, {1, 2, 3});
    add(kAudio, 5046, kFrame);
    peer.message(kAggregate, body, 1, 700);
    g_assert_cmpuint(peer.tags.size(), ==, 3);
    g_assert_cmpuint(peer.tags[1].timestamp, ==, 723);
    g_assert_cmpuint(peer.tags[2].timestamp, ==, 746);
    for (std::size_t size = 1; size < 60; size += 7) {
        Peer other;
        other.start();
        other.message(kAggregate, Raw(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)));
        g_assert_true(other.session.publishing() || other.session.end() == SessionEnd::Violation);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/session/audio", audio_becomes_tags);
    g_test_add_func("/rtmp/session/video", video_is_passed_on_when_wanted);
    g_test_add_func("/rtmp/session/codec", an_unsupported_codec_ends_the_session_with_its_name);
    g_test_add_func("/rtmp/session/metadata", metadata_is_reduced_to_what_is_harmless);
    g_test_add_func("/rtmp/session/aggregate", aggregates_are_taken_apart);
    return g_test_run();
}
