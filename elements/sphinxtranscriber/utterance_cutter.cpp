// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/utterance_cutter.h"

#include <algorithm>
#include <utility>

namespace lt::sphinx {

bool UtteranceCutter::hear(std::span<const std::int16_t> samples) {
    if (!rest_.empty()) {
        const std::size_t missing = std::min(kStepSamples - rest_.size(), samples.size());
        rest_.insert(rest_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(missing));
        samples = samples.subspan(missing);
        if (rest_.size() < kStepSamples)
            return true;
        if (!step(std::exchange(rest_, {})))
            return false;
    }
    for (; samples.size() >= kStepSamples; samples = samples.subspan(kStepSamples))
        if (!step(samples.first(kStepSamples)))
            return false;
    rest_.assign(samples.begin(), samples.end());
    return true;
}

bool UtteranceCutter::finish() {
    if (!rest_.empty() && !step(std::exchange(rest_, {})))
        return false;
    return !begun_ || endUtterance();
}

bool UtteranceCutter::step(std::span<const std::int16_t> samples) {
    if (!begun_ && !decoder_.begin())
        return false;
    begun_ = true;
    if (!decoder_.hear(samples))
        return false;
    const bool spoke = std::exchange(speaking_, decoder_.inSpeech());
    if (!speaking_)
        return !spoke || endUtterance();
    spoken_ += samples.size();
    sincePartial_ += samples.size();
    if (spoken_ >= settings_.utteranceSamples)
        return endUtterance();
    if (settings_.partials && sincePartial_ >= settings_.partialSamples)
        emitPartial();
    return true;
}

bool UtteranceCutter::endUtterance() {
    begun_ = false;
    speaking_ = false;
    spoken_ = 0;
    sincePartial_ = 0;
    Hypothesis hypothesis;
    if (!decoder_.end(hypothesis))
        return false;
    emitFinal(std::move(hypothesis));
    return true;
}

void UtteranceCutter::emitPartial() {
    sincePartial_ = 0;
    Hypothesis hypothesis = decoder_.soFar();
    if (hypothesis.empty())
        return;
    Utterance utterance = message(std::move(hypothesis));
    if (utterance.text == shown_.text)
        return;
    utterance.revision = ++revision_;
    shown_ = utterance;
    emit_(std::move(utterance));
}

void UtteranceCutter::emitFinal(Hypothesis hypothesis) {
    const bool wasShown = revision_ > 0;
    if (hypothesis.empty() && !wasShown)
        return; // a noise
    Utterance utterance = message(std::move(hypothesis));
    utterance.isFinal = true;
    utterance.revision = revision_ + 1;
    if (utterance.words.empty()) { // what was shown was none: it is taken back, in its place
        utterance.start = shown_.start;
        utterance.end = shown_.end;
    }
    number_++;
    revision_ = 0;
    shown_ = Utterance();
    emit_(std::move(utterance));
}

Utterance UtteranceCutter::message(Hypothesis hypothesis) {
    Utterance utterance;
    utterance.number = number_;
    double confidence = 0;
    for (const HeardWord &word : hypothesis) {
        utterance.text += (utterance.text.empty() ? "" : " ") + word.text;
        confidence += word.confidence;
    }
    if (hypothesis.empty())
        return utterance;
    utterance.start = hypothesis.front().start;
    utterance.end = hypothesis.back().end;
    if (hypothesis.front().confidence >= 0)
        utterance.confidence = confidence / static_cast<double>(hypothesis.size());
    utterance.words = std::move(hypothesis);
    return utterance;
}

} // namespace lt::sphinx
