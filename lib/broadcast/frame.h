// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lt::broadcast {

/// Opcodes of RFC 6455.
enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// Close codes this server sends.
namespace closecode {
constexpr std::uint16_t kNormal = 1000;      ///< the session is over: do not come back
constexpr std::uint16_t kGoingAway = 1001;   ///< shutdown: come back later
constexpr std::uint16_t kProtocol = 1002;    ///< the peer broke RFC 6455
constexpr std::uint16_t kInvalidData = 1007; ///< text that is not UTF-8
constexpr std::uint16_t kPolicy = 1008;      ///< silent for too long
constexpr std::uint16_t kTooBig = 1009;      ///< a message above the limit
} // namespace closecode

/// What may be done to a frame that waits in a queue.
enum class FrameClass : std::uint8_t {
    Partial, ///< replaced by a newer one of its utterance, first to be dropped
    Final,   ///< dropped only when nothing else is left to drop
    Control, ///< never dropped; at most one of each opcode waits
};

/// One WebSocket frame as it goes over the wire, server to client. Immutable and shared: a message becomes a
/// frame once, whatever the number of viewers.
class Frame {
public:
    /// 0 stands for "of no utterance".
    using UtteranceKey = std::uint64_t;

    /// `payload` of up to 2^32 bytes. `queuedAt` is when the message was handed over, for the delivery times.
    Frame(Opcode opcode, std::string_view payload, FrameClass frameClass, UtteranceKey utterance = 0,
          net::TimePoint queuedAt = {});

    std::string_view bytes() const { return bytes_; }
    Opcode opcode() const { return opcode_; }
    FrameClass frameClass() const { return class_; }
    UtteranceKey utterance() const { return utterance_; }
    net::TimePoint queuedAt() const { return queuedAt_; }

private:
    std::string bytes_;
    UtteranceKey utterance_;
    net::TimePoint queuedAt_;
    Opcode opcode_;
    FrameClass class_;
};

using FrameRef = std::shared_ptr<const Frame>;

FrameRef makeFrame(Opcode opcode, std::string_view payload, FrameClass frameClass,
                   Frame::UtteranceKey utterance = 0, net::TimePoint queuedAt = {});
/// `reason` is cut to what a close frame holds (123 bytes), between characters.
FrameRef makeClose(std::uint16_t code, std::string_view reason);
/// A ping or pong; `payload` of at most 125 bytes.
FrameRef makeControl(Opcode opcode, std::string_view payload);

} // namespace lt::broadcast
