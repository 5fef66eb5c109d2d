// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/decoder.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lt::sphinx {

/// A partial or a final.
struct Utterance {
    std::uint64_t number = 0;   ///< from 1, one for all messages of an utterance
    std::uint64_t revision = 0; ///< from 1, rises with each of them
    bool isFinal = false;
    std::string text; ///< empty only in a final that takes its partials back
    double start = 0; ///< seconds of the audio heard
    double end = 0;
    double confidence = -1; ///< 0..1, the mean of the words'; -1 when unknown
    std::vector<HeardWord> words;
};

/// Cuts endless audio into utterances: one ends when the decoder hears silence for long enough, when it gets
/// too long, or when the audio ends. Pure, given a decoder; one thread.
class UtteranceCutter {
public:
    struct Settings {
        bool partials = true;
        std::uint64_t partialSamples = kRate / 4;    ///< at most one partial per so much audio
        std::uint64_t utteranceSamples = kRate * 10; ///< longest utterance
    };
    using Emit = std::function<void(Utterance)>;

    UtteranceCutter(Decoder &decoder, const Settings &settings, Emit emit)
        : decoder_(decoder), settings_(settings), emit_(std::move(emit)) {}

    // False when the decoder is broken.
    /// How the audio is cut into calls makes no difference.
    bool hear(std::span<const std::int16_t> samples);
    /// No more audio, or none that belongs to what came before.
    bool finish();

private:
    bool step(std::span<const std::int16_t> samples);
    bool endUtterance();
    void emitPartial();
    void emitFinal(Hypothesis hypothesis);
    Utterance message(Hypothesis hypothesis);

    Decoder &decoder_;
    const Settings settings_;
    const Emit emit_;

    std::vector<std::int16_t> rest_; // less than a step
    bool begun_ = false;
    bool speaking_ = false;
    std::uint64_t spoken_ = 0;       // samples since speech began
    std::uint64_t sincePartial_ = 0; // samples since a partial was looked for
    std::uint64_t number_ = 1;
    std::uint64_t revision_ = 0; // of the last message of this utterance
    Utterance shown_;            // the last partial of this utterance
};

} // namespace lt::sphinx
