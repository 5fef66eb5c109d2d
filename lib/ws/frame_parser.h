// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/ws/utf8_checker.h"
#include "lib/ws/wire.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lt::ws {

/// What the peer's bytes mean. Views are valid during the call only.
class FrameHandler {
public:
    virtual ~FrameHandler() = default;
    /// A whole message, its fragments joined; text is valid UTF-8.
    virtual void onMessage(Opcode type, std::string_view payload) = 0;
    virtual void onPing(std::string_view payload) = 0;
    virtual void onPong(std::string_view payload) = 0;
    /// The peer closes; `code` is empty when its frame carried none. Nothing comes after this.
    virtual void onClose(std::optional<std::uint16_t> code, std::string_view reason) = 0;
};

/// Why a connection must be closed, as it stands in the close frame.
struct ProtocolError {
    std::uint16_t code;
    const char *reason;
};

/// Incremental parser of what clients or servers send (RFC 6455 §5, no extensions). Pure: bytes in, events
/// out. Memory never grows with what a header announces, only with what came, and not above the limit; an
/// idle parser holds no heap memory. A server's message that comes in one piece is handed on where it lies.
class FrameParser {
public:
    static constexpr std::size_t kDefaultMaxMessage = 64 * 1024;

    explicit FrameParser(Sender sender, std::size_t maxMessage = kDefaultMaxMessage)
        : maxMessage_(maxMessage), sender_(sender) {}

    /// Consumes all of `bytes`. An error is final: this and every later call returns it and calls nothing.
    /// After onClose() everything is ignored.
    std::optional<ProtocolError> consume(std::string_view bytes, FrameHandler &handler);

private:
    static constexpr std::size_t kMaxHeader = 14;

    bool readHeader(std::string_view &bytes);
    std::size_t headerSize() const;
    bool beginFrame();
    bool checkLength();
    bool checkSequence();
    bool readPayload(std::string_view &bytes);
    bool handOnWhole(std::string_view &bytes, FrameHandler &handler);
    bool endFrame(FrameHandler &handler);
    bool endMessage(FrameHandler &handler);
    bool endClose(FrameHandler &handler);
    bool fail(std::uint16_t code, const char *reason);
    std::size_t maskSize() const { return sender_ == Sender::Client ? sizeof(MaskKey) : 0; }
    bool isControl() const { return static_cast<std::uint8_t>(opcode_) >= 8; }

    std::size_t maxMessage_;
    std::optional<ProtocolError> error_;
    std::string message_; // fragments so far
    std::string control_; // kept apart: control frames come between fragments
    std::uint64_t length_ = 0, done_ = 0;
    std::array<std::uint8_t, kMaxHeader> header_{};
    std::uint8_t headerBytes_ = 0;
    Opcode opcode_ = Opcode::Continuation; // of the frame being read
    Opcode type_ = Opcode::Continuation;   // of the message being joined; Continuation: none
    Sender sender_;
    bool fin_ = false;
    bool inPayload_ = false;
    bool closed_ = false;
    Utf8Checker utf8_;
};

} // namespace lt::ws
