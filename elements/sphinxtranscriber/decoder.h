// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lt::sphinx {

/// The only audio there is: one channel, 16-bit.
constexpr std::uint32_t kRate = 16000;
/// What a decoder is fed at a time: one step of its features, 10 ms.
constexpr std::size_t kStepSamples = kRate / 100;

struct HeardWord {
    std::string text;
    double start = 0; ///< seconds of the audio heard since reset()
    double end = 0;
    double confidence = -1; ///< 0..1, or -1 when unknown
};

/// The words of an utterance, so far or for good. No words: nothing was said that it understood.
using Hypothesis = std::vector<HeardWord>;

/// Turns audio into words, one utterance after the other. One thread. What returns a bool answers false when
/// the decoder is broken for good.
class Decoder {
public:
    virtual ~Decoder() = default;

    /// Forgets everything heard, an utterance that was begun too.
    virtual bool reset() = 0;
    virtual bool begin() = 0;
    /// Audio of the utterance that was begun; it may be silence.
    virtual bool hear(std::span<const std::int16_t> samples) = 0;
    /// The audio heard last belongs to speech, or to a pause too short to end it.
    virtual bool inSpeech() const = 0;
    /// Provisional, without confidence.
    virtual Hypothesis soFar() = 0;
    /// Ends the utterance.
    virtual bool end(Hypothesis &hypothesis) = 0;
};

} // namespace lt::sphinx
