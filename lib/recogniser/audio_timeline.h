// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/recogniser/audio_format.h"

#include <cstdint>
#include <deque>

namespace lt {

/// Puts the times of a recogniser's session on our clocks. It counts from the first byte of the session;
/// the pipeline's running time jumps where audio is missing. Pure, one thread.
///
/// Remembers the last kMemoryNs of audio: longer than any utterance and any delay of the recogniser.
class LT_EXPORT AudioTimeline {
public:
    static constexpr std::uint64_t kMemoryNs = 180'000'000'000;
    /// A jump of at least this is a hole: GStreamer's usual threshold for audio discontinuities.
    static constexpr std::uint64_t kHoleNs = 40'000'000;

    /// Monotonic clock, ns. All unknown (~0) before the first audio.
    struct Stamps {
        std::uint64_t
            spokenNs; ///< when that instant of audio was current: block entered, less what followed it
        std::uint64_t enteredNs; ///< when its block entered the element
        std::uint64_t sentNs;    ///< when its block was handed to the recogniser
    };

    /// A new session: offset zero is the next frame sent.
    void reset(const AudioFormat &format);
    /// `bytes` whole frames were handed to the recogniser.
    void append(std::uint64_t bytes, std::uint64_t runningNs, std::uint64_t enteredNs, std::uint64_t sentNs);

    /// What is handed over next stands at this byte of the session: after a reconnection, where audio is
    /// handed over again, or where the recogniser has heard some of it twice.
    void resume(std::uint64_t sessionByte);
    /// What was handed over since resume() turned out to stand so many bytes later.
    void moveResumed(std::int64_t bytes);

    /// Running time of an instant of the session; clamped to the audio that was sent.
    std::uint64_t runningTimeAt(double sessionSeconds) const;
    Stamps stampsAt(double sessionSeconds) const;
    /// True once for each hole in the audio, asked with the start of the first utterance after it.
    bool crossesHole(double sessionSeconds);

    std::uint64_t sentBytes() const { return sentBytes_; }
    std::uint64_t sentNs() const { return format_.rate ? format_.nsOfBytes(sentBytes_) : 0; }

private:
    /// From this offset on the running time is runningNs + (offset - sessionNs).
    struct Anchor {
        std::uint64_t sessionNs;
        std::uint64_t runningNs;
        std::uint64_t holes; ///< how many there were before
    };
    struct Sent {
        std::uint64_t endNs; ///< session offset just after it
        std::uint64_t enteredNs;
        std::uint64_t sentNs;
    };

    std::uint64_t clamped(double sessionSeconds) const;
    const Anchor &anchorAt(std::uint64_t sessionNs) const;
    void forget();

    AudioFormat format_;
    std::uint64_t sentBytes_ = 0;
    std::uint64_t resumedNs_ = 0; // session offset of the last resume()
    std::uint64_t holesReported_ = 0;
    std::deque<Anchor> anchors_; // ordered, never empty once audio was sent
    std::deque<Sent> sent_;      // ordered
};

} // namespace lt
