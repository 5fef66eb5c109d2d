// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_backlog.h"

#include <algorithm>
#include <utility>

namespace lt {

using Place = ByteLedger::Place;

AudioBlock AudioBlock::share() const {
    AudioBlock copy;
    copy.buffer = BufferRef(buffer ? gst_buffer_ref(buffer.get()) : nullptr);
    copy.offset = offset;
    copy.bytes = bytes;
    copy.runningNs = runningNs;
    copy.enteredNs = enteredNs;
    copy.speech = speech;
    copy.format = format;
    return copy;
}

AudioBlock AudioBlock::splitFront(std::size_t count) {
    AudioBlock front = share();
    front.bytes = count;
    front.speech = speech.splitFront(front.durationNs());
    offset += count;
    bytes -= count;
    runningNs += front.durationNs();
    return front;
}

// ---- producer

AudioBacklog::Pushed AudioBacklog::push(AudioBlock block, Policy policy) {
    const std::uint64_t duration = block.durationNs();
    Dropped dropped; // their buffers go after the lock
    std::unique_lock lock(mutex_);
    const auto fits = [&] {
        return sent_ == blocks_.size() || inFlightNs_ + queuedNs_ + duration <= capacityNs_;
    };
    if (policy == Policy::Block)
        room_.wait(lock, [&] { return state_ != Result::Taken || fits(); });
    if (state_ != Result::Taken)
        return {state_, false};
    const bool wasEmpty = sent_ == blocks_.size();
    const bool hadLosses = ledger_.hasLosses();
    while (!fits()) {
        droppedNs_ += blocks_[sent_].durationNs();
        droppedBlocks_++;
        lose(sent_, Place::Queued, LossReason::BacklogFull, dropped);
    }
    queuedNs_ += duration;
    ledger_.enter(block.bytes);
    blocks_.push_back(std::move(block));
    return {Result::Taken, wasEmpty, !hadLosses && ledger_.hasLosses()};
}

void AudioBacklog::end() {
    std::lock_guard lock(mutex_);
    if (state_ == Result::Taken)
        state_ = Result::Ended;
    room_.notify_all();
}

/// Removes one block that is not acknowledged.
void AudioBacklog::lose(std::size_t index, Place from, LossReason reason, Dropped &dropped) {
    AudioBlock &block = blocks_[index];
    const std::uint64_t duration = block.durationNs();
    (from == Place::Queued ? queuedNs_ : inFlightNs_) -= duration;
    if (from == Place::InFlight)
        sent_--;
    ledger_.lose(from, {{block.runningNs, block.runningNs + duration}, block.bytes, reason});
    dropped.push_back(std::move(block));
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
}

void AudioBacklog::loseAll(LossReason reason, Dropped &dropped) {
    while (kept_ < sent_)
        lose(kept_, Place::InFlight, reason, dropped);
    while (sent_ < blocks_.size())
        lose(sent_, Place::Queued, reason, dropped);
}

// ---- consumer

std::optional<AudioFormat> AudioBacklog::headFormat() const {
    std::lock_guard lock(mutex_);
    return sent_ == blocks_.size() ? std::nullopt : std::optional(blocks_[sent_].format);
}

/// Makes two blocks of one, whose duration stands in `ns`.
void AudioBacklog::splitAt(std::size_t index, std::size_t bytes, std::uint64_t &ns) {
    AudioBlock &rest = blocks_[index];
    ns -= rest.durationNs();
    AudioBlock front = rest.splitFront(bytes);
    ns += front.durationNs() + rest.durationNs(); // rounded by themselves
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(index), std::move(front));
}

std::optional<AudioBlock> AudioBacklog::nextLocked(const AudioFormat &format, std::size_t maxBytes) {
    if (sent_ == blocks_.size() || blocks_[sent_].format != format)
        return std::nullopt;
    const std::size_t limit =
        std::max<std::size_t>(maxBytes / format.bytesPerFrame(), 1) * format.bytesPerFrame();
    if (blocks_[sent_].bytes > limit)
        splitAt(sent_, limit, queuedNs_);
    const AudioBlock &block = blocks_[sent_++];
    queuedNs_ -= block.durationNs();
    inFlightNs_ += block.durationNs();
    ledger_.move(Place::Queued, Place::InFlight, block.bytes);
    return block.share();
}

