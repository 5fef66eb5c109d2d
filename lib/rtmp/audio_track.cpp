// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/audio_track.h"

#include <array>

namespace lt::rtmp {

namespace {

constexpr unsigned kFormatExtended = 9;
constexpr unsigned kFormatAac = 10;
constexpr unsigned kFormatDevice = 15;
/// The other bits are fixed for AAC. A sender that gets them wrong would make a demuxer start anew.
constexpr std::uint8_t kAacHeader = 0xaf;

enum AacPacket : std::uint8_t { kAacConfig = 0, kAacRaw = 1 };

enum EnhancedPacket : std::uint8_t {
    kSequenceStart = 0,
    kCodedFrames = 1,
    kSequenceEnd = 2,
    kMultichannelConfig = 4,
    kMultitrack = 5,
    kModEx = 7,
};

const char *legacyName(unsigned format) {
    static constexpr std::array<const char *, 16> kNames = {
        "PCM",           "ADPCM",          "MP3",        "PCM",
        "Nellymoser",    "Nellymoser",     "Nellymoser", "G.711 A-law",
        "G.711 µ-law",   "enhanced audio", "AAC",        "Speex",
        "unknown audio", "unknown audio",  "MP3",        "unknown audio"};
    return kNames[format];
}

/// Most significant bit first; reads zeros past the end and remembers.
class BitReader {
public:
    explicit BitReader(Bytes bytes) : bytes_(bytes) {}

    unsigned take(unsigned count) {
        unsigned value = 0;
        for (; count > 0; count--, at_++) {
            const std::size_t byte = at_ / 8;
            value = value << 1 | (byte < bytes_.size() ? bytes_[byte] >> (7 - at_ % 8) & 1u : 0u);
        }
        return value;
    }
    bool pastEnd() const { return at_ > bytes_.size() * 8; }

private:
    Bytes bytes_;
    std::size_t at_ = 0;
};

unsigned takeRate(BitReader &bits) {
    static constexpr std::array<unsigned, 13> kRates = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                        22050, 16000, 12000, 11025, 8000,  7350};
    const unsigned index = bits.take(4);
    if (index == 15)
        return bits.take(24);
    return index < kRates.size() ? kRates[index] : 0;
}

} // namespace

std::optional<AacConfig> AacConfig::parse(Bytes bytes) {
    constexpr unsigned kEscape = 31;
    constexpr std::array<unsigned, 8> kChannels = {0, 1, 2, 3, 4, 5, 6, 8};
    BitReader bits(bytes);
    AacConfig config;
    config.objectType = bits.take(5);
    if (config.objectType == kEscape)
        config.objectType = 32 + bits.take(6);
    config.rate = takeRate(bits);
    const unsigned layout = bits.take(4);
    config.channels = layout < kChannels.size() ? kChannels[layout] : 0;
    if (bits.pastEnd() || config.objectType == 0 || config.channels == 0 || config.rate < 7350 ||
        config.rate > 96000)
        return std::nullopt;
    return config;
}

AudioTrack::Verdict AudioTrack::refuse(std::string codec) {
    unsupported_ = std::move(codec);
    return Verdict::Unsupported;
}

AudioTrack::Verdict AudioTrack::look(Block &body) {
    if (body.empty())
        return Verdict::Silence;
    const unsigned format = body.at(0) >> 4;
    switch (format) {
    case kFormatAac:
        return lookAac(body);
    case kFormatExtended:
        return lookEnhanced(body);
    case kFormatDevice:
        return Verdict::Ignored;
    default:
        // A stray message does not end a good stream.
        return config_ ? Verdict::Ignored : refuse(legacyName(format));
    }
}

AudioTrack::Verdict AudioTrack::lookAac(Block &body) {
    if (body.size() < 2)
        return Verdict::Malformed;
    body.data()[0] = kAacHeader;
    const Bytes payload = body.bytes().subspan(2);
    switch (body.at(1)) {
    case kAacConfig: {
        if (payload.empty())
            return Verdict::Silence;
        auto config = AacConfig::parse(payload);
        if (!config)
            return Verdict::Malformed;
        config_ = config;
        return Verdict::Config;
    }
    case kAacRaw:
        if (payload.empty())
            return Verdict::Silence;
        return config_ ? Verdict::Frame : Verdict::BeforeConfig;
    default:
        return Verdict::Malformed;
    }
}

AudioTrack::Verdict AudioTrack::lookEnhanced(Block &body) {
    const std::uint8_t packet = body.at(0) & 0x0f;
    switch (packet) {
    case kSequenceEnd:
    case kMultichannelConfig:
        return Verdict::Ignored;
    case kMultitrack:
    case kModEx:
        return config_ ? Verdict::Ignored : refuse("multitrack audio");
    case kSequenceStart:
    case kCodedFrames:
        break;
    default:
        return Verdict::Malformed;
    }
    if (body.size() < 5)
        return Verdict::Malformed;
    const std::string fourCc(reinterpret_cast<const char *>(body.data() + 1), 4);
    if (fourCc != "mp4a") {
        if (config_)
            return Verdict::Ignored;
        // Only printable letters reach a log or a peer.
        for (const char letter : fourCc) {
            if (letter < ' ' || letter > '~')
                return Verdict::Malformed;
        }
        return refuse(fourCc);
    }
    body.trimFront(3);
    body.data()[1] = packet == kSequenceStart ? kAacConfig : kAacRaw;
    return lookAac(body);
}

} // namespace lt::rtmp
