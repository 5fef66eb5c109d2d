// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/audio_format.h"

#include <algorithm>
#include <cstring>

namespace lt::emulator {

namespace {

/// G.711 µ-law: inverted bits, sign, three bits of exponent, four of mantissa, a bias of 33 (here × 4).
int expandUlaw(std::uint8_t code) {
    code = static_cast<std::uint8_t>(~code);
    const int magnitude = (((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4);
    return (code & 0x80) ? 0x84 - magnitude : magnitude - 0x84;
}

/// G.711 A-law: even bits inverted; the lowest segment has no hidden bit.
int expandAlaw(std::uint8_t code) {
    code ^= 0x55;
    const int exponent = (code & 0x70) >> 4;
    int magnitude = ((code & 0x0f) << 4) + 8;
    if (exponent > 0)
        magnitude = (magnitude + 0x100) << (exponent - 1);
    return (code & 0x80) ? magnitude : -magnitude;
}

std::uint32_t little32(const std::uint8_t *at) {
    return at[0] | static_cast<std::uint32_t>(at[1]) << 8 | static_cast<std::uint32_t>(at[2]) << 16 |
           static_cast<std::uint32_t>(at[3]) << 24;
}

} // namespace

float SampleReader::sampleAt(const std::uint8_t *at) const {
    if (format_.encoding == Encoding::kAlaw)
        return static_cast<float>(expandAlaw(*at)) / 32768.0f;
    if (format_.encoding == Encoding::kUlaw)
        return static_cast<float>(expandUlaw(*at)) / 32768.0f;
    switch (format_.bitDepth) {
    case 8: // WAV convention: unsigned
        return (static_cast<float>(*at) - 128.0f) / 128.0f;
    case 16:
        return static_cast<float>(static_cast<std::int16_t>(at[0] | at[1] << 8)) / 32768.0f;
    case 24: {
        const std::uint32_t high = static_cast<std::uint32_t>(at[0]) << 8 |
                                   static_cast<std::uint32_t>(at[1]) << 16 |
                                   static_cast<std::uint32_t>(at[2]) << 24;
        return static_cast<float>(static_cast<std::int32_t>(high)) / 2147483648.0f;
    }
    default:
        return static_cast<float>(static_cast<std::int32_t>(little32(at))) / 2147483648.0f;
    }
}

/// True once pending_ begins with audio.
bool SampleReader::skipHeader() {
    const auto drop = [this](std::size_t count) {
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    };
    while (stage_ != Stage::kAudio) {
        if (stage_ == Stage::kStart) {
            if (pending_.empty())
                return false;
            const std::size_t known = std::min<std::size_t>(pending_.size(), 4);
            if (std::memcmp(pending_.data(), "RIFF", known) != 0) {
                stage_ = Stage::kAudio;
                break;
            }
            if (pending_.size() < 12)
                return false;
            if (std::memcmp(pending_.data() + 8, "WAVE", 4) != 0) {
                stage_ = Stage::kAudio;
                break;
            }
            drop(12);
            stage_ = Stage::kChunkHeader;
        } else if (stage_ == Stage::kChunkHeader) {
            if (pending_.size() < 8)
                return false;
            const bool data = std::memcmp(pending_.data(), "data", 4) == 0;
            const std::size_t size = little32(pending_.data() + 4);
            bodyLeft_ = size + size % 2; // chunks are padded to even length
            drop(8);
            stage_ = data ? Stage::kAudio : Stage::kChunkBody;
        } else {
            const std::size_t taken = std::min(bodyLeft_, pending_.size());
            drop(taken);
            bodyLeft_ -= taken;
            if (bodyLeft_ > 0)
                return false;
            stage_ = Stage::kChunkHeader;
        }
    }
    return true;
}

void SampleReader::read(std::span<const std::uint8_t> bytes, std::vector<float> &interleaved) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    if (!skipHeader())
        return;
    const std::size_t sample = format_.bytesPerSample();
    const std::size_t whole = pending_.size() / format_.bytesPerFrame() * format_.bytesPerFrame();
    interleaved.reserve(interleaved.size() + whole / sample);
    for (std::size_t at = 0; at < whole; at += sample)
        interleaved.push_back(sampleAt(pending_.data() + at));
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(whole));
}

} // namespace lt::emulator
