// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace lt::chunker {

/// When audio that does not fill a chunk leaves all the same. Times are of any one clock, in ns, given by
/// the caller; while it is stopped (no clock runs) nothing is ever due.
///
///  - On arrival of audio: when, before this audio is cut, at least flush-ms has passed since the last chunk
///    left. The very first audio leaves at once: a listener waits for it, and there is nothing yet that a
///    steady flow of chunks could be made of. A chunk that left by deadline does not count:
///    the next arrival would keep its rest back once more, and with chunk-ms 20, flush-ms 5 and AAC frames of
///    23 ms every rest would wait for its own deadline.
///  - By deadline, for audio that has stopped coming: when the oldest of it has waited chunk-ms. A deadline
///    at flush-ms would come between two AAC frames (21–23 ms) now and then, and cut worse.
class FlushRule {
public:
    /// `flushMs` 0: only full chunks, nothing is ever due; -1: half of `chunkMs`.
    void configure(std::uint32_t chunkMs, std::int32_t flushMs);

    /// The clock begins to count; `waiting` says whether there is audio already, which then arrives now.
    void start(std::uint64_t nowNs, bool waiting);
    void stop() { running_ = false; }

    void audioArrived(std::uint64_t nowNs);
    /// `rest`: whether audio is left behind, which is then part of the latest arrival.
    void chunkLeft(std::uint64_t nowNs, bool rest);
    /// As chunkLeft(), for what left because of the deadline.
    void leftByDeadline(bool rest);
    /// What waited is gone.
    void emptied();

    /// Whether what remains of the audio that has just arrived leaves too, once full chunks are cut from it.
    bool dueOnArrival(std::uint64_t nowNs) const;
    /// When the rest leaves by itself, if nothing else happens.
    std::optional<std::uint64_t> deadline() const;

private:
    std::uint64_t chunkNs_ = 0;
    std::uint64_t flushNs_ = 0; // 0: never
    bool running_ = false;
    std::optional<std::uint64_t> oldestNs_;   // arrival of the oldest audio that waits
    std::optional<std::uint64_t> latestNs_;   // arrival of the latest
    std::optional<std::uint64_t> lastLeftNs_; // not by deadline
};

} // namespace lt::chunker
