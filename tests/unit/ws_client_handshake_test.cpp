// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/client_handshake.h"

#include <algorithm>
#include <string>
#include <utility>

#include <glib.h>

using namespace lt::ws;
using State = ClientHandshake::State;

namespace {

/// The key and the proof of RFC 6455 §1.3.
constexpr ClientHandshake::Nonce kNonce = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p',
                                           'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

ClientHandshake made() {
    return ClientHandshake("example.org:8080", "/v2/live?token=abc", "tester", kNonce);
}

std::string answer(const std::string &extra = "", const std::string &accept = kAccept) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept + "\r\n" + extra + "\r\n";
}

/// The outcome, the same however the bytes are cut.
State outcome(const std::string &bytes, unsigned *status = nullptr) {
    State states[3];
    std::size_t step[3] = {std::max<std::size_t>(bytes.size(), 1), 1, 7};
    for (int i = 0; i < 3; i++) {
        ClientHandshake handshake = made();
        for (std::size_t at = 0; at < bytes.size(); at += step[i]) {
            std::string_view piece = std::string_view(bytes).substr(at, step[i]);
            handshake.consume(piece);
        }
        states[i] = handshake.state();
        if (status)
            *status = handshake.status();
    }
    g_assert_true(states[0] == states[1] && states[1] == states[2]);
    return states[0];
}

} // namespace

static void the_request_is_that_of_the_rfc() {
    const std::string request = made().request();
    g_assert_true(request.starts_with("GET /v2/live?token=abc HTTP/1.1\r\nHost: example.org:8080\r\n"));
    for (const char *line :
         {"\r\nUpgrade: websocket\r\n", "\r\nConnection: Upgrade\r\n", "\r\nSec-WebSocket-Version: 13\r\n",
          "\r\nUser-Agent: tester\r\n", "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"})
        g_assert_true(request.find(line) != std::string::npos);
    g_assert_true(request.ends_with("\r\n\r\n"));
    g_assert_true(request.find("Sec-WebSocket-Extensions") == std::string::npos);
}

static void the_right_answer_opens_and_frames_may_follow_at_once() {
    ClientHandshake handshake = made();
    const std::string bytes = answer() + "\x81\x02hi";
    std::string_view left = bytes;
    g_assert_true(handshake.consume(left) == State::Done);
    g_assert_true(left == "\x81\x02hi");
    g_assert_true(handshake.consume(left) == State::Done);
    g_assert_cmpuint(left.size(), ==, 4); // not the handshake's
}

static void names_and_tokens_are_read_whatever_their_case() {
    g_assert_true(outcome("HTTP/1.1 101 x\r\nuPGRADE:  WebSocket \r\nconnection: keep-alive,\tupgrade\r\n"
                          "sec-websocket-accept:" +
                          kAccept + "\r\nX: y\r\n\r\n") == State::Done);
    g_assert_true(
        outcome("HTTP/1.1 101\r\nUpgrade: h2c, websocket\r\nConnection: Upgrade\r\nConnection: a\r\n"
                "Sec-WebSocket-Accept: " +
                kAccept + "\r\n\r\n") == State::Done);
}

static void an_interim_answer_is_passed_over() {
    g_assert_true(outcome("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer()) == State::Done);
}

static void any_other_status_is_told() {
    for (const unsigned wanted : {200u, 301u, 400u, 403u, 404u, 429u, 500u, 503u, 999u}) {
        unsigned status = 0;
        g_assert_true(outcome("HTTP/1.1 " + std::to_string(wanted) + " No\r\nContent-Length: 5\r\n\r\nhello",
                              &status) == State::Refused);
        g_assert_cmpuint(status, ==, wanted);
    }
}

static void what_proves_nothing_is_refused() {
    const std::pair<std::string, const char *> table[] = {
        {answer("", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO="), "another key's proof"},
        {answer("", ""), "an empty proof"},
        {answer("Sec-WebSocket-Accept: " + kAccept + "\r\n"), "two proofs"},
        {answer("Sec-WebSocket-Extensions: permessage-deflate\r\n"), "an extension"},
        {answer("Sec-WebSocket-Protocol: chat\r\n"), "a subprotocol"},
        {answer("no colon\r\n"), "no field"},
        {answer(" folded: x\r\n"), "a folded line"},
        {answer("name : x\r\n"), "a blank before the colon"},
        {answer(": x\r\n"), "no name"},
        {"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + kAccept + "\r\n\r\n",
         "no Upgrade"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + kAccept + "\r\n\r\n",
         "no Connection"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "no proof"},
        {"HTTP/2 101 x\r\n\r\n", "another version"},
        {"HTTP/1.1 10 x\r\n\r\n", "two digits"},
        {"HTTP/1.1 1010 x\r\n\r\n", "four digits"},
        {"HTTP/1.1 099 x\r\n\r\n", "below 100"},
        {"SSH-2.0-OpenSSH\r\n\r\n", "another protocol"},
        {"\r\n\r\n", "nothing"},
        {"HTTP/1.1 101 x\r\nA: " + std::string(ClientHandshake::kMaxHead, 'a'), "no end"},
    };
    for (const auto &[bytes, what] : table) {
        g_test_message("%s", what);
        g_assert_true(outcome(bytes) == State::Broken);
    }
}

static void half_an_answer_is_none() {
    const std::string whole = answer();
    for (std::size_t size = 0; size < whole.size(); size++)
        g_assert_true(outcome(whole.substr(0, size)) == State::Reading);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"the request is that of the RFC", the_request_is_that_of_the_rfc},
        {"the right answer opens and frames may follow at once",
         the_right_answer_opens_and_frames_may_follow_at_once},
        {"names and tokens are read whatever their case", names_and_tokens_are_read_whatever_their_case},
        {"an interim answer is passed over", an_interim_answer_is_passed_over},
        {"any other status is told", any_other_status_is_told},
        {"what proves nothing is refused", what_proves_nothing_is_refused},
        {"half an answer is none", half_an_answer_is_none},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/ws-client-handshake/") + name).c_str(), test);
    return g_test_run();
}
