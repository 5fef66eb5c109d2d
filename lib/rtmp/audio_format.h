// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/rtmp/block.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace lt::rtmp {

enum class AudioCodec { None, Aac, Mp3, Alaw, Mulaw, Opus };

/// For people: "AAC", "G.711 A-law"; "" for None.
LT_EXPORT const char *codecName(AudioCodec codec);

/// What a decoder has to know before the first frame.
struct AudioFormat {
    AudioCodec codec = AudioCodec::None;
    unsigned rate = 0;     ///< Hz; of AAC that of the core: SBR doubles it in the decoder
    unsigned channels = 0; ///< 1 to 8
    /// AudioSpecificConfig of AAC, identification header of Opus; may be empty for the others.
    std::vector<std::uint8_t> codecData;

    bool operator==(const AudioFormat &) const = default;

    /// Each gives nothing for bytes that no decoder could start with.
    static std::optional<AudioFormat> ofAac(Bytes audioSpecificConfig);
    /// From the header of the frame itself.
    static std::optional<AudioFormat> ofMp3(Bytes frame);
    static std::optional<AudioFormat> ofOpus(Bytes identificationHeader);
    /// From the first packet of a publisher that sends no header.
    static std::optional<AudioFormat> ofOpusPacket(Bytes packet);

    /// How many samples per channel, at `rate`, a frame of this format holds; 0 when it does not say.
    LT_EXPORT unsigned samplesIn(Bytes frame) const;
};

} // namespace lt::rtmp
