// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lt::emulator {

enum class Encoding { kPcm, kAlaw, kUlaw };

struct AudioFormat {
    Encoding encoding = Encoding::kPcm;
    int bitDepth = 16;
    int sampleRate = 16000;
    int channels = 1;

    std::size_t bytesPerSample() const { return static_cast<std::size_t>(bitDepth) / 8; }
    std::size_t bytesPerFrame() const { return bytesPerSample() * static_cast<std::size_t>(channels); }
    std::uint64_t bytesPerSecond() const { return bytesPerFrame() * static_cast<std::uint64_t>(sampleRate); }
    double secondsOf(std::uint64_t bytes) const {
        return static_cast<double>(bytes) / static_cast<double>(bytesPerSecond());
    }
};

/// Turns a stream of bytes, cut anywhere, into interleaved samples of -1 … 1. A frame that is not complete
/// waits for its rest. A RIFF/WAVE header at the very start is skipped.
class SampleReader {
public:
    explicit SampleReader(AudioFormat format) : format_(format) {}

    /// Appends whole frames to `interleaved`.
    void read(std::span<const std::uint8_t> bytes, std::vector<float> &interleaved);

private:
    enum class Stage { kStart, kChunkHeader, kChunkBody, kAudio };

    bool skipHeader();
    float sampleAt(const std::uint8_t *at) const;

    AudioFormat format_;
    Stage stage_ = Stage::kStart;
    std::size_t bodyLeft_ = 0;
    std::vector<std::uint8_t> pending_;
};

} // namespace lt::emulator
