// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/dtmf_decoder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lt::emulator {

namespace {

constexpr double kFrequencies[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
constexpr char kKeys[] = "123A456B789C*0#D";
constexpr double kLeastPower = 1e-4;   // -40 dB
constexpr double kShareOfEnergy = 0.7; // of the window, in the two tones
constexpr double kTwist = 10;          // the louder tone at most 10 dB above the other
constexpr double kAboveRival = 4;      // 6 dB above the next tone of the same group
constexpr double kFall = 0.126;        // 9 dB below its peak a digit is over
constexpr std::uint64_t kMissesToEnd = 2;
constexpr std::uint64_t kEchoHops = 10; // so long a digit's smear is not taken for the same digit again

/// Index of the strongest of four; 0 power when another comes close to it.
struct Strongest {
    std::size_t index = 0;
    double power = 0;
};

Strongest strongestOf(const double *powers) {
    const double *best = std::max_element(powers, powers + 4);
    for (const double *other = powers; other < powers + 4; other++) {
        if (other != best && *other * kAboveRival > *best)
            return {};
    }
    return {static_cast<std::size_t>(best - powers), *best};
}

} // namespace

DtmfDecoder::DtmfDecoder(int sampleRate)
    : hop_(static_cast<std::size_t>(sampleRate) / 100), window_(2 * hop_, 0.0f) {
    for (std::size_t i = 0; i < coefficients_.size(); i++)
        coefficients_[i] = 2 * std::cos(2 * std::numbers::pi * kFrequencies[i] / sampleRate);
}

/// Mean square of the window's part at one frequency.
double DtmfDecoder::tonePower(double coefficient) const {
    double previous = 0;
    double beforeThat = 0;
    for (const float sample : window_) {
        const double next = sample + coefficient * previous - beforeThat;
        beforeThat = previous;
        previous = next;
    }
    const double magnitude =
        previous * previous + beforeThat * beforeThat - coefficient * previous * beforeThat;
    const auto length = static_cast<double>(window_.size());
    return 2 * magnitude / (length * length);
}

DtmfDecoder::Reading DtmfDecoder::readWindow() const {
    double energy = 0;
    for (const float sample : window_)
        energy += static_cast<double>(sample) * static_cast<double>(sample);
    energy /= static_cast<double>(window_.size());
    if (energy < kLeastPower)
        return {};
    double powers[8];
    for (std::size_t i = 0; i < coefficients_.size(); i++)
        powers[i] = tonePower(coefficients_[i]);
    const Strongest row = strongestOf(powers);
    const Strongest column = strongestOf(powers + 4);
    const double both = row.power + column.power;
    if (row.power <= 0 || column.power <= 0 || both < kLeastPower || both < kShareOfEnergy * energy ||
        row.power > kTwist * column.power || column.power > kTwist * row.power)
        return {};
    return {kKeys[row.index * 4 + column.index], both};
}

bool DtmfDecoder::isEcho(const Reading &reading) const {
    return reading.digit && !current_ && reading.digit == endedDigit_ && hops_ - endedHop_ <= kEchoHops &&
           reading.power < kFall * endedPeak_;
}

void DtmfDecoder::push(std::span<const float> samples, std::vector<Event> &events) {
    std::copy(window_.begin() + static_cast<std::ptrdiff_t>(hop_), window_.end(), window_.begin());
    std::copy(samples.begin(), samples.end(), window_.begin() + static_cast<std::ptrdiff_t>(hop_));
    hops_++;
    Reading reading = readWindow();
    if (isEcho(reading))
        reading = {};

    if (current_ && reading.digit == current_ && reading.power >= kFall * peak_) {
        missed_ = 0;
        peak_ = std::max(peak_, reading.power);
    } else if (current_ && ++missed_ >= kMissesToEnd) {
        end(events);
    }
    if (reading.digit && reading.digit == candidate_ && reading.digit != current_) {
        if (current_)
            end(events);
        current_ = reading.digit;
        peak_ = reading.power;
        missed_ = 0;
        events.push_back({current_, true, hops_ >= 3 ? hops_ - 3 : 0});
    }
    candidate_ = reading.digit;
}

void DtmfDecoder::end(std::vector<Event> &events) {
    // The window that missed it first still had the digit in its older half.
    events.push_back({current_, false, hops_ > missed_ ? hops_ - missed_ : 0});
    endedDigit_ = current_;
    endedPeak_ = peak_;
    endedHop_ = hops_;
    current_ = 0;
    candidate_ = 0;
    missed_ = 0;
}

void DtmfDecoder::finish(std::vector<Event> &events) {
    if (current_)
        end(events);
}

std::string decodeDtmf(std::span<const float> samples, int sampleRate) {
    DtmfDecoder decoder(sampleRate);
    std::vector<DtmfDecoder::Event> events;
    std::vector<float> hop(decoder.hopSize());
    for (std::size_t at = 0; at < samples.size(); at += hop.size()) {
        const auto part = samples.subspan(at, std::min(hop.size(), samples.size() - at));
        std::fill(std::copy(part.begin(), part.end(), hop.begin()), hop.end(), 0.0f);
        decoder.push(hop, events);
    }
    std::string digits;
    for (const auto &event : events) {
        if (event.began)
            digits += event.digit;
    }
    return digits;
}

} // namespace lt::emulator
