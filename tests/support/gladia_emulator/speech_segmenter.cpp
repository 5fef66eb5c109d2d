// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/speech_segmenter.h"

#include <algorithm>
#include <cmath>

namespace lt::emulator {

namespace {

constexpr std::uint64_t kOnsetFrames = 2;

std::uint64_t framesOf(double seconds) {
    // The small term keeps 0.05 s at 5 frames whatever its binary form.
    return std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(seconds * SpeechSegmenter::kFramesPerSecond - 1e-6)));
}

} // namespace

SpeechSegmenter::SpeechSegmenter(SegmenterConfig config)
    : threshold_(std::pow(10.0, config.thresholdDb / 10)),
      endpointingFrames_(framesOf(config.endpointing)),
      maxFrames_(framesOf(config.maxDuration)) {}

SpeechSegmenter::Verdict SpeechSegmenter::push(double power) {
    Verdict verdict;
    loud_ = power >= threshold_;
    frames_++;
    if (loud_)
        pushLoud(verdict);
    else
        pushQuiet(verdict);
    if (open_ && frames_ - utteranceStart_ >= maxFrames_) {
        open_ = false;
        verdict.utteranceClosed = true;
    }
    return verdict;
}

void SpeechSegmenter::pushLoud(Verdict &verdict) {
    quietRun_ = 0;
    loudRun_++;
    if (!speaking_) {
        if (loudRun_ < kOnsetFrames)
            return;
        speaking_ = verdict.speechStarted = true;
        speechStart_ = frames_ - loudRun_;
        open_ = verdict.utteranceOpened = true;
        utteranceStart_ = speechStart_;
    } else if (!open_) {
        open_ = verdict.utteranceOpened = true;
        utteranceStart_ = frames_ - 1;
    }
    lastLoudEnd_ = frames_;
}

void SpeechSegmenter::pushQuiet(Verdict &verdict) {
    loudRun_ = 0;
    quietRun_++;
    if (speaking_ && quietRun_ >= endpointingFrames_)
        verdict = finish();
}

SpeechSegmenter::Verdict SpeechSegmenter::finish() {
    Verdict verdict;
    verdict.utteranceClosed = open_;
    verdict.speechEnded = speaking_;
    open_ = speaking_ = false;
    loudRun_ = 0;
    return verdict;
}

} // namespace lt::emulator
