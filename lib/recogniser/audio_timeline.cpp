// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_timeline.h"

#include <algorithm>
#include <cmath>

namespace lt {

namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
/// Timestamps that disagree with the count of frames by less are rounding or jitter; the count is truer.
constexpr std::uint64_t kToleranceNs = 2'000'000;
/// Stamps are kept at this granularity, so that tiny chunks do not cost memory.
constexpr std::uint64_t kStampStepNs = 10'000'000;

} // namespace

void AudioTimeline::reset(const AudioFormat &format) {
    *this = AudioTimeline();
    format_ = format;
}

void AudioTimeline::append(std::uint64_t bytes, std::uint64_t runningNs, std::uint64_t enteredNs,
                           std::uint64_t sentNs) {
    const std::uint64_t start = this->sentNs();
    sentBytes_ += bytes;
    if (anchors_.empty()) {
        anchors_.push_back({start, runningNs, 0});
    } else {
        const Anchor &last = anchors_.back();
        const std::uint64_t expected = last.runningNs + (start - last.sessionNs);
        const std::uint64_t error = runningNs > expected ? runningNs - expected : expected - runningNs;
        if (error > kToleranceNs)
            anchors_.push_back({start, runningNs, last.holes + (error >= kHoleNs ? 1 : 0)});
    }
    sentNs = std::max(sentNs, enteredNs); // the caller may have read the clock before the block came
    const std::uint64_t end = this->sentNs();
    const bool joins = sent_.size() > 1 && end - sent_[sent_.size() - 2].endNs <= kStampStepNs;
    if (joins)
        sent_.back() = {end, enteredNs, sentNs};
    else
        sent_.push_back({end, enteredNs, sentNs});
    forget();
}

void AudioTimeline::forget() {
    const std::uint64_t now = sentNs();
    if (now < kMemoryNs)
        return;
    const std::uint64_t horizon = now - kMemoryNs;
    while (sent_.size() > 1 && sent_.front().endNs < horizon)
        sent_.pop_front();
    // The anchor in force at the horizon stays.
    while (anchors_.size() > 1 && anchors_[1].sessionNs <= horizon)
        anchors_.pop_front();
}

std::uint64_t AudioTimeline::clamped(double sessionSeconds) const {
    if (!(sessionSeconds > 0))
        return 0;
    const double ns = sessionSeconds * 1e9;
    const std::uint64_t end = sentNs();
    return ns >= static_cast<double>(end) ? end : static_cast<std::uint64_t>(std::llround(ns));
}

const AudioTimeline::Anchor &AudioTimeline::anchorAt(std::uint64_t sessionNs) const {
    auto after =
        std::upper_bound(anchors_.begin(), anchors_.end(), sessionNs,
                         [](std::uint64_t ns, const Anchor &anchor) { return ns < anchor.sessionNs; });
    return after == anchors_.begin() ? anchors_.front() : *std::prev(after);
}

std::uint64_t AudioTimeline::runningTimeAt(double sessionSeconds) const {
    if (anchors_.empty())
        return 0;
    const std::uint64_t at = clamped(sessionSeconds);
    const Anchor &anchor = anchorAt(at);
    return anchor.runningNs + (at > anchor.sessionNs ? at - anchor.sessionNs : 0);
}

AudioTimeline::Stamps AudioTimeline::stampsAt(double sessionSeconds) const {
    if (sent_.empty())
        return {kUnknown, kUnknown, kUnknown};
    const std::uint64_t at = clamped(sessionSeconds);
    auto found = std::lower_bound(sent_.begin(), sent_.end(), at,
                                  [](const Sent &sent, std::uint64_t ns) { return sent.endNs < ns; });
    if (found == sent_.end())
        found = std::prev(sent_.end());
    const std::uint64_t after = std::min(found->endNs - std::min(at, found->endNs), found->enteredNs);
    return {found->enteredNs - after, found->enteredNs, found->sentNs};
}

bool AudioTimeline::crossesHole(double sessionSeconds) {
    if (anchors_.empty())
        return false;
    const std::uint64_t holes = anchorAt(clamped(sessionSeconds)).holes;
    if (holes <= holesReported_)
        return false;
    holesReported_ = holes;
    return true;
}

} // namespace lt