std::optional<AudioBlock> AudioBacklog::next(const AudioFormat &format, std::size_t maxBytes) {
    std::lock_guard lock(mutex_);
    return nextLocked(format, maxBytes);
}

void AudioBacklog::acknowledgeLocked(std::uint64_t bytes) {
    while (bytes > 0 && kept_ < sent_) {
        const std::size_t perFrame = blocks_[kept_].format.bytesPerFrame();
        if (blocks_[kept_].bytes > bytes) {
            // Half a frame cannot be sent again by itself.
            const auto whole = static_cast<std::size_t>(bytes / perFrame * perFrame);
            if (whole == 0)
                return;
            splitAt(kept_, whole, inFlightNs_);
            sent_++;
        }
        const AudioBlock &block = blocks_[kept_++];
        bytes -= block.bytes;
        keptBytes_ += block.bytes;
        inFlightNs_ -= block.durationNs();
        ledger_.move(Place::InFlight, Place::Acknowledged, block.bytes);
    }
    room_.notify_one();
}

void AudioBacklog::acknowledge(std::uint64_t bytes) {
    std::lock_guard lock(mutex_);
    acknowledgeLocked(bytes);
}

void AudioBacklog::trimLocked(std::uint64_t bytes, Dropped &dropped) {
    while (kept_ > 0 && keptBytes_ > bytes) {
        AudioBlock &oldest = blocks_.front();
        const std::uint64_t excess = keptBytes_ - bytes;
        if (oldest.bytes > excess) {
            const std::uint64_t perFrame = oldest.format.bytesPerFrame();
            const auto whole = static_cast<std::size_t>(excess / perFrame * perFrame);
            if (whole > 0)
                oldest.splitFront(whole);
            keptBytes_ -= whole;
            return;
        }
        keptBytes_ -= oldest.bytes;
        dropped.push_back(std::move(oldest));
        blocks_.pop_front();
        kept_--;
        sent_--;
    }
}

void AudioBacklog::trimKept(std::uint64_t bytes) {
    Dropped dropped;
    std::lock_guard lock(mutex_);
    trimLocked(bytes, dropped);
}

std::uint64_t AudioBacklog::rewind() {
    std::lock_guard lock(mutex_);
    const std::uint64_t bytes = ledger_.totals().inFlight;
    ledger_.move(Place::InFlight, Place::Queued, bytes);
    queuedNs_ += std::exchange(inFlightNs_, 0);
    sent_ = kept_;
    return bytes;
}

std::uint64_t AudioBacklog::replay() {
    std::lock_guard lock(mutex_);
    const std::uint64_t bytes = ledger_.totals().inFlight + keptBytes_;
    ledger_.move(Place::InFlight, Place::Queued, ledger_.totals().inFlight);
    ledger_.move(Place::Acknowledged, Place::Queued, std::exchange(keptBytes_, 0));
    queuedNs_ += std::exchange(inFlightNs_, 0);
    for (std::size_t i = 0; i < kept_; i++)
        queuedNs_ += blocks_[i].durationNs();
    sent_ = kept_ = 0;
    return bytes;
}

void AudioBacklog::giveUp(LossReason reason) {
    Dropped dropped;
    std::lock_guard lock(mutex_);
    loseAll(reason, dropped);
    room_.notify_one();
}

std::optional<AudioBlock> AudioBacklog::pop(const AudioFormat &format) {
    Dropped dropped;
    std::lock_guard lock(mutex_);
    auto block = nextLocked(format, ~std::size_t{0});
    if (block) {
        acknowledgeLocked(block->bytes);
        trimLocked(0, dropped);
    }
    return block;
}

bool AudioBacklog::exhausted() const {
    std::lock_guard lock(mutex_);
    return sent_ == blocks_.size() && state_ != Result::Taken;
}

std::vector<Loss> AudioBacklog::takeLosses() {
    std::lock_guard lock(mutex_);
    return ledger_.takeLosses();
}

// ---- any thread

void AudioBacklog::shut(Result result) {
    Dropped dropped;
    std::lock_guard lock(mutex_);
    state_ = result;
    loseAll(LossReason::Discarded, dropped);
    trimLocked(0, dropped);
    room_.notify_all();
}

AudioBacklog::Level AudioBacklog::level() const {
    std::lock_guard lock(mutex_);
    return {queuedNs_, blocks_.size() - sent_, inFlightNs_, droppedNs_, droppedBlocks_, ledger_.totals()};
}

} // namespace lt
