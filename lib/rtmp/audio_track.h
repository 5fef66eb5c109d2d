// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <optional>
#include <string>

namespace lt::rtmp {

/// What an AudioSpecificConfig says of the coded audio.
struct AacConfig {
    unsigned objectType = 0;
    unsigned rate = 0;     ///< Hz, of the core; SBR doubles it in the decoder
    unsigned channels = 0; ///< 1 to 8

    /// Nothing for bytes that no decoder could start with.
    static std::optional<AacConfig> parse(Bytes config);
};

/// Looks at each audio message of one publisher and decides what goes downstream: only AAC that a demuxer and
/// a decoder can take. Enhanced RTMP's way to carry AAC is rewritten to the legacy one.
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

    /// May rewrite the header of `body`.
    Verdict look(Block &body);
    const std::optional<AacConfig> &config() const { return config_; }
    const std::string &unsupported() const { return unsupported_; }

private:
    Verdict lookAac(Block &body);
    Verdict lookEnhanced(Block &body);
    Verdict refuse(std::string codec);

    std::optional<AacConfig> config_;
    std::string unsupported_;
};

} // namespace lt::rtmp
