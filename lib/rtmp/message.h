// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/block.h"

#include <chrono>
#include <cstdint>
#include <functional>

/// Words of the wire format that several of its classes share.
namespace lt::rtmp {

/// Time is an argument everywhere in the wire layer, on the monotonic clock.
using TimePoint = std::chrono::steady_clock::time_point;
/// What time it is: tests bring their own.
using TimeSource = std::function<TimePoint()>;
using Milliseconds = std::chrono::milliseconds;

enum MessageType : std::uint8_t {
    kSetChunkSize = 1,
    kAbort = 2,
    kAcknowledgement = 3,
    kUserControl = 4,
    kWindowAckSize = 5,
    kSetPeerBandwidth = 6,
    kAudio = 8,
    kVideo = 9,
    kDataAmf3 = 15,
    kCommandAmf3 = 17,
    kData = 18,
    kCommand = 20,
    kAggregate = 22,
};

enum UserControlEvent : std::uint16_t {
    kStreamBegin = 0,
    kPingRequest = 6,
    kPingResponse = 7,
};

struct MessageHeader {
    std::uint32_t chunkStream = 0;
    std::uint32_t timestamp = 0; ///< ms, wraps
    std::uint32_t length = 0;
    std::uint8_t type = 0;
    std::uint32_t messageStream = 0;
};

/// What a publisher may ask of one connection before it is closed.
struct Limits {
    std::uint32_t chunkSize = 0xffffff;   ///< larger announcements are taken as this
    std::uint32_t replyChunkSize = 65536; ///< of what we send; ffmpeg takes it for itself too
    std::size_t messageBytes = 1 << 20;   ///< audio, data, commands
    std::size_t videoBytes = 8 << 20;     ///< video that is kept; skipped video has no limit of its own
    std::size_t partialBytes = 16 << 20;  ///< over all chunk streams
    std::size_t chunkStreams = 32;
    std::uint32_t chunksPerSecond = 1'000'000; ///< work budget against one-byte chunks
    unsigned messageStreams = 8;
    unsigned messagesBeforePublish = 32;
    unsigned amfDepth = 16;
    unsigned amfItems = 1024;
    std::size_t appLength = 512;
    std::size_t nameLength = 1024;
    Milliseconds handshakeTimeout{5000};
    Milliseconds publishTimeout{10000};    ///< from accept to the publish command
    Milliseconds firstMediaTimeout{20000}; ///< from publish to the first media byte
};

} // namespace lt::rtmp
