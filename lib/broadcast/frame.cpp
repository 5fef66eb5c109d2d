// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/frame.h"

#include <utility>

namespace lt::broadcast {

namespace {

constexpr std::size_t kMaxSmall = 125;
constexpr std::size_t kMaxMedium = 0xffff;
constexpr std::size_t kMaxReason = kMaxSmall - 2;

void appendBigEndian(std::string &out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift & 0xff);
}

std::string encode(Opcode opcode, std::string_view payload) {
    std::string out;
    out.reserve(10 + payload.size());
    out += static_cast<char>(0x80 | static_cast<int>(opcode)); // FIN: this server never fragments
    if (payload.size() <= kMaxSmall) {
        out += static_cast<char>(payload.size());
    } else if (payload.size() <= kMaxMedium) {
        out += static_cast<char>(126);
        appendBigEndian(out, payload.size(), 2);
    } else {
        out += static_cast<char>(127);
        appendBigEndian(out, payload.size(), 8);
    }
    out += payload;
    return out;
}

} // namespace

Frame::Frame(Opcode opcode, std::string_view payload, FrameLabel label)
    : bytes_(encode(opcode, payload)),
      payloadAt_(bytes_.size() - payload.size()),
      label_(std::move(label)),
      opcode_(opcode) {}

Frame::Frame(std::string wire)
    : bytes_(std::move(wire)),
      payloadAt_(0),
      label_{.frameClass = FrameClass::Notice},
      opcode_(Opcode::Text) {}

FrameRef makeFrame(Opcode opcode, std::string_view payload, FrameLabel label) {
    return std::make_shared<const Frame>(opcode, payload, std::move(label));
}

FrameRef makeNotice(std::string_view payload, FrameLabel::Key key) {
    return makeFrame(Opcode::Text, payload, {.frameClass = FrameClass::Notice, .key = key});
}

FrameRef makeClose(std::uint16_t code, std::string_view reason) {
    std::size_t length = reason.size();
    if (length > kMaxReason) {
        length = kMaxReason;
        while (length > 0 && (static_cast<unsigned char>(reason[length]) & 0xc0) == 0x80)
            length--;
    }
    std::string payload;
    appendBigEndian(payload, code, 2);
    payload += reason.substr(0, length);
    return makeFrame(Opcode::Close, payload, {});
}

FrameRef makeControl(Opcode opcode, std::string_view payload) {
    return makeFrame(opcode, payload.substr(0, kMaxSmall), {});
}

} // namespace lt::broadcast
