// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/transcript_queue.h"

#include <algorithm>
#include <utility>

namespace lt {

void TranscriptQueue::Writer::push(OutputItem item) const {
    queue_->push(std::move(item), generation_);
}

void TranscriptQueue::push(OutputItem item, std::uint64_t generation) {
    {
        std::lock_guard lock(mutex_);
        if (shut_ || generation != generation_)
            return;
        auto *spoken = std::get_if<SpokenTranscript>(&item);
        if (spoken && replacePartial(*spoken))
            return;
        makeRoom();
        items_.push_back(std::move(item));
    }
    changed_.notify_one(); // who wakes up need not wait for the lock
}

bool TranscriptQueue::replacePartial(SpokenTranscript &spoken) {
    if (items_.size() < kLagItems)
        return false;
    // Only the newest item: anything further up keeps its place in the order.
    auto *waiting = std::get_if<SpokenTranscript>(&items_.back());
    if (!waiting || waiting->transcript.isFinal ||
        waiting->transcript.utteranceId != spoken.transcript.utteranceId ||
        waiting->transcript.epoch != spoken.transcript.epoch)
        return false;
    spoken.afterHole |= waiting->afterHole;
    *waiting = std::move(spoken);
    return true;
}

void TranscriptQueue::makeRoom() {
    if (items_.size() < kMaxItems)
        return;
    const auto oldest = std::find_if(items_.begin(), items_.end(), [](const OutputItem &item) {
        return std::holds_alternative<SpokenTranscript>(item);
    });
    if (oldest == items_.end())
        return; // events only: as many as upstream sent, and it is blocked no longer than by a real sink
    items_.erase(oldest);
    dropped_++;
}

std::optional<OutputItem> TranscriptQueue::pop(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return shut_ || !items_.empty(); });
    if (shut_ || items_.empty())
        return std::nullopt;
    OutputItem item = std::move(items_.front());
    items_.pop_front();
    return item;
}

void TranscriptQueue::pause(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return shut_; });
}

void TranscriptQueue::shut() {
    std::deque<OutputItem> forgotten;
    std::lock_guard lock(mutex_);
    shut_ = true;
    forgotten.swap(items_);
    changed_.notify_all();
}

TranscriptQueue::Writer TranscriptQueue::open() {
    std::lock_guard lock(mutex_);
    shut_ = false;
    return Writer(shared_from_this(), ++generation_);
}

std::size_t TranscriptQueue::size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
}

std::uint64_t TranscriptQueue::dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
}

} // namespace lt
