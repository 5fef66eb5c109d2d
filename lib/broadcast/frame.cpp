// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/frame.h"

#include <utility>

namespace lt::broadcast {

namespace {

std::string encode(Opcode opcode, std::string_view payload) {
    std::string out;
    ws::appendFrame(out, opcode, payload);
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
    return makeFrame(Opcode::Close, ws::closePayload(code, reason), {});
}

FrameRef makeControl(Opcode opcode, std::string_view payload) {
    return makeFrame(opcode, payload.substr(0, ws::kMaxControlPayload), {});
}

} // namespace lt::broadcast
