// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/audio_format.h"

#include <array>
#include <string_view>

namespace lt::rtmp {

namespace {

constexpr unsigned kOpusRate = 48000;
constexpr unsigned kMaxOpusFrames = 48;

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

unsigned takeAacRate(BitReader &bits) {
    static constexpr std::array<unsigned, 13> kRates = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                        22050, 16000, 12000, 11025, 8000,  7350};
    const unsigned index = bits.take(4);
    if (index == 15)
        return bits.take(24);
    return index < kRates.size() ? kRates[index] : 0;
}

/// What the second byte of an MPEG audio header says of its version.
enum MpegVersion : unsigned { kMpeg25 = 0, kMpeg2 = 2, kMpeg1 = 3 };

/// Samples per channel of an Opus packet, RFC 6716 section 3.1; 0 for one that is broken.
unsigned opusSamples(Bytes packet) {
    if (packet.empty())
        return 0;
    const unsigned config = packet[0] >> 3;
    unsigned frame = 0;
    if (config < 12) // SILK: 10, 20, 40, 60 ms
        frame = config % 4 == 3 ? 2880 : 480u << (config % 4);
    else if (config < 16) // hybrid: 10, 20 ms
        frame = 480u << (config % 2);
    else // CELT: 2.5, 5, 10, 20 ms
        frame = 120u << (config % 4);
    const unsigned code = packet[0] & 3;
    unsigned frames = code == 0 ? 1 : 2;
    if (code == 3)
        frames = packet.size() > 1 ? packet[1] & 0x3f : 0;
    return frames <= kMaxOpusFrames && frames * frame <= kOpusRate * 120 / 1000 ? frames * frame : 0;
}

} // namespace

const char *codecName(AudioCodec codec) {
    switch (codec) {
    case AudioCodec::None:
        break;
    case AudioCodec::Aac:
        return "AAC";
    case AudioCodec::Mp3:
        return "MP3";
    case AudioCodec::Alaw:
        return "G.711 A-law";
    case AudioCodec::Mulaw:
        return "G.711 µ-law";
    case AudioCodec::Opus:
        return "Opus";
    }
    return "";
}

std::optional<AudioFormat> AudioFormat::ofAac(Bytes bytes) {
    constexpr unsigned kEscape = 31;
    constexpr std::array<unsigned, 8> kChannels = {0, 1, 2, 3, 4, 5, 6, 8};
    BitReader bits(bytes);
    unsigned objectType = bits.take(5);
    if (objectType == kEscape)
        objectType = 32 + bits.take(6);
    AudioFormat format{AudioCodec::Aac, takeAacRate(bits), 0, {bytes.begin(), bytes.end()}};
    const unsigned layout = bits.take(4);
    format.channels = layout < kChannels.size() ? kChannels[layout] : 0;
    if (bits.pastEnd() || objectType == 0 || format.channels == 0 || format.rate < 7350 ||
        format.rate > 96000)
        return std::nullopt;
    return format;
}

std::optional<AudioFormat> AudioFormat::ofMp3(Bytes frame) {
    constexpr std::array<unsigned, 3> kRates = {44100, 48000, 32000}; // of MPEG-1
    constexpr unsigned kLayer3 = 1;
    constexpr unsigned kMono = 3;
    if (frame.size() < 4 || frame[0] != 0xff || (frame[1] & 0xe0) != 0xe0)
        return std::nullopt;
    const unsigned version = frame[1] >> 3 & 3;
    const unsigned rate = frame[2] >> 2 & 3;
    const unsigned bitrate = frame[2] >> 4;
    if ((frame[1] >> 1 & 3) != kLayer3 || version == 1 || rate >= kRates.size() || bitrate == 15)
        return std::nullopt;
    const unsigned divisor = version == kMpeg1 ? 1 : version == kMpeg2 ? 2 : 4;
    return AudioFormat{AudioCodec::Mp3, kRates[rate] / divisor, frame[3] >> 6 == kMono ? 1u : 2u, {}};
}

std::optional<AudioFormat> AudioFormat::ofOpus(Bytes header) {
    // RFC 7845 section 5.1: "OpusHead", version, channels, pre-skip, input rate, gain, mapping family.
    constexpr std::string_view kMagic = "OpusHead";
    constexpr std::size_t kSize = 19;
    if (header.size() < kSize || !std::equal(kMagic.begin(), kMagic.end(), header.begin()))
        return std::nullopt;
    const unsigned channels = header[9];
    const unsigned family = header[18];
    // Family 0 is mono or stereo without a table; other layouts no publisher of a talk needs.
    if (header[8] >> 4 != 0 || family != 0 || channels < 1 || channels > 2)
        return std::nullopt;
    return AudioFormat{
        AudioCodec::Opus, kOpusRate, channels, {header.begin(), header.begin() + static_cast<long>(kSize)}};
}

std::optional<AudioFormat> AudioFormat::ofOpusPacket(Bytes packet) {
    constexpr std::uint8_t kStereo = 4;
    if (opusSamples(packet) == 0)
        return std::nullopt;
    return AudioFormat{AudioCodec::Opus, kOpusRate, packet[0] & kStereo ? 2u : 1u, {}};
}

unsigned AudioFormat::samplesIn(Bytes frame) const {
    switch (codec) {
    case AudioCodec::None:
        return 0;
    case AudioCodec::Aac:
        return 1024;
    case AudioCodec::Mp3:
        return rate >= 32000 ? 1152 : 576;
    case AudioCodec::Alaw:
    case AudioCodec::Mulaw:
        return channels ? static_cast<unsigned>(frame.size()) / channels : 0;
    case AudioCodec::Opus:
        return opusSamples(frame);
    }
    return 0;
}

} // namespace lt::rtmp
