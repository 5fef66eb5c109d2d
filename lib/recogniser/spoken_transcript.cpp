// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/spoken_transcript.h"

namespace lt {

SpokenTranscript makeGap(const std::string &epoch, std::uint64_t number, const LostRange &range,
                         const std::string &reason, std::uint64_t nowNs) {
    SpokenTranscript spoken;
    spoken.transcript.kind = GST_TRANSCRIPT_KIND_GAP;
    spoken.transcript.epoch = epoch;
    spoken.transcript.utteranceId = "gap-" + std::to_string(number);
    spoken.transcript.isFinal = true;
    spoken.transcript.startNs = range.startNs;
    spoken.transcript.endNs = range.endNs;
    spoken.transcript.reason = reason;
    spoken.stamps.received = nowNs;
    return spoken;
}

} // namespace lt
