// SPDX-License-Identifier: LGPL-2.1-or-later
// What a WebSocket client hears: the answer to its upgrade, and frames behind it. The outcome must not depend
// on how the bytes are cut.
#include "lib/ws/client_handshake.h"
#include "lib/ws/frame_parser.h"
#include "tests/fuzz/fuzz_target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace lt::ws;

namespace {

constexpr std::size_t kLimit = 1000;
/// The one of RFC 6455 §1.3, so that the corpus can prove something.
constexpr ClientHandshake::Nonce kNonce = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p',
                                           'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

/// Writes down what happened.
struct Transcript : FrameHandler {
    std::string log;

    void onMessage(Opcode type, std::string_view payload) override {
        if (payload.size() > kLimit)
            fail("a message above the limit");
        add(type == Opcode::Text ? 't' : 'b', payload);
    }
    void onPing(std::string_view payload) override { add('p', payload); }
    void onPong(std::string_view payload) override { add('o', payload); }
    void onClose(std::optional<std::uint16_t> code, std::string_view reason) override {
        add('c', std::to_string(code.value_or(0)));
        add('r', reason);
    }
    void add(char what, std::string_view payload) {
        (log += what) += std::to_string(payload.size());
        log += payload;
    }
};

std::string runWith(std::string_view bytes, std::size_t step) {
    ClientHandshake handshake("example.org", "/", "fuzzer", kNonce);
    FrameParser parser(Sender::Server, kLimit);
    Transcript transcript;
    std::optional<ProtocolError> error;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        std::string_view piece = bytes.substr(at, step);
        if (handshake.consume(piece) == ClientHandshake::State::Done)
            error = parser.consume(piece, transcript);
    }
    if (error)
        transcript.add('e', error->reason);
    transcript.add('s', std::to_string(static_cast<int>(handshake.state())));
    transcript.add('h', std::to_string(handshake.status()) + handshake.reason());
    return transcript.log;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    const auto whole = runWith(bytes, std::max<std::size_t>(size, 1));
    if (whole != runWith(bytes, 1) || whole != runWith(bytes, 7))
        fail("the outcome depends on how the bytes were cut");
    return 0;
}
