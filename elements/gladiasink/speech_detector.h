// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_format.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace lt::gladia {

/// How much of the audio sounds like speech: clearly louder than the noise of the place, which it learns.
/// Good enough to tell a stalled recogniser and a pause, no more. Pure; one thread.
class SpeechDetector {
public:
    /// Whole frames of audio, cut anywhere. Answers how much of them was loud, ns.
    std::uint64_t listen(std::span<const std::uint8_t> bytes, const AudioFormat &format);

private:
    bool isLoud(double power);

    double noise_ = 0; // mean square of the quietest there was of late, full scale 1
    bool started_ = false;
};

} // namespace lt::gladia
