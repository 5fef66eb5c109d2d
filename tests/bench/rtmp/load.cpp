// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/rtmp/load.h"

#include "tests/bench/rtmp/stamps.h"
#include "tests/bench/support/monotonic.h"

#include <stdexcept>
#include <string>

namespace lt::bench {

namespace {

constexpr std::int64_t kAudioFrameNs = 1024 * std::int64_t{1000000000} / 44100;
constexpr std::int64_t kPictureNs = std::int64_t{1000000000} / 30;
constexpr std::size_t kAudioBytes = 371;     // 128 kbit/s
constexpr std::size_t kPictureBytes = 12500; // 3 Mbit/s
constexpr std::int64_t kTurnNs = 1000000;
constexpr std::uint8_t kAudio = 8, kVideo = 9;

std::uint32_t milliseconds(std::int64_t ns) {
    return static_cast<std::uint32_t>(ns / 1000000);
}

} // namespace

Load::Load(std::uint16_t port, std::size_t publishers, bool video)
    : video_(video), audio_(2 + kAudioBytes, 0x55), picture_(5 + kPictureBytes, 0x55) {
    audio_[0] = 0xaf;
    audio_[1] = 1;
    picture_[0] = 0x27;
    picture_[1] = 1;
    for (std::size_t i = 0; i < publishers; i++) {
        Publisher publisher;
        publisher.connectNs = monotonicNs();
        publisher.connection = std::make_unique<support::RtmpPublisher>(port);
        const auto verdict = publisher.connection->publish("live", "s" + std::to_string(i));
        if (!verdict.accepted)
            throw std::runtime_error("a publisher was refused: " + verdict.description);
        publishMs_.push_back(static_cast<double>(monotonicNs() - publisher.connectNs) * 1e-6);
        publisher.connection->sendConfig();
        publisher.startNs = monotonicNs();
        sendAudio(publisher);
        publishers_.push_back(std::move(publisher));
    }
}

void Load::sendAudio(Publisher &publisher) {
    const auto time = static_cast<std::int64_t>(publisher.audioFrames++) * kAudioFrameNs;
    FrameStamp{publisher.connectNs, monotonicNs()}.write(audio_.data() + 2);
    publisher.connection->sendMessage(kAudio, milliseconds(time), audio_);
    sent_++;
}

void Load::sendVideo(Publisher &publisher) {
    const auto time = static_cast<std::int64_t>(publisher.videoFrames++) * kPictureNs;
    publisher.connection->sendMessage(kVideo, milliseconds(time), picture_, 6);
}

bool Load::sendDue(Publisher &publisher, std::int64_t now) {
    const std::int64_t position = now - publisher.startNs;
    if (static_cast<std::int64_t>(publisher.audioFrames) * kAudioFrameNs <= position) {
        sendAudio(publisher);
        return true;
    }
    if (video_ && static_cast<std::int64_t>(publisher.videoFrames) * kPictureNs <= position) {
        sendVideo(publisher);
        return true;
    }
    return false;
}

std::uint64_t Load::run(double seconds) {
    // Each goes on with its timeline from here, spread over a frame's length.
    const std::int64_t begin = monotonicNs();
    for (std::size_t i = 0; i < publishers_.size(); i++) {
        auto &publisher = publishers_[i];
        const auto phase =
            static_cast<std::int64_t>(i) * kAudioFrameNs / static_cast<std::int64_t>(publishers_.size());
        publisher.startNs = begin + phase - static_cast<std::int64_t>(publisher.audioFrames) * kAudioFrameNs;
        if (publisher.videoFrames == 0 && video_)
            publisher.videoFrames = static_cast<std::uint64_t>((begin - publisher.startNs) / kPictureNs);
    }
    const std::uint64_t before = sent_;
    const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
    for (std::int64_t turn = begin; turn < end; turn += kTurnNs) {
        sleepUntilNs(turn);
        for (auto &publisher : publishers_)
            while (sendDue(publisher, turn))
                continue;
    }
    return sent_ - before;
}

void Load::unpublish() {
    for (auto &publisher : publishers_)
        publisher.connection->drop();
}

} // namespace lt::bench
