// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/livetranscript/gsttranscriptmeta.h"
#include "lib/recogniser/audio_backlog.h"
#include "lib/transcript/transcript.h"

#include <cstdint>
#include <string>

namespace lt {

/// A message for downstream, on the pipeline's clocks.
struct SpokenTranscript {
    Transcript transcript;
    GstTranscriptStamps stamps = GST_TRANSCRIPT_STAMPS_INIT; ///< all but `pushed`
    std::uint64_t spokenNs = ~std::uint64_t{0}; ///< the utterance's end on the monotonic clock; ~0 unknown
    bool afterHole = false;                     ///< audio before it was lost
};

/// Says downstream that this audio was not heard. `number`: of the gap within the epoch.
LT_EXPORT SpokenTranscript makeGap(const std::string &epoch, std::uint64_t number, const LostRange &range,
                                   const std::string &reason, std::uint64_t nowNs);

} // namespace lt
