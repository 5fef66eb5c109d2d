// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_backlog.h"

#include <algorithm>
#include <utility>

namespace lt {

namespace {

/// Ranges closer than this are one: timestamps are rounded.
constexpr std::uint64_t kAdjacentNs = 1'000'000;
/// More separate ranges than this are not kept apart before they are reported.
constexpr std::size_t kMaxRanges = 64;

} // namespace

AudioBacklog::Pushed AudioBacklog::push(AudioBlock block, Policy policy) {
    const std::uint64_t duration = block.durationNs();
    std::deque<AudioBlock> dropped; // their buffers go after the lock
    std::unique_lock lock(mutex_);
    const auto fits = [&] {
        return blocks_.empty() || ns_ + duration <= capacityNs_;
    };
    if (policy == Policy::Block)
        room_.wait(lock, [&] { return state_ != Result::Taken || fits(); });
    if (state_ != Result::Taken)
        return {state_, false};
    const bool wasEmpty = blocks_.empty();
    while (!fits()) {
        dropOldest();
        dropped.push_back(std::move(blocks_.front()));
        blocks_.pop_front();
    }
    ns_ += duration;
    blocks_.push_back(std::move(block));
    return {Result::Taken, wasEmpty};
}

void AudioBacklog::dropOldest() {
    const AudioBlock &oldest = blocks_.front();
    const std::uint64_t duration = oldest.durationNs();
    ns_ -= duration;
    droppedNs_ += duration;
    droppedBlocks_++;
    note({oldest.runningNs, oldest.runningNs + duration});
}

void AudioBacklog::note(const LostRange &range) {
    const bool adjacent = !lost_.empty() && range.startNs <= lost_.back().endNs + kAdjacentNs;
    if (adjacent || lost_.size() >= kMaxRanges)
        lost_.back().endNs = std::max(lost_.back().endNs, range.endNs);
    else
        lost_.push_back(range);
}

void AudioBacklog::end() {
    std::lock_guard lock(mutex_);
    if (state_ == Result::Taken)
        state_ = Result::Ended;
    room_.notify_all();
}

std::optional<AudioFormat> AudioBacklog::headFormat() const {
    std::lock_guard lock(mutex_);
    return blocks_.empty() ? std::nullopt : std::optional(blocks_.front().format);
}

std::optional<AudioBlock> AudioBacklog::pop(const AudioFormat &format) {
    std::lock_guard lock(mutex_);
    if (blocks_.empty() || blocks_.front().format != format)
        return std::nullopt;
    AudioBlock block = std::move(blocks_.front());
    blocks_.pop_front();
    ns_ -= block.durationNs();
    room_.notify_one();
    return block;
}

bool AudioBacklog::exhausted() const {
    std::lock_guard lock(mutex_);
    return blocks_.empty() && state_ != Result::Taken;
}

std::vector<LostRange> AudioBacklog::takeLost() {
    std::lock_guard lock(mutex_);
    return std::exchange(lost_, {});
}

void AudioBacklog::shut(Result result) {
    std::deque<AudioBlock> dropped;
    std::lock_guard lock(mutex_);
    state_ = result;
    dropped.swap(blocks_);
    ns_ = 0;
    room_.notify_all();
}

AudioBacklog::Level AudioBacklog::level() const {
    std::lock_guard lock(mutex_);
    return {ns_, blocks_.size(), droppedNs_, droppedBlocks_};
}

} // namespace lt
