// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/decoder.h"
#include "elements/sphinxtranscriber/model_files.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <pocketsphinx.h>

namespace lt::sphinx {

struct DecoderConfig {
    ModelFiles files;
    double endpointing = 0.5; ///< seconds of silence that end an utterance

    bool operator==(const DecoderConfig &) const = default;
};

/// PocketSphinx. Any thread, but one at a time.
class SphinxDecoder final : public Decoder {
public:
    /// PocketSphinx counts samples of a stream in 32 bits, which last three days. A stream is started anew in
    /// the first silence after this much, half a day.
    static constexpr std::uint64_t kStreamSamples = std::uint64_t{kRate} * 3600 * 12;

    /// Reads the model: takes a second of computing, and more of a cold disk. Null on failure; `error` says
    /// why, in the words of PocketSphinx.
    static std::unique_ptr<SphinxDecoder> create(const DecoderConfig &config, std::string &error,
                                                 std::uint64_t streamSamples = kStreamSamples);
    /// Where this PocketSphinx looks for models, best first.
    static std::vector<std::string> modelRoots();

    bool reset() override;
    bool begin() override;
    bool hear(std::span<const std::int16_t> samples) override;
    bool inSpeech() const override;
    Hypothesis soFar() override;
    bool end(Hypothesis &hypothesis) override;

private:
    struct Free {
        void operator()(ps_decoder_t *decoder) const noexcept { ps_free(decoder); }
        void operator()(cmd_ln_t *config) const noexcept { cmd_ln_free_r(config); }
    };
    using DecoderPtr = std::unique_ptr<ps_decoder_t, Free>;
    using ConfigPtr = std::unique_ptr<cmd_ln_t, Free>;

    SphinxDecoder(DecoderPtr decoder, std::uint64_t streamSamples);
    static ConfigPtr configure(const DecoderConfig &config);
    bool startStream();
    Hypothesis words(bool isFinal);

    DecoderPtr decoder_;
    std::uint64_t streamLimit_;
    std::vector<mfcc_t> channel_; // the mean it starts with; it adapts to the microphone and the room
    bool begun_ = false;
    std::uint64_t heard_ = 0;       // samples since reset()
    std::uint64_t streamStart_ = 0; // of them before PocketSphinx's stream began
};

} // namespace lt::sphinx
