// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/chunk_planner.h"

#include <algorithm>

namespace lt::chunker {

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

std::uint64_t framesToNs(std::uint64_t frames, std::uint32_t rate) {
    // Whole seconds apart from the rest: the products stay far below 2^64 for any length of stream.
    return frames / rate * kSecondNs + frames % rate * kSecondNs / rate;
}

} // namespace

std::uint64_t PcmFormat::durationOf(std::size_t bytes) const {
    return valid() ? framesToNs(bytes / bytesPerFrame, rate) : 0;
}

void ChunkPlanner::setFormat(PcmFormat format) {
    format_ = format;
    synced_ = false;
}

void ChunkPlanner::setChunkMs(std::uint32_t chunkMs) {
    chunkMs_ = chunkMs;
}

bool ChunkPlanner::continues(std::uint64_t ptsNs, std::size_t waiting) const {
    const auto expected = nextPts(waiting);
    return expected && near(ptsNs, *expected);
}

bool ChunkPlanner::near(std::uint64_t ptsNs, std::uint64_t expectedNs) {
    return (ptsNs > expectedNs ? ptsNs - expectedNs : expectedNs - ptsNs) <= kToleranceNs;
}

std::optional<std::uint64_t> ChunkPlanner::nextPts(std::size_t waiting) const {
    if (!synced_)
        return std::nullopt;
    return timeAt(framesTaken_ + waiting / format_.bytesPerFrame);
}

std::uint64_t ChunkPlanner::missingNs(std::size_t waiting) const {
    const std::uint64_t frames = framesPerChunk(), there = waiting / format_.bytesPerFrame;
    return there < frames ? framesToNs(frames - there, format_.rate) : 0;
}

void ChunkPlanner::resync(std::uint64_t ptsNs) {
    basePtsNs_ = ptsNs;
    framesTaken_ = 0;
    synced_ = true;
}

std::optional<ChunkPlanner::Chunk> ChunkPlanner::takeFull(std::size_t waiting) {
    if (!synced_ || waiting / format_.bytesPerFrame < framesPerChunk())
        return std::nullopt;
    return take(framesPerChunk());
}

std::optional<ChunkPlanner::Chunk> ChunkPlanner::takeRest(std::size_t waiting) {
    if (!synced_ || !hasFrame(waiting))
        return std::nullopt;
    return take(std::min<std::uint64_t>(waiting / format_.bytesPerFrame, framesPerChunk()));
}

std::uint64_t ChunkPlanner::framesPerChunk() const {
    return std::max<std::uint64_t>(std::uint64_t{format_.rate} * chunkMs_ / 1000, 1);
}

std::uint64_t ChunkPlanner::timeAt(std::uint64_t frames) const {
    return basePtsNs_ + framesToNs(frames, format_.rate);
}

ChunkPlanner::Chunk ChunkPlanner::take(std::uint64_t frames) {
    const bool first = framesTaken_ == 0;
    const auto start = timeAt(framesTaken_);
    framesTaken_ += frames;
    return {static_cast<std::size_t>(frames * format_.bytesPerFrame), start, timeAt(framesTaken_) - start,
            first};
}

} // namespace lt::chunker
