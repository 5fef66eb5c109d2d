// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lt::emulator {

/// Hears DTMF digits in one channel: eight Goertzel filters over a window of 20 ms that advances by 10 ms. A
/// digit counts when two windows in a row show it, and is over when two in a row do not; so tones and pauses
/// of 40 ms and more are told apart, whatever their phase. What is asked of a window are ratios (the two
/// tones carry most of the energy, neither dwarfs the other), which lossy coding and resampling leave alone,
/// and a level that has not fallen far below the digit's own peak, which lossy coding smears into pauses.
class DtmfDecoder {
public:
    struct Event {
        char digit;
        bool began;        ///< else: ended
        std::uint64_t hop; ///< number of the 10 ms hop it began with, or of the first one without it
    };

    /// `sampleRate` is a multiple of 100, from 8000.
    explicit DtmfDecoder(int sampleRate);

    /// Samples of one hop; the following calls continue without a gap.
    std::size_t hopSize() const { return hop_; }
    /// `samples` holds exactly one hop, -1 … 1. Appends to `events`.
    void push(std::span<const float> samples, std::vector<Event> &events);
    /// The audio has ended.
    void finish(std::vector<Event> &events);

private:
    struct Reading {
        char digit = 0;   ///< 0: none
        double power = 0; ///< mean square of the two tones
    };

    double tonePower(double coefficient) const;
    Reading readWindow() const;
    bool isEcho(const Reading &reading) const;
    void end(std::vector<Event> &events);

    std::size_t hop_;
    std::array<double, 8> coefficients_{};
    std::vector<float> window_; // two hops
    std::uint64_t hops_ = 0;
    char candidate_ = 0;
    char current_ = 0;
    double peak_ = 0;
    std::uint64_t missed_ = 0;
    char endedDigit_ = 0; // the last one, whose smear may follow it
    double endedPeak_ = 0;
    std::uint64_t endedHop_ = 0;
};

/// All digits of a recording. The last incomplete hop is filled with silence.
std::string decodeDtmf(std::span<const float> samples, int sampleRate);

} // namespace lt::emulator
