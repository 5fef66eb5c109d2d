// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/utterance_cutter.h"
#include "lib/recogniser/audio_timeline.h"
#include "lib/recogniser/spoken_transcript.h"

#include <cstdint>
#include <string>

namespace lt::sphinx {

/// Puts an utterance on the pipeline's clocks. `nowNs`: monotonic clock.
SpokenTranscript spokenTranscript(Utterance utterance, AudioTimeline &timeline, const std::string &epoch,
                                  const std::string &language, std::uint64_t nowNs);

} // namespace lt::sphinx
