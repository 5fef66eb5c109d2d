// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/audio_track.h"

#include <array>

namespace lt::rtmp {

namespace {

enum SoundFormat : unsigned {
    kMp3 = 2,
    kAlaw = 7,
    kMulaw = 8,
    kExtended = 9,
    kAac = 10,
    kMp3At8k = 14,
    kDevice = 15,
};

/// The other bits are fixed for AAC. A sender that gets them wrong would make a demuxer start anew.
constexpr std::uint8_t kAacHeader = 0xaf;
constexpr std::uint8_t kMp3Header = 0x2f;
constexpr std::uint8_t kStereoBit = 1;
constexpr unsigned kG711Rate = 8000;

enum AacPacket : std::uint8_t { kAacConfig = 0, kAacRaw = 1 };

const char *legacyName(unsigned format) {
    static constexpr std::array<const char *, 16> kNames = {
        "PCM",           "ADPCM",          "MP3",        "PCM",
        "Nellymoser",    "Nellymoser",     "Nellymoser", "G.711 A-law",
        "G.711 µ-law",   "enhanced audio", "AAC",        "Speex",
        "unknown audio", "unknown audio",  "MP3",        "unknown audio"};
    return kNames[format];
}

} // namespace

void AudioTrack::setFormat(const AudioFormat &format) {
    if (!format_ || *format_ != format)
        format_ = std::make_shared<const AudioFormat>(format);
}

AudioTrack::Verdict AudioTrack::refuse(const std::string &codec) {
    if (format_)
        return Verdict::Ignored;
    unsupported_ = codec;
    return Verdict::Unsupported;
}

AudioTrack::Verdict AudioTrack::look(Block &body) {
    if (body.empty())
        return Verdict::Silence;
    const unsigned format = body.at(0) >> 4;
    switch (format) {
    case kAac:
        return lookAac(body);
    case kMp3:
    case kMp3At8k:
        return lookMp3(body);
    case kAlaw:
        return lookG711(body, AudioCodec::Alaw);
    case kMulaw:
        return lookG711(body, AudioCodec::Mulaw);
    case kExtended:
        return lookEnhanced(body);
    case kDevice:
        return Verdict::Ignored;
    default:
        return refuse(legacyName(format));
    }
}

AudioTrack::Verdict AudioTrack::lookAac(Block &body) {
    if (!mayBe(AudioCodec::Aac))
        return Verdict::Ignored;
    if (body.size() < 2)
        return Verdict::Malformed;
    headerBytes_ = 2;
    body.data()[0] = kAacHeader;
    const Bytes payload = body.bytes().subspan(2);
    switch (body.at(1)) {
    case kAacConfig: {
        if (payload.empty())
            return Verdict::Silence;
        const auto format = AudioFormat::ofAac(payload);
        if (!format)
            return Verdict::Malformed;
        setFormat(*format);
        return Verdict::Config;
    }
    case kAacRaw:
        if (payload.empty())
            return Verdict::Silence;
        return format_ ? Verdict::Frame : Verdict::BeforeConfig;
    default:
        return Verdict::Malformed;
    }
}

AudioTrack::Verdict AudioTrack::lookMp3(Block &body) {
    if (!mayBe(AudioCodec::Mp3))
        return Verdict::Ignored;
    headerBytes_ = 1;
    if (body.size() == headerBytes_)
        return Verdict::Silence;
    const auto format = AudioFormat::ofMp3(body.bytes().subspan(headerBytes_));
    if (!format)
        return Verdict::Malformed;
    setFormat(*format);
    return Verdict::Frame;
}

AudioTrack::Verdict AudioTrack::lookG711(const Block &body, AudioCodec codec) {
    if (!mayBe(codec))
        return Verdict::Ignored;
    headerBytes_ = 1;
    if (body.size() == headerBytes_)
        return Verdict::Silence;
    // The rate bits cannot say 8000 and are to be ignored.
    setFormat({codec, kG711Rate, body.at(0) & kStereoBit ? 2u : 1u, {}});
    return Verdict::Frame;
}

AudioTrack::Verdict AudioTrack::lookEnhanced(Block &body) {
    using Packet = EnhancedAudio::Packet;
    const auto header = EnhancedAudio::parse(body.bytes());
    if (!header)
        return Verdict::Malformed;
    if (header->otherTrack || header->packet == Packet::SequenceEnd ||
        header->packet == Packet::MultichannelConfig)
        return Verdict::Ignored;
    const bool start = header->packet == Packet::SequenceStart;
    body.trimBack(body.size() - header->from - header->size);
    if (header->is("mp4a")) {
        body.trimFront(header->from - 2);
        body.data()[0] = kAacHeader;
        body.data()[1] = start ? kAacConfig : kAacRaw;
        return lookAac(body);
    }
    if (header->is(".mp3")) {
        if (start)
            return Verdict::Ignored;
        body.trimFront(header->from - 1);
        body.data()[0] = kMp3Header;
        return lookMp3(body);
    }
    if (header->is("Opus") && takesOpus_)
        return lookOpus(body, *header);
    return refuse(header->codec());
}

AudioTrack::Verdict AudioTrack::lookOpus(Block &body, const EnhancedAudio &header) {
    if (!mayBe(AudioCodec::Opus))
        return Verdict::Ignored;
    headerBytes_ = 0;
    body.trimFront(header.from);
    if (header.size == 0)
        return Verdict::Silence;
    if (header.packet == EnhancedAudio::Packet::SequenceStart) {
        const auto format = AudioFormat::ofOpus(body.bytes());
        if (!format)
            return Verdict::Malformed;
        setFormat(*format);
        return Verdict::Config;
    }
    const auto format = AudioFormat::ofOpusPacket(body.bytes());
    if (!format)
        return Verdict::Malformed;
    if (!format_)
        setFormat(*format);
    return Verdict::Frame;
}

} // namespace lt::rtmp
