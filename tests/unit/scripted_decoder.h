// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/decoder.h"

#include <string>

namespace lt::test {

/// A decoder whose audio is its script: a sample of value v > 0 is speech of word v, 0 is silence. A run of
/// at least `endSteps` steps of silence ends an utterance; one step is one word unless it repeats the word
/// before.
class ScriptedDecoder final : public sphinx::Decoder {
public:
    static constexpr int kEndSteps = 5;
    /// Speech of this word is heard but not understood.
    static constexpr std::int16_t kNoise = 999;
    /// Speech of this word breaks the decoder.
    static constexpr std::int16_t kPoison = 666;

    bool reset() override {
        heard_ = 0;
        resets++;
        return begin();
    }
    bool begin() override {
        words_.clear();
        inSpeech_ = false;
        begins++;
        return true;
    }
    bool hear(std::span<const std::int16_t> samples) override {
        calls++;
        const std::int16_t word = samples.empty() ? std::int16_t{0} : samples.front();
        const double from = seconds();
        heard_ += samples.size();
        if (word == kPoison)
            return false;
        quiet_ = word ? 0 : quiet_ + 1;
        if (word)
            inSpeech_ = true;
        else if (quiet_ >= kEndSteps)
            inSpeech_ = false;
        if (word && word != kNoise)
            note(std::to_string(word), from);
        return true;
    }
    bool inSpeech() const override { return inSpeech_; }
    sphinx::Hypothesis soFar() override { return words_; }
    bool end(sphinx::Hypothesis &hypothesis) override {
        hypothesis = understands ? words_ : sphinx::Hypothesis();
        for (auto &word : hypothesis)
            word.confidence = 0.5;
        inSpeech_ = false;
        return true;
    }

    bool understands = true; ///< false: finals have no words
    int begins = 0;
    int resets = 0;
    int calls = 0;

private:
    double seconds() const { return static_cast<double>(heard_) / sphinx::kRate; }
    void note(const std::string &text, double from) {
        if (words_.empty() || words_.back().text != text)
            words_.push_back({text, from, from, -1});
        words_.back().end = seconds();
    }

    sphinx::Hypothesis words_;
    bool inSpeech_ = false;
    int quiet_ = 0;
    std::uint64_t heard_ = 0;
};

} // namespace lt::test
