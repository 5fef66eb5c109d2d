// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/audio_format.h"
#include "lib/rtmp/enhanced_audio.h"

#include <memory>
#include <optional>
#include <string>

namespace lt::rtmp {

/// Looks at each audio message of one publisher and decides what goes downstream: AAC, MP3 and G.711, each in
/// the legacy form that a demuxer takes (Enhanced RTMP's form is rewritten), and Opus where it is wanted.
class AudioTrack {
public:
    enum class Verdict {
        Frame,        ///< coded audio
        Config,       ///< a (new) decoder configuration
        Silence,      ///< an empty message: legal, nothing to pass on
        BeforeConfig, ///< a frame no decoder could take yet
        Malformed,
        Ignored,     ///< a further track, an announcement, "no audio"
        Unsupported, ///< the publisher sends what this server does not take: unsupported() names it
    };

    /// Opus has no legacy form: it can go where no FLV is written.
    void takeOpus(bool take) { takesOpus_ = take; }

    /// May rewrite the header of `body`. After Frame and Config, its first headerBytes() are RTMP's, the rest
    /// is the codec's.
    Verdict look(Block &body);
    std::size_t headerBytes() const { return headerBytes_; }
    /// Of the last frame or configuration; null before the first. A change makes a new one.
    const std::shared_ptr<const AudioFormat> &format() const { return format_; }
    /// What the publisher sends and what it could send instead, after "this server takes … , ".
    const std::string &unsupported() const { return unsupported_; }

private:
    Verdict lookAac(Block &body);
    Verdict lookMp3(Block &body);
    Verdict lookG711(const Block &body, AudioCodec codec);
    Verdict lookEnhanced(Block &body);
    Verdict lookOpus(Block &body, const EnhancedAudio &header);
    /// False when another codec has been established: a stray message does not end a good stream.
    bool mayBe(AudioCodec codec) const { return !format_ || format_->codec == codec; }
    void setFormat(const AudioFormat &format);
    Verdict refuse(const std::string &codec);

    bool takesOpus_ = false;
    std::size_t headerBytes_ = 0;
    std::shared_ptr<const AudioFormat> format_;
    std::string unsupported_;
};

} // namespace lt::rtmp
