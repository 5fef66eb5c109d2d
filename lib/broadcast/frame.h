// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"
#include "lib/ws/wire.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lt::broadcast {

using ws::Opcode;

/// Close codes this server sends.
namespace closecode {
using namespace ws::closecode;
constexpr std::uint16_t kToken = 4401; ///< its token has expired
constexpr std::uint16_t kLease = 4409; ///< published without holding the lease
} // namespace closecode

/// What may be done to a frame that waits in a queue.
enum class FrameClass : std::uint8_t {
    Partial, ///< replaced by a newer one of its utterance, first to be dropped
    Final,   ///< dropped only when nothing else is left to drop
    Notice,  ///< of version 2, about the connection or the room: never dropped, a newer one of its key
             ///< replaces it
    Control, ///< of RFC 6455: never dropped; at most one of each opcode waits
};

/// What is known of a frame besides its bytes, so that nobody has to parse them.
struct FrameLabel {
    /// 0 stands for "of no utterance".
    using Key = std::uint64_t;

    FrameClass frameClass = FrameClass::Control;
    Key key = 0;               ///< utterance; of a notice: what it tells of
    std::uint64_t seq = 0;     ///< 0: not numbered
    net::TimePoint queuedAt{}; ///< when the message was handed over, for delivery times and ages
    std::string language = {}; ///< for filters
};

/// One WebSocket frame as it goes over the wire, server to client. Immutable and shared: a message becomes a
/// frame once, whatever the number of viewers.
class Frame {
public:
    /// `payload` of up to 2^32 bytes.
    Frame(Opcode opcode, std::string_view payload, FrameLabel label);
    /// Several frames that are on the wire form already and stay together: a notice, as far as queues care.
    explicit Frame(std::string wire);

    std::string_view bytes() const { return bytes_; }
    std::string_view payload() const { return std::string_view(bytes_).substr(payloadAt_); }
    Opcode opcode() const { return opcode_; }
    const FrameLabel &label() const { return label_; }
    FrameClass frameClass() const { return label_.frameClass; }

private:
    std::string bytes_;
    std::size_t payloadAt_;
    FrameLabel label_;
    Opcode opcode_;
};

using FrameRef = std::shared_ptr<const Frame>;

FrameRef makeFrame(Opcode opcode, std::string_view payload, FrameLabel label);
/// A text frame that is about the connection or the room; `key` says what it tells of.
FrameRef makeNotice(std::string_view payload, FrameLabel::Key key = 0);
/// `reason` is cut to what a close frame holds (123 bytes), between characters.
FrameRef makeClose(std::uint16_t code, std::string_view reason);
/// A ping or pong; `payload` of at most 125 bytes.
FrameRef makeControl(Opcode opcode, std::string_view payload);

} // namespace lt::broadcast
