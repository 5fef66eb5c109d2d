// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/frame_parser.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>

using namespace lt::ws;

namespace {

/// A client's frame. `length` overrides what the header announces.
struct Spec {
    unsigned opcode = 1;
    std::string payload;
    bool fin = true;
    unsigned reserved = 0;
    bool masked = true;
};

std::string frame(const Spec &spec) {
    constexpr unsigned char kMask[] = {0x37, 0xfa, 0x21, 0x3d};
    std::string out;
    out += static_cast<char>((spec.fin ? 0x80 : 0) | spec.reserved << 4 | spec.opcode);
    const std::size_t size = spec.payload.size();
    const unsigned bit = spec.masked ? 0x80 : 0;
    const int extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
    out += static_cast<char>(bit | (extra == 0 ? size : extra == 2 ? 126u : 127u));
    for (int i = extra - 1; i >= 0; i--)
        out += static_cast<char>(static_cast<std::uint64_t>(size) >> 8 * i & 0xff);
    if (spec.masked)
        out.append(reinterpret_cast<const char *>(kMask), 4);
    for (std::size_t i = 0; i < size; i++)
        out +=
            static_cast<char>(static_cast<unsigned char>(spec.payload[i]) ^ (spec.masked ? kMask[i % 4] : 0));
    return out;
}

std::string closeFrame(unsigned code, const std::string &reason = "") {
    return frame({8, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason});
}

/// Writes down events as words: "text:hello ping:x close:1000:bye".
struct Log : FrameHandler {
    std::string text;

