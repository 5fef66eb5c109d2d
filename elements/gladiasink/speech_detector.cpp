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

float alaw(std::uint8_t code) {
    const unsigned value = code ^ 0x55u;
    const unsigned exponent = (value >> 4) & 7u;
    const unsigned mantissa = value & 15u;
    const unsigned level = exponent ? ((mantissa << 4) + 0x108u) << (exponent - 1) : (mantissa << 4) + 8u;
    return static_cast<float>(level) / 32768.0F;
}

float ulaw(std::uint8_t code) {
    const unsigned value = static_cast<std::uint8_t>(~code);
    const unsigned level = (((value & 15u) << 3) + 0x84u) << ((value >> 4) & 7u);
    return static_cast<float>(level - 0x84u) / 32768.0F;
}

/// Of integers, so that a compiler can take several samples at a time. No window is long enough to overflow.
std::uint64_t sumOfSquares(const std::uint8_t *bytes, std::size_t samples) {
    constexpr std::size_t kPerBlock = 512;
    std::uint64_t sum = 0;
    std::array<std::int16_t, kPerBlock> block;
    for (std::size_t done = 0; done < samples; done += kPerBlock) {
        const std::size_t count = std::min(kPerBlock, samples - done);
        std::memcpy(block.data(), bytes + done * sizeof block[0], count * sizeof block[0]);
        for (std::size_t i = 0; i < count; i++) {
            const std::int32_t sample = GINT16_FROM_LE(block[i]);
            sum += static_cast<std::uint32_t>(sample * sample);
        }
    }
    return sum;
}

/// The sum of the samples' squares. Their signs do not matter.
double energyOf(std::span<const std::uint8_t> bytes, Encoding encoding) {
    constexpr double kFullScale = 32768.0;
    if (encoding == Encoding::Pcm)
        return static_cast<double>(sumOfSquares(bytes.data(), bytes.size() / 2)) / (kFullScale * kFullScale);
    double sum = 0;
    for (const std::uint8_t code : bytes) {
        const double value = encoding == Encoding::Alaw ? alaw(code) : ulaw(code);
        sum += value * value;
    }
    return sum;
}

} // namespace

std::uint64_t SpeechDetector::listen(std::span<const std::uint8_t> bytes, const AudioFormat &format) {
    const std::size_t perSample = format.bitDepth() / 8;
    const std::size_t window =
        static_cast<std::size_t>(format.rate * kWindowNs / 1'000'000'000) * format.bytesPerFrame();
    std::uint64_t loudNs = 0;
    for (std::size_t at = 0; at < bytes.size(); at += window) {
        const auto part = bytes.subspan(at, std::min(window, bytes.size() - at));
        const double samples = static_cast<double>(part.size() / perSample);
        if (samples > 0 && isLoud(energyOf(part, format.encoding) / samples))
            loudNs += format.nsOfBytes(part.size());
    }
    return loudNs;
}

bool SpeechDetector::isLoud(double power) {
    if (!std::exchange(started_, true))
        noise_ = std::min(power, kLeastPower);
    noise_ =
        power < noise_ ? 0.9 * noise_ + 0.1 * power : std::min({noise_ * kRise + 1e-12, power, kMostNoise});
    return power > std::max(kLeastPower, noise_ * kAboveNoise);
}

} // namespace lt::gladia
