// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes in any pieces, commands and media in any order.
#include "tests/unit/rtmp_session_peer.h"

#include <memory>

using namespace rtmp_test;

namespace {

/// Lets everybody publish and listens to nothing else.
struct Host : SessionEvents {
    void send(std::vector<std::uint8_t> bytes, bool) override { sent += bytes.size(); }
    void publishRequested(const PublishRequest &) override { session.accept({}, kStart); }
    void media(MediaTag) override { tags++; }

    PublishSession session{*this, Limits(), kStart, 7};
    std::size_t sent = 0;
    unsigned tags = 0;
};

/// All that a publisher sends until its first frame, without ever waiting.
Raw wholeBeginning() {
    Raw bytes(1 + 2 * Handshake::kPacket, 5); // C2 is not what was said to it
    bytes[0] = 3;
    ChunkWriter writer;
    const auto add = [&](std::uint8_t type, const Raw &body, std::uint32_t stream) {
        writer.write(bytes, {.chunkStream = 4, .type = type, .messageStream = stream}, body);
    };
    add(kCommand, amf([](AmfWriter &w) {
            w.string("connect").number(1).beginObject().key("app").string("live").endObject();
        }),
        0);
    add(kCommand, amf([](AmfWriter &w) { w.string("createStream").number(2).null(); }), 0);
    add(kCommand,
        amf([](AmfWriter &w) { w.string("publish").number(3).null().string("demo").string("live"); }), 1);
    add(kAudio, kConfig, 1);
    add(kAudio, kFrame, 1);
    return bytes;
}

/// A session that publishes.
struct Publishing : Peer {
    Publishing() { start(); }
    void config() { message(kAudio, kConfig); }
};

} // namespace

static void a_beginning_in_any_two_pieces_is_the_same() {
    const Raw bytes = wholeBeginning();
    Host whole;
    whole.session.receive(bytes, kStart);
    g_assert_true(whole.session.publishing());
    g_assert_cmpuint(whole.tags, ==, 2);
    for (std::size_t cut = 1; cut < bytes.size(); cut++) {
        Host host;
        host.session.receive(Bytes(bytes).first(cut), kStart);
        host.session.receive(Bytes(bytes).subspan(cut), kStart);
        g_assert_true(host.session.publishing());
        g_assert_cmpuint(host.tags, ==, 2);
        g_assert_cmpuint(host.sent, ==, whole.sent);
    }
    Host slow;
    for (const std::uint8_t byte : bytes)
        slow.session.receive(Bytes(&byte, 1), kStart);
    g_assert_cmpuint(slow.tags, ==, 2);
}

static void media_of_another_stream_is_nobodys() {
    Publishing peer;
    peer.config();
    for (const std::uint32_t stream : {0u, 2u, 77u}) {
        peer.message(kAudio, kFrame, stream);
        peer.message(kVideo, {0x27, 1}, stream);
    }
    g_assert_cmpuint(peer.tags.size(), ==, 1);
    peer.message(kAudio, kFrame);
    g_assert_cmpuint(peer.tags.size(), ==, 2);
    g_assert_true(peer.session.publishing());
}

static void what_comes_after_the_good_bye_is_not_read() {
    Publishing peer;
    peer.config();
    peer.command(amf([](AmfWriter &w) { w.string("FCUnpublish").number(0).null().string("demo"); }));
    g_assert_true(peer.session.end() == SessionEnd::Unpublished);
    const auto replies = peer.log.size();
    peer.message(kAudio, kFrame);
    peer.command(amf([](AmfWriter &w) { w.string("createStream").number(9).null(); }));
    peer.publish("demo");
    g_assert_cmpuint(peer.tags.size(), ==, 1);
    g_assert_cmpuint(peer.log.size(), ==, replies);
    g_assert_cmpuint(peer.requests.size(), ==, 1);
}

static void odd_control_messages_do_no_harm() {
    Publishing peer;
    peer.config();
    const Raw window[] = {{0, 0, 0, 0}, {0, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff}};
    for (const Raw &size : window)
        peer.message(kWindowAckSize, size, 0);
    peer.message(kAbort, {0, 0, 0, 99}, 0); // nobody's
    peer.message(kAbort, {0, 0, 0, 4}, 0);  // its own, which is complete
    peer.message(kAcknowledgement, {0, 0, 0, 7}, 0);
    peer.message(kSetPeerBandwidth, {0, 0, 0, 0, 9}, 0);
    peer.message(kUserControl, {0, 32, 0, 0, 0, 1}, 0);
    peer.message(kUserControl, {0}, 0);
    peer.message(kUserControl, {}, 0);
    peer.message(kAudio, kFrame);
    g_assert_true(peer.session.publishing());
    g_assert_cmpuint(peer.tags.size(), ==, 2);
}

static void empty_messages_of_every_type_do_no_harm_or_are_named() {
    for (unsigned type = 0; type < 256; type++) {
        Publishing peer;
        peer.config();
        const bool control = type <= kSetPeerBandwidth;
        peer.message(static_cast<std::uint8_t>(type), {}, control ? 0 : 1);
        if (peer.session.over()) {
            g_assert_true(peer.session.end() == SessionEnd::Violation);
            const bool named = peer.session.reason() == "short control message" ||
                               peer.session.reason() == "unreadable command";
            g_assert_true(named);
            continue;
        }
        peer.message(kAudio, kFrame);
        g_assert_cmpuint(peer.tags.size(), ==, 2);
    }
}

