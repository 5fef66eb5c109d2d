// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_format.h"
#include "lib/recogniser/speech.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lt::gladia {

/// How much of each channel sounds like speech: clearly louder than the noise of the place, which it learns.
/// Good enough to tell a stalled recogniser and a pause, no more. Pure; one thread.
class SpeechDetector {
public:
    /// Whole frames of audio, cut anywhere. Answers how much of them was loud.
    Speech listen(std::span<const std::uint8_t> bytes, const AudioFormat &format);

private:
    /// Of one channel.
    class Ear {
    public:
        /// `power`: mean square, full scale 1.
        bool isLoud(double power);

    private:
        double noise_ = 0; // mean square of the quietest there was of late
        bool started_ = false;
    };

    std::array<Ear, Speech::kMaxChannels> ears_;
};

} // namespace lt::gladia
