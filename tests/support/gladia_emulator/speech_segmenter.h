// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace lt::emulator {

struct SegmenterConfig {
    double endpointing = 0.05; ///< s of silence that close an utterance
    double maxDuration = 5;    ///< s an utterance may be open
    double thresholdDb = -47;  ///< level, dB relative to full scale (RMS), from which a frame is loud
};

/// Finds utterances in one channel from the level of its 10 ms frames. Two loud frames in a row begin speech;
/// silence of `endpointing` ends speech and utterance, and `maxDuration` ends the utterance alone: the next
/// one then begins with the next loud frame. Counts frames only, so the same audio always gives the same
/// cuts.
class SpeechSegmenter {
public:
    static constexpr int kFramesPerSecond = 100;

    /// What one frame brought about. Times are frame numbers since the start.
    struct Verdict {
        bool speechStarted = false;
        bool utteranceOpened = false;
        bool utteranceClosed = false;
        bool speechEnded = false;
    };

    explicit SpeechSegmenter(SegmenterConfig config);

    /// `power` is the mean square of the frame's samples, full scale 1.
    Verdict push(double power);
    /// The audio has ended: closes what is open.
    Verdict finish();

    bool speaking() const { return speaking_; }
    bool utteranceOpen() const { return open_; }
    /// Whether the last frame was loud.
    bool loud() const { return loud_; }
    /// Start of the current or last utterance, and of the current or last speech.
    std::uint64_t utteranceStart() const { return utteranceStart_; }
    std::uint64_t speechStart() const { return speechStart_; }
    /// Just behind the last loud frame: the end of what was said.
    std::uint64_t lastLoudEnd() const { return lastLoudEnd_; }
    std::uint64_t frames() const { return frames_; }

private:
    void pushLoud(Verdict &verdict);
    void pushQuiet(Verdict &verdict);

    double threshold_;
    std::uint64_t endpointingFrames_;
    std::uint64_t maxFrames_;
    std::uint64_t frames_ = 0;
    std::uint64_t loudRun_ = 0;
    std::uint64_t quietRun_ = 0;
    std::uint64_t speechStart_ = 0;
    std::uint64_t utteranceStart_ = 0;
    std::uint64_t lastLoudEnd_ = 0;
    bool loud_ = false;
    bool speaking_ = false;
    bool open_ = false;
};

} // namespace lt::emulator
