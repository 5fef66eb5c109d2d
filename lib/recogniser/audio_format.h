// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace lt {

enum class Encoding : std::uint8_t { Pcm, Alaw, Ulaw };

/// What the audio for a recogniser is: interleaved, 16-bit little-endian PCM or 8-bit A-law/µ-law.
struct AudioFormat {
    Encoding encoding = Encoding::Pcm;
    std::uint32_t rate = 0; ///< frames per second
    std::uint32_t channels = 0;

    bool operator==(const AudioFormat &) const = default;

    std::uint32_t bitDepth() const { return encoding == Encoding::Pcm ? 16 : 8; }
    std::uint32_t bytesPerFrame() const { return bitDepth() / 8 * channels; }

    /// Exact to the nanosecond for any count: nothing accumulates.
    std::uint64_t nsOfFrames(std::uint64_t frames) const {
        constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
        return frames / rate * kNsPerSecond + frames % rate * kNsPerSecond / rate;
    }
    std::uint64_t nsOfBytes(std::uint64_t bytes) const { return nsOfFrames(bytes / bytesPerFrame()); }
};

} // namespace lt
