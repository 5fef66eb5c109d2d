// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/audio_format.h"
#include "tests/support/gladia_emulator/dtmf_decoder.h"
#include "tests/support/gladia_emulator/speech_segmenter.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lt::emulator {

/// Times are seconds from the start of the session's audio.
struct Word {
    std::string text; ///< begins with a space, so that the words in a row are the utterance's text
    double start = 0;
    double end = 0;
};

struct Utterance {
    int channel = 0;
    std::uint32_t number = 0; ///< counts up per channel
    double start = 0;
    double end = 0;
    std::string text;
    std::vector<Word> words;
};

struct Heard {
    enum class Kind { kSpeechStart, kSpeechEnd, kPartial, kFinal };
    Kind kind;
    int channel = 0;
    double time = 0;     ///< of speech events
    Utterance utterance; ///< of transcripts
};

/// Listens to one channel in frames of 10 ms. The text of an utterance is the DTMF digits in it (" 1 5 9 #");
/// when there are none, its level (" [-23 dBFS]").
class ChannelListener {
public:
    ChannelListener(int channel, int sampleRate, SegmenterConfig config);

    std::size_t frameSize() const { return decoder_.hopSize(); }
    void hearFrame(std::span<const float> frame, std::vector<Heard> &out);
    void finish(std::vector<Heard> &out);

private:
    void applyDigits();
    void open(SpeechSegmenter::Verdict verdict, std::vector<Heard> &out);
    void close(SpeechSegmenter::Verdict verdict, std::vector<Heard> &out);
    void emit(Heard::Kind kind, std::vector<Heard> &out);
    std::string levelText() const;

    const int channel_;
    SpeechSegmenter segmenter_;
    DtmfDecoder decoder_;
    std::vector<DtmfDecoder::Event> events_;
    std::vector<Word> digits_; // of the open utterance
    bool toneSounding_ = false;
    double powerSum_ = 0; // of the open utterance's loud frames
    std::uint64_t powerFrames_ = 0;
    std::uint64_t framesSincePartial_ = 0;
    std::uint32_t number_ = 0;
};

/// Listens to the bytes of a session. What it reports, and in which order, depends on the bytes alone, not on
/// how they were cut into messages.
class Listener {
public:
    Listener(AudioFormat format, SegmenterConfig config);

    std::vector<Heard> hear(std::span<const std::uint8_t> bytes);
    /// The audio has ended: closes every open utterance.
    std::vector<Heard> finish();
    /// Seconds of audio that became whole frames so far.
    double secondsHeard() const;

private:
    const AudioFormat format_;
    SampleReader reader_;
    std::vector<float> interleaved_; // less than a frame of 10 ms between calls
    std::vector<float> frame_;
    std::vector<std::unique_ptr<ChannelListener>> channels_;
    std::uint64_t samplesPerChannel_ = 0;
};

} // namespace lt::emulator
