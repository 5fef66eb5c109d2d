// SPDX-License-Identifier: LGPL-2.1-or-later
// What a WebSocket client or server sends: the outcome must not depend on how the bytes are cut, and no
// message may be above the limit or, as text, anything but UTF-8.
#include "lib/ws/frame_parser.h"
#include "tests/fuzz/fuzz_target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <glib.h>

using namespace lt::ws;

namespace {

constexpr std::size_t kLimit = 1000;

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
        if (type == Opcode::Text && !g_utf8_validate_len(payload.data(), payload.size(), nullptr) &&
            payload.find('\0') == payload.npos)
            fail("text that is not UTF-8");
        add('m', payload);
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

std::string runWith(std::string_view bytes, std::size_t step, Sender sender) {
    FrameParser parser(sender, kLimit);
    Transcript transcript;
    std::optional<ProtocolError> error;
    for (std::size_t at = 0; at < bytes.size(); at += step)
        error = parser.consume(bytes.substr(at, step), transcript);
    if (error)
        transcript.add('e', error->reason);
    return transcript.log;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    for (const Sender sender : {Sender::Client, Sender::Server}) {
        const auto whole = runWith(bytes, std::max<std::size_t>(size, 1), sender);
        if (whole != runWith(bytes, 1, sender) || whole != runWith(bytes, 7, sender))
            fail("the outcome depends on how the bytes were cut");
    }
    return 0;
}