    void add(const std::string &word) { text += (text.empty() ? "" : " ") + word; }
    static std::string shown(std::string_view payload) {
        return payload.size() > 40 ? std::to_string(payload.size()) + "b" : std::string(payload);
    }
    void onMessage(Opcode type, std::string_view payload) override {
        add((type == Opcode::Text ? "text:" : "binary:") + shown(payload));
    }
    void onPing(std::string_view payload) override { add("ping:" + shown(payload)); }
    void onPong(std::string_view payload) override { add("pong:" + shown(payload)); }
    void onClose(std::optional<std::uint16_t> code, std::string_view reason) override {
        add("close:" + (code ? std::to_string(*code) : "none") + ":" + std::string(reason));
    }
};

std::string outcome(std::string_view bytes, std::size_t step, Sender sender) {
    FrameParser parser(sender);
    Log log;
    std::optional<ProtocolError> error;
    for (std::size_t at = 0; at < bytes.size(); at += step)
        error = parser.consume(bytes.substr(at, step), log);
    if (error)
        log.add("error:" + std::to_string(error->code));
    return log.text;
}

/// The same whether the bytes come at once or one by one.
void expect(const std::string &bytes, const char *wanted, Sender sender = Sender::Client) {
    for (const std::size_t step : {std::max<std::size_t>(bytes.size(), 1), std::size_t{1}, std::size_t{5}}) {
        const std::string got = outcome(bytes, step, sender);
        g_assert_cmpstr(got.c_str(), ==, wanted);
    }
}

const std::string kKosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"; // "κόσμε"

void messages_of_every_length_form_arrive_unmasked() {
    expect(frame({1, ""}), "text:");
    expect(frame({1, "hello"}), "text:hello");
    expect(frame({1, std::string(125, '*')}), "text:125b");
    expect(frame({1, std::string(126, '*')}), "text:126b");
    expect(frame({2, std::string(127, '\xfe')}), "binary:127b");
    expect(frame({2, std::string(65535, '\xfe')}), "binary:65535b");
    expect(frame({2, std::string(65536, '\xfe')}), "binary:65536b");
    expect(frame({1, "a"}) + frame({2, "b"}), "text:a binary:b");
}

void more_than_the_limit_is_too_big_even_before_it_comes() {
    expect(frame({2, std::string(65537, 'x')}), "error:1009");
    expect(std::string("\x82\xff\0\0\0\0\x40\0\0\0", 10) + "mask",
           "error:1009"); // 1 GiB announced, nothing sent
    expect(frame({2, std::string(40000, 'x'), false}) + frame({0, std::string(30000, 'x')}), "error:1009");
    expect(frame({2, std::string(40000, 'x'), false}) + frame({0, std::string(25536, 'x')}), "binary:65536b");
}

void malformed_headers_are_protocol_errors() {
    const std::pair<std::string, const char *> table[] = {
        {frame({1, "x", true, 4}), "reserved bit 1"},
        {frame({1, "x", true, 2}), "reserved bit 2"},
        {frame({9, "x", true, 1}), "reserved bit 3, control"},
        {frame({3, "x"}), "opcode 3"},
        {frame({7, "x"}), "opcode 7"},
        {frame({11, ""}), "opcode 11"},
        {frame({15, "x"}), "opcode 15"},
        {frame({1, "x", true, 0, false}), "not masked"},
        {std::string("\x82\xfe\x00\x7d mask", 8), "16-bit length of 125"},
        {std::string("\x82\xff\0\0\0\0\0\0\xff\xff mask", 14), "64-bit length of 65535"},
        {std::string("\x82\xff\x80\0\0\0\0\0\0\0mask", 14), "length above 2^63"},
        {frame({9, std::string(126, 'x')}), "ping of 126 bytes"},
        {frame({8, std::string(126, 'x')}), "close of 126 bytes"},
        {frame({9, "x", false}), "fragmented ping"},
        {frame({10, "x", false}), "fragmented pong"},
        {frame({0, "x"}), "continuation of nothing"},
        {frame({0, "x", false}), "continuation of nothing, unfinished"},
        {frame({1, "a", false}) + frame({1, "b"}), "text inside text"},
        {frame({1, "a", false}) + frame({2, "b"}), "binary inside text"},
    };
    for (const auto &[bytes, what] : table) {
        g_test_message("%s", what);
        expect(bytes, "error:1002");
    }
    expect(frame({1, "a"}) + frame({0, "b"}), "text:a error:1002");
}

void fragments_are_joined_and_control_frames_may_come_between() {
    expect(frame({1, "Hel", false}) + frame({0, "lo"}), "text:Hello");
    expect(frame({1, "", false}) + frame({0, "", false}) + frame({0, ""}), "text:");
    expect(frame({1, "Hel", false}) + frame({9, "1"}) + frame({0, "l", false}) + frame({10, "2"}) +
               frame({0, "o"}),
           "ping:1 pong:2 text:Hello");
    expect(frame({2, "\xff", false}) + frame({0, "\xfe"}), "binary:\xff\xfe");
    expect(frame({1, "a", false}) + closeFrame(1000), "close:1000:");
}

void pings_and_pongs_carry_their_payload() {
    expect(frame({9, ""}), "ping:");
    expect(frame({9, std::string(125, '\xfe')}), "ping:125b");
    expect(frame({10, "unasked"}), "pong:unasked");
    expect(frame({9, "a"}) + frame({9, "b"}), "ping:a ping:b");
}

void text_must_be_utf8_across_fragments() {
    expect(frame({1, kKosme}), ("text:" + kKosme).c_str());
    expect(frame({1, kKosme.substr(0, 3), false}) + frame({0, kKosme.substr(3)}), ("text:" + kKosme).c_str());
    const char *valid[] = {"\xc2\x80",     "\xdf\xbf",     "\xe0\xa0\x80",     "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    for (const char *text : valid)
        expect(frame({1, text}), (std::string("text:") + text).c_str());
    const char *invalid[] = {"\x80",
                             "\xbf",
                             "\xc0\x80",
                             "\xc1\xbf",
                             "\xe0\x9f\xbf",
                             "\xed\xa0\x80",
                             "\xed\xbf\xbf",
                             "\xf0\x8f\xbf\xbf",
                             "\xf4\x90\x80\x80",
                             "\xf5",
                             "\xfe",
                             "\xff",
                             "a\xce",
                             "\xe1\xbd",
                             "\xf0\x9f\x98",
                             "\xce\xce"};
    for (const char *text : invalid)
        expect(frame({1, text}), "error:1007");
    expect(frame({1, "\xce", false}) + frame({0, "\xce"}), "error:1007");
    expect(frame({1, "\xce", false}) + frame({0, ""}), "error:1007");
    // Told with the first byte that proves it, not at the end of the message.
    expect(frame({1, "\xf4\x90", false}), "error:1007");
    expect(frame({2, "\xff\xfe"}), "binary:\xff\xfe");
}

void the_closing_handshake_is_checked() {
    expect(frame({8, ""}), "close:none:");
    expect(closeFrame(1000, "bye"), "close:1000:bye");
    expect(closeFrame(1000, std::string(123, 'x')), ("close:1000:" + std::string(123, 'x')).c_str());
    for (const unsigned code : {1001u, 1002u, 1003u, 1007u, 1008u, 1011u, 1013u, 3000u, 4999u})
        expect(closeFrame(code), ("close:" + std::to_string(code) + ":").c_str());
    for (const unsigned code :
         {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u})
        expect(closeFrame(code), "error:1002");
    expect(frame({8, "\x03"}), "error:1002");
    expect(closeFrame(1000, "\xed\xa0\x80"), "error:1007");
    expect(closeFrame(1000, "\xce"), "error:1007");
    expect(closeFrame(1000) + frame({1, "late"}) + "garbage", "close:1000:");
}

/// The orders of frames that the Autobahn suite's sections 2 to 5 send to a server, by its numbers.
void every_order_of_fragments_and_control_frames_is_right_or_refused() {
    const struct {
        const char *number;
        std::string bytes;
        const char *wanted;
    } table[] = {
        {"2.7", frame({10, ""}), "pong:"},
        {"2.9", frame({10, "unasked"}) + frame({9, "p"}), "pong:unasked ping:p"},
        {"2.10", frame({9, "1"}) + frame({9, "2"}) + frame({9, "3"}), "ping:1 ping:2 ping:3"},
        {"3.2", frame({1, "small"}) + frame({1, "x", true, 2}) + frame({9, "p"}), "text:small error:1002"},
        {"3.5", frame({2, std::string(8, '\xff'), true, 5}), "error:1002"},
        {"3.7", frame({8, "", true, 7}), "error:1002"},
        {"4.1.3", frame({1, "small"}) + frame({5, ""}) + frame({9, "p"}), "text:small error:1002"},
        {"4.2.4", frame({1, "small"}) + frame({14, "data"}) + frame({9, "p"}), "text:small error:1002"},
        {"5.1", frame({9, "a", false}) + frame({0, "b"}), "error:1002"},
        {"5.6", frame({1, "a", false}) + frame({9, "p"}) + frame({0, "b"}), "ping:p text:ab"},
        {"5.9", frame({0, "late"}) + frame({1, "text"}), "error:1002"},
        {"5.12", frame({0, "late", false}) + frame({1, "text"}), "error:1002"},
        {"5.15", frame({1, "a", false}) + frame({0, "b"}) + frame({0, "c", false}) + frame({1, "d"}),
         "text:ab error:1002"},
        {"5.16", frame({0, "a", false}) + frame({1, "b", false}) + frame({0, "c"}), "error:1002"},
        {"5.18", frame({1, "a", false}) + frame({1, "b"}), "error:1002"},
        {"5.19",
         frame({1, "1", false}) + frame({0, "2", false}) + frame({9, "p"}) + frame({0, "3", false}) +
             frame({0, "4", false}) + frame({9, "q"}) + frame({0, "5"}),
         "ping:p ping:q text:12345"},
        {"6.1.3", frame({1, "", false}) + frame({0, "middle", false}) + frame({0, ""}), "text:middle"},
        {"6.4.1",
         frame({1, "\xce\xba\xe1\xbd\xb9\xcf\x83", false}) + frame({0, "\xf4\x90\x80\x80", false}) +
             frame({0, "\x65"}),
         "error:1007"},
        {"7.1.2", closeFrame(1000) + closeFrame(1000), "close:1000:"},
        {"7.1.4", closeFrame(1000) + frame({1, "after"}), "close:1000:"},
        {"7.1.5", frame({1, "a", false}) + closeFrame(1000) + frame({0, "b"}), "close:1000:"},
        {"7.3.2", frame({8, "a"}), "error:1002"},
        {"7.3.6", frame({8, "\x03\xe8" + std::string(124, 'x')}), "error:1002"},
        {"7.5.1", closeFrame(1000, "\xce\xba\xed\xa0\x80"), "error:1007"},
        {"7.13.1", closeFrame(5000), "error:1002"},
    };
    for (const auto &row : table) {
        g_test_message("%s", row.number);
        expect(row.bytes, row.wanted);
    }
}

/// As frame(), of a server.
std::string plain(unsigned opcode, const std::string &payload, bool fin = true) {
    return frame({opcode, payload, fin, 0, false});
}

void what_servers_send_is_not_masked() {
    const std::pair<std::string, const char *> table[] = {
        {plain(1, "hello") + plain(2, "\xff") + plain(1, ""), "text:hello binary:\xff text:"},
        {plain(1, std::string(60000, 'x')) + plain(1, "y"), "text:60000b text:y"},
        {plain(1, "Hel", false) + plain(9, "1") + plain(0, "lo") + plain(1, "more"),
         "ping:1 text:Hello text:more"},
        {plain(1, "a", false) + plain(1, "b"), "error:1002"},
        {plain(1, "\xff") + plain(1, "after"), "error:1007"},
        {plain(1, "\xce") + plain(1, "\xba"), "error:1007"},
        {plain(2, std::string(65537, 'x')), "error:1009"},
        {plain(8, "\x03\xe8"
                  "bye") +
             plain(1, "after"),
         "close:1000:bye"},
        {plain(8, ""), "close:none:"},
        {plain(1, "a") + frame({1, "b"}), "text:a error:1002"},
        {frame({9, "x"}), "error:1002"},
    };
    for (const auto &[bytes, wanted] : table)
        expect(bytes, wanted, Sender::Server);
}

void what_clients_send_is_masked_and_can_be_read() {
    for (const std::size_t size : {0, 1, 7, 8, 9, 125, 126, 1600, 65535, 65536}) {
        std::string payload(size, '\0');
        for (std::size_t i = 0; i < size; i++)
            payload[i] = static_cast<char>(i * 7);
        std::string wire = "before";
        appendFrame(wire, Opcode::Binary, payload, MaskKey{0x01, 0x80, 0xfe, 0x33});
        struct Keep : Log {
            std::string payload;
            void onMessage(Opcode, std::string_view whole) override { payload = whole; }
        } keep;
        FrameParser parser(Sender::Client);
        g_assert_false(parser.consume(std::string_view(wire).substr(6), keep).has_value());
        g_assert_true(keep.payload == payload);
    }
}

void a_mask_goes_on_wherever_it_was_cut() {
    const MaskKey key{1, 2, 4, 8};
    std::string whole(37, 'a');
    applyMask(whole.data(), whole.size(), key, 0);
    for (std::size_t cut = 0; cut <= whole.size(); cut++) {
        std::string pieces(37, 'a');
        applyMask(pieces.data(), cut, key, 0);
        applyMask(pieces.data() + cut, pieces.size() - cut, key, cut);
        g_assert_true(pieces == whole);
    }
}

void an_error_is_final() {
    FrameParser parser(Sender::Client);
    Log log;
    g_assert_true(parser.consume(frame({3, ""}), log).has_value());
    const auto again = parser.consume(frame({1, "hello"}), log);
    g_assert_true(again.has_value());
    g_assert_cmpuint(again->code, ==, 1002);
    g_assert_cmpuint(std::strlen(again->reason), >, 0);
    g_assert_cmpstr(log.text.c_str(), ==, "");
}

void what_the_server_sends_can_be_read_by_the_rfc() {
    const auto headerOf = [](std::size_t size) {
        std::string made;
        appendFrame(made, Opcode::Text, std::string(size, 'x'));
        return made.substr(0, made.size() - size);
    };
    const auto close = [](std::uint16_t code, const std::string &reason) {
        std::string made;
        appendFrame(made, Opcode::Close, closePayload(code, reason));
        return made;
    };
    g_assert_true(headerOf(0) == std::string("\x81\x00", 2));
    g_assert_true(headerOf(125) == "\x81\x7d");
    g_assert_true(headerOf(126) == std::string("\x81\x7e\x00\x7e", 4));
    g_assert_true(headerOf(65535) == "\x81\x7e\xff\xff");
    g_assert_true(headerOf(65536) == std::string("\x81\x7f\0\0\0\0\0\x01\0\0", 10));
    g_assert_true(close(1008, "Heartbeat timeout") == "\x88\x13\x03\xf0Heartbeat timeout");
    // A long reason is cut between characters.
    std::string longReason(122, 'x');
    longReason += kKosme;
    g_assert_cmpuint(close(1000, longReason).size(), ==, 2 + 2 + 122);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/ws-frame-parser/lengths", messages_of_every_length_form_arrive_unmasked);
    g_test_add_func("/ws-frame-parser/limit", more_than_the_limit_is_too_big_even_before_it_comes);
    g_test_add_func("/ws-frame-parser/headers", malformed_headers_are_protocol_errors);
    g_test_add_func("/ws-frame-parser/fragments", fragments_are_joined_and_control_frames_may_come_between);
    g_test_add_func("/ws-frame-parser/ping", pings_and_pongs_carry_their_payload);
    g_test_add_func("/ws-frame-parser/utf8", text_must_be_utf8_across_fragments);
    g_test_add_func("/ws-frame-parser/close", the_closing_handshake_is_checked);
    g_test_add_func("/ws-frame-parser/orders",
                    every_order_of_fragments_and_control_frames_is_right_or_refused);
    g_test_add_func("/ws-frame-parser/final-error", an_error_is_final);
    g_test_add_func("/ws-frame-parser/servers", what_servers_send_is_not_masked);
    g_test_add_func("/ws-frame-parser/clients", what_clients_send_is_masked_and_can_be_read);
    g_test_add_func("/ws-frame-parser/mask", a_mask_goes_on_wherever_it_was_cut);
    g_test_add_func("/ws-frame-parser/encoding", what_the_server_sends_can_be_read_by_the_rfc);
    return g_test_run();
}
