// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_timeline.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

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

void AudioTimeline::resume(std::uint64_t sessionByte) {
    sentBytes_ = sessionByte;
    resumedNs_ = sentNs();
    while (anchors_.size() > 1 && anchors_.back().sessionNs > resumedNs_)
        anchors_.pop_back();
    while (sent_.size() > 1 && sent_[sent_.size() - 2].endNs >= resumedNs_)
        sent_.pop_back();
    if (!sent_.empty())
        sent_.back().endNs = std::min(sent_.back().endNs, resumedNs_);
}

void AudioTimeline::moveResumed(std::int64_t bytes) {
    if (anchors_.empty())
        return;
    const auto perFrame = static_cast<std::int64_t>(format_.bytesPerFrame());
    const auto moved = [&](std::uint64_t ns) {
        const std::uint64_t by = format_.nsOfFrames(static_cast<std::uint64_t>(std::abs(bytes) / perFrame));
        return bytes > 0 ? ns + by : ns - std::min(ns, by);
    };
    const Anchor before = anchorAt(resumedNs_);
    if (before.sessionNs < resumedNs_) {
        const auto after = std::find_if(anchors_.begin(), anchors_.end(),
                                        [&](const Anchor &anchor) { return anchor.sessionNs > resumedNs_; });
        anchors_.insert(after,
                        {resumedNs_, before.runningNs + (resumedNs_ - before.sessionNs), before.holes});
    }
    for (Anchor &anchor : anchors_)
        if (anchor.sessionNs >= resumedNs_)
            anchor.sessionNs = moved(anchor.sessionNs);
    for (Sent &sent : sent_)
        if (sent.endNs > resumedNs_)
            sent.endNs = moved(sent.endNs);
    sentBytes_ =
        static_cast<std::uint64_t>(std::max<std::int64_t>(static_cast<std::int64_t>(sentBytes_) + bytes, 0));
    resumedNs_ = moved(resumedNs_);
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
