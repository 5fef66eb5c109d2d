// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/audio_format.h"
#include "lib/rtmp/message.h"

#include <memory>

namespace lt::rtmp {

/// One message of a publisher that goes downstream; its body is a valid, non-empty FLV tag body, unless its
/// format has no form in FLV.
struct MediaTag {
    enum class Kind {
        Audio,       ///< a coded frame
        AudioConfig, ///< decoder configuration
        Video,
        VideoKey,
        VideoConfig,
        Metadata,
    };

    Kind kind = Kind::Audio;
    std::uint32_t timestamp = 0; ///< ms on the publisher's clock; wraps, may jump
    TimePoint arrival;
    Block body;
    /// Of audio; a change of format is another object.
    std::shared_ptr<const AudioFormat> format{};
    std::size_t headerBytes = 0; ///< of audio: how many of the body's first bytes are not the codec's

    Bytes payload() const { return body.bytes().subspan(headerBytes); }
    /// No coded frame: publishers send it again and again, at any time, with any timestamp.
    bool isHeader() const {
        return kind == Kind::AudioConfig || kind == Kind::VideoConfig || kind == Kind::Metadata;
    }
    bool isVideo() const {
        return kind == Kind::Video || kind == Kind::VideoKey || kind == Kind::VideoConfig;
    }
    std::uint8_t flvType() const { return kind == Kind::Metadata ? kData : isVideo() ? kVideo : kAudio; }
};

} // namespace lt::rtmp