static void amf3_messages_with_and_without_their_first_byte() {
    const Raw call = amf([](AmfWriter &w) { w.string("_checkbw").number(7).null(); });
    Raw enveloped = call;
    enveloped.insert(enveloped.begin(), 0);
    Publishing peer;
    peer.command(enveloped, 0, kCommandAmf3);
    g_assert_true(peer.log.back() == "_error 7 NetConnection.Call.Failed@0");
    const Raw data = amf([](AmfWriter &w) { w.string("onMetaData").beginObject().endObject(); });
    peer.message(kDataAmf3, data);
    peer.message(kDataAmf3, {0x11, 0x0a, 0x0b});
    g_assert_true(peer.session.publishing());
    peer.command(call, 0, kCommandAmf3);
    g_assert_true(peer.session.end() == SessionEnd::Violation);
    g_assert_true(peer.session.reason() == "unreadable command");
}

/// Enhanced RTMP, as newer ffmpeg and OBS: they list their codecs in connect.
static void a_list_of_codecs_in_connect_is_no_hindrance() {
    const auto with = [](const Raw &audio) {
        auto peer = std::make_unique<Peer>();
        peer->onRequest = [p = peer.get()] {
            p->session.accept({}, p->now);
        };
        peer->handshake();
        Raw body = amf([](AmfWriter &w) {
            w.string("connect").number(1).beginObject().key("app").string("live").key("fourCcList");
        });
        const Raw list = {10,  0,   0,   0,   4, 2, 0, 4,   'O', 'p', 'u', 's', 2, 0, 4,
                          'f', 'L', 'a', 'C', 2, 0, 4, 'a', 'c', '-', '3', 2,   0, 1, '*'};
        body.insert(body.end(), list.begin(), list.end());
        const Raw rest = amf([](AmfWriter &w) { w.key("capsEx").number(15).endObject(); });
        body.insert(body.end(), rest.begin(), rest.end());
        peer->command(body);
        peer->createStream();
        peer->publish();
        g_assert_true(peer->session.publishing());
        peer->message(kAudio, audio);
        return peer;
    };
    for (const char *codec : {"Opus", "fLaC", "ac-3", "ec-3"}) {
        Raw audio = {0x90};
        audio.insert(audio.end(), codec, codec + 4);
        audio.push_back(1);
        const auto peer = with(audio);
        g_assert_true(peer->session.end() == SessionEnd::Unsupported);
        g_assert_nonnull(g_strstr_len(peer->session.reason().c_str(), -1, codec));
    }
    g_assert_cmpuint(with({0x90, 'm', 'p', '4', 'a', 0x12, 0x10})->tags.size(), ==, 1);
}

/// A byte a second keeps a connection alive, not its handshake.
static void who_greets_a_byte_a_second_is_timed_out() {
    Host host;
    auto now = kStart;
    for (std::uint8_t byte = 3; !host.session.over(); byte = 1, now += std::chrono::seconds(1)) {
        g_assert_true(now <= kStart + Limits().handshakeTimeout);
        host.session.receive(Bytes(&byte, 1), now);
        host.session.tick(now);
    }
    g_assert_true(host.session.end() == SessionEnd::Timeout);
}

/// Ten times a second for ten minutes.
static void metadata_again_and_again_stays_small() {
    Publishing peer;
    peer.config();
    const Raw data = amf([](AmfWriter &w) {
        w.string("@setDataFrame").string("onMetaData").beginObject();
        w.key("encoder").string(std::string(10000, 'x'));
        w.endObject();
    });
    for (std::uint32_t time = 0; time < 600'000; time += 100) {
        peer.tags.clear();
        peer.now = kStart + Milliseconds(time);
        peer.message(kData, data, 1, time);
        g_assert_cmpuint(peer.tags.size(), ==, 1);
        g_assert_cmpuint(peer.tags[0].body.size(), <, 512);
        peer.message(kAudio, kFrame, 1, time);
        g_assert_cmpuint(peer.tags.size(), ==, 2);
        g_assert_cmpuint(peer.tags[1].timestamp, ==, time);
    }
    g_assert_cmpuint(peer.session.counters().audioFrames, ==, 6000);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/order/pieces", a_beginning_in_any_two_pieces_is_the_same);
    g_test_add_func("/rtmp/order/other-stream", media_of_another_stream_is_nobodys);
    g_test_add_func("/rtmp/order/after-good-bye", what_comes_after_the_good_bye_is_not_read);
    g_test_add_func("/rtmp/order/control", odd_control_messages_do_no_harm);
    g_test_add_func("/rtmp/order/empty", empty_messages_of_every_type_do_no_harm_or_are_named);
    g_test_add_func("/rtmp/order/amf3", amf3_messages_with_and_without_their_first_byte);
    g_test_add_func("/rtmp/order/codec-list", a_list_of_codecs_in_connect_is_no_hindrance);
    g_test_add_func("/rtmp/order/drip", who_greets_a_byte_a_second_is_timed_out);
    g_test_add_func("/rtmp/order/metadata", metadata_again_and_again_stays_small);
    return g_test_run();
}
