// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/frame_parser.h"

#include <algorithm>
#include <utility>

namespace lt::ws {

namespace {

constexpr std::uint8_t kFin = 0x80, kReserved = 0x70, kOpcode = 0x0f; // first byte
constexpr std::uint8_t kMask = 0x80, kLength = 0x7f;                  // second byte
constexpr std::uint8_t kLength16 = 126, kLength64 = 127;

bool isKnownOpcode(std::uint8_t opcode) {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

/// Codes a peer may put into a close frame (RFC 6455 §7.4 and the IANA registry).
bool isCloseCode(unsigned code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

} // namespace

std::optional<ProtocolError> FrameParser::consume(std::string_view bytes, FrameHandler &handler) {
    while (!error_ && !closed_) {
        if (!inPayload_ && !(readHeader(bytes) && beginFrame()))
            break;
        if (handOnWhole(bytes, handler))
            continue;
        if (!readPayload(bytes) || !endFrame(handler))
            break;
    }
    return error_;
}

bool FrameParser::fail(std::uint16_t code, const char *reason) {
    error_ = ProtocolError{code, reason};
    message_ = {};
    control_ = {};
    return false;
}

/// Size of the header as far as its first two bytes tell it.
std::size_t FrameParser::headerSize() const {
    if (headerBytes_ < 2)
        return 2;
    const std::uint8_t length = header_[1] & kLength;
    return 2 + (length == kLength16 ? 2 : length == kLength64 ? 8 : 0) + maskSize();
}

bool FrameParser::readHeader(std::string_view &bytes) {
    while (headerBytes_ < headerSize()) {
        if (bytes.empty())
            return false;
        header_[headerBytes_++] = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
        // Told at once, not when the rest of the header has come.
        if (headerBytes_ == 1 && (header_[0] & kReserved))
            return fail(closecode::kProtocol, "Reserved bits are set");
        if (headerBytes_ == 1 && !isKnownOpcode(header_[0] & kOpcode))
            return fail(closecode::kProtocol, "Unknown opcode");
        if (headerBytes_ == 2 && (header_[1] & kMask) != (sender_ == Sender::Client ? kMask : 0))
            return fail(closecode::kProtocol,
                        sender_ == Sender::Client ? "Frame is not masked" : "Frame is masked");
    }
    return true;
}

bool FrameParser::beginFrame() {
    opcode_ = static_cast<Opcode>(header_[0] & kOpcode);
    fin_ = header_[0] & kFin;
    length_ = header_[1] & kLength;
    if (length_ >= kLength16) {
        const std::size_t size = length_ == kLength16 ? 2 : 8;
        length_ = 0;
        for (std::size_t i = 0; i < size; i++)
            length_ = length_ << 8 | header_[2 + i];
    }
    done_ = 0;
    inPayload_ = true;
    return checkLength() && checkSequence();
}

bool FrameParser::checkLength() {
    const std::uint8_t form = header_[1] & kLength;
    if (length_ >> 63)
        return fail(closecode::kProtocol, "Payload length is not valid");
    if ((form == kLength16 && length_ < kLength16) || (form == kLength64 && length_ <= 0xffff))
        return fail(closecode::kProtocol, "Payload length is not minimal");
    if (isControl()) {
        if (!fin_)
            return fail(closecode::kProtocol, "Control frame is fragmented");
        if (length_ > kMaxControlPayload)
            return fail(closecode::kProtocol, "Control frame is too long");
        return true;
    }
    if (length_ > maxMessage_ - message_.size())
        return fail(closecode::kTooBig, "Message is too big");
    return true;
}

bool FrameParser::checkSequence() {
    if (isControl())
        return true;
    if (opcode_ == Opcode::Continuation)
        return type_ != Opcode::Continuation || fail(closecode::kProtocol, "Continuation of nothing");
    if (type_ != Opcode::Continuation)
        return fail(closecode::kProtocol, "New message inside a fragmented one");
    type_ = opcode_;
    return true;
}

/// A whole unmasked message need not be copied. True when it was one, also when it was refused.
bool FrameParser::handOnWhole(std::string_view &bytes, FrameHandler &handler) {
    const bool begins = done_ == 0 && message_.empty() && opcode_ != Opcode::Continuation;
    if (maskSize() != 0 || isControl() || !fin_ || !begins || bytes.size() < length_)
        return false;
    const std::string_view payload = bytes.substr(0, static_cast<std::size_t>(length_));
    bytes.remove_prefix(payload.size());
    headerBytes_ = 0;
    inPayload_ = false;
    type_ = Opcode::Continuation;
    if (opcode_ == Opcode::Text && !(utf8_.feed(payload) && utf8_.complete()))
        fail(closecode::kInvalidData, "Text is not valid UTF-8");
    else
        handler.onMessage(opcode_, payload);
    return true;
}

/// True when the frame's payload is complete.
bool FrameParser::readPayload(std::string_view &bytes) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), length_ - done_));
    std::string &into = isControl() ? control_ : message_;
    const std::size_t start = into.size();
    into.append(bytes.substr(0, count));
    if (maskSize() != 0) {
        MaskKey key;
        std::copy_n(header_.data() + headerSize() - key.size(), key.size(), key.begin());
        applyMask(into.data() + start, count, key, done_);
    }
    done_ += count;
    bytes.remove_prefix(count);
    if (!isControl() && type_ == Opcode::Text && !utf8_.feed(std::string_view(into).substr(start)))
        return fail(closecode::kInvalidData, "Text is not valid UTF-8");
    return done_ == length_;
}

bool FrameParser::endFrame(FrameHandler &handler) {
    headerBytes_ = 0;
    inPayload_ = false;
    if (!isControl())
        return !fin_ || endMessage(handler);
    const std::string payload = std::exchange(control_, {});
    switch (opcode_) {
    case Opcode::Ping:
        handler.onPing(payload);
        return true;
    case Opcode::Pong:
        handler.onPong(payload);
        return true;
    default:
        control_ = payload;
        return endClose(handler);
    }
}

bool FrameParser::endMessage(FrameHandler &handler) {
    if (type_ == Opcode::Text && !utf8_.complete())
        return fail(closecode::kInvalidData, "Text is not valid UTF-8");
    const std::string payload = std::exchange(message_, {});
    utf8_.reset();
    handler.onMessage(std::exchange(type_, Opcode::Continuation), payload);
    return true;
}

bool FrameParser::endClose(FrameHandler &handler) {
    const std::string payload = std::exchange(control_, {});
    std::optional<std::uint16_t> code;
    std::string_view reason;
    if (payload.size() == 1)
        return fail(closecode::kProtocol, "Close frame has half a code");
    if (payload.size() >= 2) {
        code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                          static_cast<std::uint8_t>(payload[1]));
        if (!isCloseCode(*code))
            return fail(closecode::kProtocol, "Close code is not valid");
        reason = std::string_view(payload).substr(2);
        Utf8Checker checker;
        if (!checker.feed(reason) || !checker.complete())
            return fail(closecode::kInvalidData, "Close reason is not valid UTF-8");
    }
    closed_ = true;
    message_ = {};
    handler.onClose(code, reason);
    return false;
}

} // namespace lt::ws
