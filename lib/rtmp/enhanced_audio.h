// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/block.h"

#include <array>
#include <optional>
#include <string>

namespace lt::rtmp {

/// The header of an Enhanced RTMP audio message: first byte 0x9n. Envelopes (extensions of the header,
/// several tracks) are taken off; of several tracks the first one, number 0, is what counts.
struct EnhancedAudio {
    enum class Packet : std::uint8_t {
        SequenceStart = 0,
        CodedFrames = 1,
        SequenceEnd = 2,
        MultichannelConfig = 4,
    };

    Packet packet = Packet::CodedFrames;
    std::array<char, 4> fourCc{};
    /// Where the codec's own bytes lie in the message.
    std::size_t from = 0;
    std::size_t size = 0;
    bool otherTrack = false; ///< nothing of track 0 is in it

    bool is(const char (&name)[5]) const { return std::equal(fourCc.begin(), fourCc.end(), name); }
    /// Fit for logs and peers: letters that cannot be printed become '?'.
    std::string codec() const;

    /// Nothing when it is malformed.
    static std::optional<EnhancedAudio> parse(Bytes message);
};

} // namespace lt::rtmp
