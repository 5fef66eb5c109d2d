// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/link_audio.h"

#include <algorithm>

namespace lt::gladia {

namespace {

constexpr std::size_t kMaxFrameBytes = 512 * 1024; // the service refuses 1 MiB
constexpr std::size_t kLeastFrameBytes = 4 * 1024;
/// Longer blocks are cut, so that pacing means something.
constexpr std::uint64_t kMaxFrameNs = 500'000'000;
/// What the service may take beyond the longest utterance until its final has come.
constexpr std::uint64_t kFinalDelayNs = 5'000'000'000;

} // namespace

LinkAudio::LinkAudio(const SessionConfig &config, const AudioFormat &format)
    : format_(format),
      windowNs_(config.maxInFlightNs),
      owed_(format, 2 * (static_cast<std::uint64_t>(config.options.maxUtterance * 1e9) + kFinalDelayNs)),
      pacer_(config.catchupSpeed),
      frameBytes_(kMaxFrameBytes) {}

// ---- out

std::optional<AudioBlock> LinkAudio::take(std::uint64_t now, AudioTimeline &timeline) {
    if (!backlog_ || !windowOpen() || now < pacer_.dueAt())
        return std::nullopt;
    const std::uint64_t framesPerPiece = format_.rate * kMaxFrameNs / 1'000'000'000;
    const auto piece = static_cast<std::size_t>(framesPerPiece * format_.bytesPerFrame());
    auto block = backlog_->next(format_, std::min(frameBytes_, piece));
    if (!block)
        return std::nullopt;
    pacer_.sent(now, block->durationNs());
    timeline.append(block->bytes, block->runningNs, block->enteredNs, now);
    sentEnd_ += block->bytes;
    owed_.given(block->speech, sentEnd_);
    lastResent_ = std::min<std::uint64_t>(resentLeft_, block->bytes);
    resentLeft_ -= lastResent_;
    return block;
}

std::optional<std::uint64_t> LinkAudio::dueAt() const {
    if (!backlog_ || !windowOpen() || backlog_->headFormat() != format_)
        return std::nullopt;
    return pacer_.dueAt();
}

bool LinkAudio::finished() const {
    if (!backlog_)
        return false;
    const auto next = backlog_->headFormat();
    return next ? *next != format_ : backlog_->exhausted();
}

void LinkAudio::useSmallerFrames() {
    frameBytes_ = std::max(frameBytes_ / 2, kLeastFrameBytes);
}

// ---- acknowledgements

bool LinkAudio::acknowledge(const AudioAck &ack, AudioTimeline &timeline) {
    if (positionAssumed_ && ack.endByte > ack.startByte)
        locate(ack, timeline);
    const std::uint64_t end = std::min(ack.endByte, sentEnd_);
    if (end <= acked_ || !backlog_)
        return false;
    const std::uint64_t bytes = (end - acked_) / format_.bytesPerFrame() * format_.bytesPerFrame();
    backlog_->acknowledge(bytes);
    acked_ += bytes;
    trim();
    return bytes > 0;
}

/// The first acknowledgement after a reconnection says where the service really was.
void LinkAudio::locate(const AudioAck &first, AudioTimeline &timeline) {
    positionAssumed_ = false;
    if (first.startByte <= resumedAt_ || format_.nsOfBytes(first.startByte - resumedAt_) > windowNs_)
        return; // where it was assumed, or nowhere that makes sense
    const std::uint64_t by = first.startByte - resumedAt_;
    timeline.moveResumed(static_cast<std::int64_t>(by));
    owed_.move(resumedAt_, by);
    acked_ += by;
    sentEnd_ += by;
    bytesDoubled_ += by;
}

void LinkAudio::acknowledgeAll() {
    if (backlog_)
        backlog_->acknowledge(inFlightBytes());
    acked_ = sentEnd_;
    trim();
}

void LinkAudio::settle(int channel, double sessionSeconds) {
    owed_.settle(channel, sessionSeconds, acked_);
    trim();
}

/// Acknowledged audio is kept until its words have come: should the session be lost, another hears it again.
void LinkAudio::trim() {
    if (backlog_)
        backlog_->trimKept(owed_.bytesToKeep(acked_));
}

// ---- reconnection

void LinkAudio::connectionLost() {
    if (!backlog_ || awaitsResume_)
        return;
    awaitsResume_ = true;
    // Lost again before everything was sent again: what is still queued of it counts as well.
    tail_ = backlog_->rewind() + resentLeft_;
    resentLeft_ = 0;
    sentEnd_ = acked_;
    lostBefore_ = backlog_->level().bytes.lost(LossReason::BacklogFull);
}

/// Up to `bytes` of what is queued need not go again; answers how many did not.
std::uint64_t LinkAudio::skip(std::uint64_t bytes) {
    std::uint64_t skipped = 0;
    while (bytes - skipped >= format_.bytesPerFrame()) {
        const auto block = backlog_->next(format_, static_cast<std::size_t>(bytes - skipped));
        if (!block)
            break;
        backlog_->acknowledge(block->bytes);
        skipped += block->bytes;
    }
    return skipped;
}

std::uint64_t LinkAudio::resume(std::optional<std::uint64_t> position, AudioTimeline &timeline) {
    awaitsResume_ = false;
    if (!backlog_)
        return 0;
    // Of the tail, the oldest may have been lost meanwhile for want of room.
    const std::uint64_t gone =
        std::min(tail_, backlog_->level().bytes.lost(LossReason::BacklogFull) - lostBefore_);
    std::uint64_t again = tail_ - gone;
    positionAssumed_ = tail_ > 0 && !position;
    if (position) {
        const std::uint64_t taken = *position - std::min(*position, acked_);
        if (taken > tail_) { // more than it ever got from us: it heard something twice
            bytesDoubled_ += taken - tail_;
            owed_.move(acked_, taken - tail_);
        } else if (taken > gone)
            again -= skip(taken - gone);
        acked_ = *position;
    }
    sentEnd_ = resumedAt_ = acked_;
    owed_.rewind(acked_);
    timeline.resume(acked_);
    tail_ = 0;
    resentLeft_ = again;
    trim();
    return again;
}

} // namespace lt::gladia
