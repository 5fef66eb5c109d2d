// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/listener.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lt::emulator {

namespace {

constexpr std::uint64_t kFramesBetweenPartials = 20; // 200 ms

double secondsAt(std::uint64_t frame) {
    return static_cast<double>(frame) / SpeechSegmenter::kFramesPerSecond;
}

} // namespace

ChannelListener::ChannelListener(int channel, int sampleRate, SegmenterConfig config)
    : channel_(channel), segmenter_(config), decoder_(sampleRate) {}

void ChannelListener::hearFrame(std::span<const float> frame, std::vector<Heard> &out) {
    double power = 0;
    for (const float sample : frame)
        power += static_cast<double>(sample) * static_cast<double>(sample);
    power /= static_cast<double>(frame.size());

    const auto verdict = segmenter_.push(power);
    open(verdict, out);
    if (segmenter_.loud()) {
        powerSum_ += power;
        powerFrames_++;
    }
    const auto digitsBefore = digits_.size();
    decoder_.push(frame, events_);
    applyDigits();
    if (verdict.utteranceClosed || verdict.speechEnded) {
        close(verdict, out);
        return;
    }
    framesSincePartial_++;
    if (segmenter_.utteranceOpen() &&
        (digits_.size() != digitsBefore || framesSincePartial_ >= kFramesBetweenPartials))
        emit(Heard::Kind::kPartial, out);
}

void ChannelListener::applyDigits() {
    for (const auto &event : events_) {
        const double time = secondsAt(event.hop);
        if (event.began)
            digits_.push_back({std::string(" ") + event.digit, time, time});
        else if (!digits_.empty() && toneSounding_)
            digits_.back().end = std::max(digits_.back().start, time);
        toneSounding_ = event.began;
    }
    events_.clear();
}

void ChannelListener::open(SpeechSegmenter::Verdict verdict, std::vector<Heard> &out) {
    if (verdict.speechStarted)
        out.push_back({Heard::Kind::kSpeechStart, channel_, secondsAt(segmenter_.speechStart()), {}});
    if (!verdict.utteranceOpened)
        return;
    digits_.clear();
    powerSum_ = 0;
    powerFrames_ = 0;
    framesSincePartial_ = 0;
}

void ChannelListener::close(SpeechSegmenter::Verdict verdict, std::vector<Heard> &out) {
    if (verdict.speechEnded)
        out.push_back({Heard::Kind::kSpeechEnd, channel_, secondsAt(segmenter_.lastLoudEnd()), {}});
    if (!verdict.utteranceClosed)
        return;
    emit(Heard::Kind::kFinal, out);
    number_++;
    digits_.clear();
    toneSounding_ = false; // its end belongs to no word of the next utterance
}

std::string ChannelListener::levelText() const {
    const double power = powerFrames_ ? powerSum_ / static_cast<double>(powerFrames_) : 0;
    const int level = power > 0 ? static_cast<int>(std::lround(10 * std::log10(power))) : -100;
    return " [" + std::to_string(level) + " dBFS]";
}

void ChannelListener::emit(Heard::Kind kind, std::vector<Heard> &out) {
    framesSincePartial_ = 0;
    Utterance utterance;
    utterance.channel = channel_;
    utterance.number = number_;
    utterance.start = secondsAt(segmenter_.utteranceStart());
    utterance.end = secondsAt(std::max(segmenter_.lastLoudEnd(), segmenter_.utteranceStart()));
    utterance.words = digits_;
    if (utterance.words.empty())
        utterance.words.push_back({levelText(), utterance.start, utterance.end});
    else if (toneSounding_)
        utterance.words.back().end = std::max(utterance.words.back().start, utterance.end);
    for (auto &word : utterance.words) {
        // A window of the decoder is wider than a frame of the segmenter.
        word.start = std::clamp(word.start, utterance.start, utterance.end);
        word.end = std::clamp(word.end, word.start, utterance.end);
        utterance.text += word.text;
    }
    out.push_back({kind, channel_, utterance.start, std::move(utterance)});
}

void ChannelListener::finish(std::vector<Heard> &out) {
    decoder_.finish(events_);
    applyDigits();
    close(segmenter_.finish(), out);
}

Listener::Listener(AudioFormat format, SegmenterConfig config) : format_(format), reader_(format) {
    for (int channel = 0; channel < format.channels; channel++)
        channels_.push_back(std::make_unique<ChannelListener>(channel, format.sampleRate, config));
    frame_.resize(channels_.front()->frameSize());
}

std::vector<Heard> Listener::hear(std::span<const std::uint8_t> bytes) {
    std::vector<Heard> out;
    const std::size_t before = interleaved_.size();
    reader_.read(bytes, interleaved_);
    const std::size_t count = channels_.size();
    samplesPerChannel_ += (interleaved_.size() - before) / count;
    const std::size_t step = frame_.size() * count;
    std::size_t at = 0;
    for (; at + step <= interleaved_.size(); at += step) {
        for (std::size_t channel = 0; channel < count; channel++) {
            for (std::size_t i = 0; i < frame_.size(); i++)
                frame_[i] = interleaved_[at + i * count + channel];
            channels_[channel]->hearFrame(frame_, out);
        }
    }
    interleaved_.erase(interleaved_.begin(), interleaved_.begin() + static_cast<std::ptrdiff_t>(at));
    return out;
}

std::vector<Heard> Listener::finish() {
    std::vector<Heard> out;
    if (!interleaved_.empty()) {
        // The rest of a tone may be the part that makes it count.
        interleaved_.resize(frame_.size() * channels_.size(), 0.0f);
        out = hear({});
    }
    for (auto &channel : channels_)
        channel->finish(out);
    return out;
}

double Listener::secondsHeard() const {
    return static_cast<double>(samplesPerChannel_) / format_.sampleRate;
}

} // namespace lt::emulator
