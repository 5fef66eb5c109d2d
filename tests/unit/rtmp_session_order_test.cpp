// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes in any pieces, commands and media in any order.
#include "tests/unit/rtmp_session_peer.h"

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

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/order/pieces", a_beginning_in_any_two_pieces_is_the_same);
    g_test_add_func("/rtmp/order/other-stream", media_of_another_stream_is_nobodys);
    g_test_add_func("/rtmp/order/after-good-bye", what_comes_after_the_good_bye_is_not_read);
    g_test_add_func("/rtmp/order/control", odd_control_messages_do_no_harm);
    return g_test_run();
}
