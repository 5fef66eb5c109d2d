// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/speech_detector.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <glib.h>

namespace lt::gladia {

namespace {

constexpr std::uint64_t kWindowNs = 20'000'000;
/// Quieter than -55 dB of full scale is silence wherever it comes from.
constexpr double kLeastPower = 3e-6;
/// So much louder than the noise: 8 dB.
constexpr double kAboveNoise = 6;
/// The noise is taken for this much at most, so that somebody who never pauses stays speech.
constexpr double kMostNoise = 3e-4;
/// By how much the idea of the noise may rise in a window: 10 dB in about 12 s.
constexpr double kRise = 1.004;

/// What a code of the telephone stands for, of a full scale of 32768.
constexpr std::uint32_t levelOfAlaw(std::uint8_t code) {
    const unsigned value = code ^ 0x55u;
    const unsigned exponent = (value >> 4) & 7u;
    const unsigned mantissa = value & 15u;
    return exponent ? ((mantissa << 4) + 0x108u) << (exponent - 1) : (mantissa << 4) + 8u;
}

constexpr std::uint32_t levelOfUlaw(std::uint8_t code) {
    const unsigned value = static_cast<std::uint8_t>(~code);
    return ((((value & 15u) << 3) + 0x84u) << ((value >> 4) & 7u)) - 0x84u;
}

using Squares = std::array<std::uint32_t, 256>; // by code

constexpr Squares squaresOf(std::uint32_t (*level)(std::uint8_t)) {
    Squares squares{};
    for (std::size_t code = 0; code < squares.size(); code++) {
        const std::uint32_t value = level(static_cast<std::uint8_t>(code));
        squares[code] = value * value;
    }
    return squares;
}

constexpr Squares kAlawSquares = squaresOf(levelOfAlaw);
constexpr Squares kUlawSquares = squaresOf(levelOfUlaw);

/// Sums of the squares of each channel's samples, whose signs do not matter. No window is long enough to
/// overflow.
using Sums = std::array<std::uint64_t, Speech::kMaxChannels>;

/// Of integers, and with a number of channels that is known, so that a compiler can take several samples at a
/// time.
template <unsigned Channels>
void addPcm(const std::uint8_t *bytes, std::size_t frames, Sums &sums) {
    constexpr std::size_t kFramesPerBlock = 512 / Channels;
    std::array<std::int16_t, kFramesPerBlock * Channels> block;
    constexpr std::size_t kFrameBytes = Channels * sizeof block[0];
    std::array<std::uint64_t, Channels> found{};
    for (std::size_t done = 0; done < frames; done += kFramesPerBlock) {
        const std::size_t count = std::min(kFramesPerBlock, frames - done);
        std::memcpy(block.data(), bytes + done * kFrameBytes, count * kFrameBytes);
        for (std::size_t i = 0; i < count; i++) {
            for (std::size_t channel = 0; channel < Channels; channel++) {
                const std::int32_t sample = GINT16_FROM_LE(block[i * Channels + channel]);
                found[channel] += static_cast<std::uint32_t>(sample * sample);
            }
        }
    }
    std::copy(found.begin(), found.end(), sums.begin());
}

constexpr std::array kAddPcm = {addPcm<1>, addPcm<2>, addPcm<3>, addPcm<4>,
                                addPcm<5>, addPcm<6>, addPcm<7>, addPcm<8>};
static_assert(kAddPcm.size() == Speech::kMaxChannels);

void addCodes(std::span<const std::uint8_t> codes, unsigned channels, const Squares &squares, Sums &sums) {
    for (std::size_t at = 0; at < codes.size(); at += channels)
        for (std::size_t channel = 0; channel < channels; channel++)
            sums[channel] += squares[codes[at + channel]];
}

/// Of whole frames.
Sums sumsOf(std::span<const std::uint8_t> bytes, const AudioFormat &format) {
    Sums sums{};
    if (format.encoding == Encoding::Pcm)
        kAddPcm[format.channels - 1](bytes.data(), bytes.size() / format.bytesPerFrame(), sums);
    else
        addCodes(bytes, format.channels, format.encoding == Encoding::Alaw ? kAlawSquares : kUlawSquares,
                 sums);
    return sums;
}

} // namespace

Speech SpeechDetector::listen(std::span<const std::uint8_t> bytes, const AudioFormat &format) {
    constexpr double kFullScale = 32768.0 * 32768.0;
    Speech speech;
    const std::size_t perFrame = format.bytesPerFrame();
    const std::size_t window = static_cast<std::size_t>(format.rate * kWindowNs / 1'000'000'000) * perFrame;
    if (window == 0 || format.channels > Speech::kMaxChannels)
        return speech;
    for (std::size_t at = 0; at + perFrame <= bytes.size(); at += window) {
        const std::size_t frames = std::min(window, bytes.size() - at) / perFrame;
        const Sums sums = sumsOf(bytes.subspan(at, frames * perFrame), format);
        for (unsigned channel = 0; channel < format.channels; channel++)
            if (ears_[channel].isLoud(static_cast<double>(sums[channel]) /
                                      (kFullScale * static_cast<double>(frames))))
                speech.add(channel, format.nsOfFrames(frames));
    }
    return speech;
}

bool SpeechDetector::Ear::isLoud(double power) {
    if (!std::exchange(started_, true))
        noise_ = std::min(power, kLeastPower);
    noise_ =
        power < noise_ ? 0.9 * noise_ + 0.1 * power : std::min({noise_ * kRise + 1e-12, power, kMostNoise});
    return power > std::max(kLeastPower, noise_ * kAboveNoise);
}

} // namespace lt::gladia
