// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace lt::support {

/// Row and column frequency in Hz of one of "0123456789ABCD*#"; nothing for any other character.
std::optional<std::pair<double, double>> dtmfFrequencies(char digit);

/// How a sequence of digits is turned into sound.
struct DtmfTiming {
    int sampleRate = 16000;
    int digitMs = 100;
    int gapMs = 100;     ///< silence after each digit
    int pauseMs = 1000;  ///< silence for each ',' of the sequence: long enough to close an utterance
    int leadMs = 0;      ///< silence before the first digit
    int tailMs = 0;      ///< silence after the last gap
    double level = 0.25; ///< amplitude of each of the two tones, 0 … 0.5
};

/// Signed 16-bit mono samples carrying `sequence`, which consists of digits and ','; other characters are
/// silently left out (blanks make long sequences readable). Each tone fades in and out over 2 ms, because a
/// click is wide-band and means nothing to a decoder.
std::vector<std::int16_t> makeDtmf(std::string_view sequence, const DtmfTiming &timing = {});

/// The same samples in each of `channels` interleaved channels.
std::vector<std::int16_t> spreadToChannels(const std::vector<std::int16_t> &mono, int channels);

/// A canonical 44-byte WAV header for 16-bit PCM.
std::vector<std::uint8_t> wavHeader(int sampleRate, int channels, std::uint32_t dataBytes);

} // namespace lt::support
