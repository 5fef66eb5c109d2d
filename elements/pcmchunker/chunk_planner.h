// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace lt::chunker {

/// Shape of the PCM: one frame is one sample of every channel.
struct PcmFormat {
    std::uint32_t rate = 0; ///< frames per second
    std::uint32_t bytesPerFrame = 0;

    bool operator==(const PcmFormat &) const = default;
    bool valid() const { return rate > 0 && bytesPerFrame > 0; }
    /// Time that `bytes` of this audio last, in ns.
    std::uint64_t durationOf(std::size_t bytes) const;
};

/// Decides where a stream of PCM is cut, and what time each piece carries. It counts and holds no audio:
/// whoever asks says how many bytes wait.
///
/// Times are computed from the number of frames since the last resync(), never by adding durations up, so
/// rounding does not accumulate however long the stream lasts.
class ChunkPlanner {
public:
    /// Input times that differ by no more than this from the counted ones are jitter (FLV rounds to ms); what
    /// differs by more is a hole or a jump.
    static constexpr std::uint64_t kToleranceNs = 40'000'000;

    struct Chunk {
        std::size_t bytes;
        std::uint64_t ptsNs;
        std::uint64_t durationNs;
        bool discont; ///< the first one after a resync()
    };

    /// New audio format; the next audio needs a resync(). `format` must be valid.
    void setFormat(PcmFormat format);
    const PcmFormat &format() const { return format_; }
    /// Upper bound of a chunk, cut to whole frames, at least one. May change at any time.
    void setChunkMs(std::uint32_t chunkMs);

    /// Whether two times differ by jitter only.
    static bool near(std::uint64_t ptsNs, std::uint64_t expectedNs);
    /// Whether audio that starts at `ptsNs`, behind `waiting` bytes not yet taken, continues the stream.
    bool continues(std::uint64_t ptsNs, std::size_t waiting) const;
    /// The time that audio behind `waiting` bytes has when it continues the stream; nothing when whatever
    /// comes begins anew.
    std::optional<std::uint64_t> nextPts(std::size_t waiting) const;
    /// What `waiting` bytes lack to a full chunk, in ns, rounded down.
    std::uint64_t missingNs(std::size_t waiting) const;
    /// The next byte to be taken is of the time `ptsNs`.
    void resync(std::uint64_t ptsNs);
    /// The audio to come does not belong to what was.
    void interrupt() { synced_ = false; }

    /// The next full chunk of `waiting` bytes, when there is one.
    std::optional<Chunk> takeFull(std::size_t waiting);
    /// The whole frames of `waiting` bytes, when there is one; no more than a full chunk.
    std::optional<Chunk> takeRest(std::size_t waiting);
    /// Whether `waiting` bytes hold more than part of a frame.
    bool hasFrame(std::size_t waiting) const { return waiting > 0 && waiting >= format_.bytesPerFrame; }

private:
    std::uint64_t framesPerChunk() const;
    std::uint64_t timeAt(std::uint64_t frames) const;
    Chunk take(std::uint64_t frames);

    PcmFormat format_;
    std::uint32_t chunkMs_ = 50;
    std::uint64_t basePtsNs_ = 0;
    std::uint64_t framesTaken_ = 0; // since basePtsNs_
    bool synced_ = false;
};

} // namespace lt::chunker
