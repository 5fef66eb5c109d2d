// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

namespace lt::rtmp {

inline bool isKeyFrame(std::uint8_t firstByte) {
    return (firstByte >> 4 & 7) == 1;
}

/// Looks at each video message, where video is wanted at all: lets through H.264 that a demuxer can take.
class VideoTrack {
public:
    enum class Verdict { Frame, KeyFrame, Config, Dropped };

    Verdict look(Bytes body) {
        constexpr std::uint8_t kAvc = 7;
        // An enhanced header (top bit set) names its codec otherwise.
        if (body.size() < 6 || body[0] & 0x80 || (body[0] & 0x0f) != kAvc)
            return Verdict::Dropped;
        if (body[1] == 0) {
            configured_ = true;
            return Verdict::Config;
        }
        if (body[1] != 1 || !configured_)
            return Verdict::Dropped;
        return isKeyFrame(body[0]) ? Verdict::KeyFrame : Verdict::Frame;
    }

private:
    bool configured_ = false;
};

} // namespace lt::rtmp
