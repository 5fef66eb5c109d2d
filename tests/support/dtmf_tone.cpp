// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/dtmf_tone.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace lt::support {

namespace {

constexpr std::string_view kKeys = "123A456B789C*0#D";
constexpr double kRows[] = {697, 770, 852, 941};
constexpr double kColumns[] = {1209, 1336, 1477, 1633};

std::size_t samplesFor(int ms, int rate) {
    return static_cast<std::size_t>(std::max(ms, 0)) * static_cast<std::size_t>(rate) / 1000;
}

void appendTone(std::vector<std::int16_t> &out, std::pair<double, double> tones, const DtmfTiming &timing) {
    const std::size_t length = samplesFor(timing.digitMs, timing.sampleRate);
    const std::size_t fade = std::min(samplesFor(2, timing.sampleRate), length / 2);
    const double step = 2 * std::numbers::pi / timing.sampleRate;
    for (std::size_t i = 0; i < length; i++) {
        const std::size_t fromEdge = std::min(i, length - 1 - i);
        const double envelope =
            fromEdge < fade ? static_cast<double>(fromEdge) / static_cast<double>(fade) : 1;
        const double t = static_cast<double>(i) * step;
        const double value =
            timing.level * envelope * (std::sin(t * tones.first) + std::sin(t * tones.second));
        out.push_back(static_cast<std::int16_t>(std::lround(std::clamp(value, -1.0, 1.0) * 32767)));
    }
}

void append16(std::vector<std::uint8_t> &out, std::uint32_t value) {
    out.push_back(static_cast<std::uint8_t>(value));
    out.push_back(static_cast<std::uint8_t>(value >> 8));
}

void append32(std::vector<std::uint8_t> &out, std::uint32_t value) {
    append16(out, value & 0xffff);
    append16(out, value >> 16);
}

void appendText(std::vector<std::uint8_t> &out, std::string_view text) {
    for (const char c : text) // insert() makes GCC 12 warn of an overflow that is not there
        out.push_back(static_cast<std::uint8_t>(c));
}

} // namespace

std::optional<std::pair<double, double>> dtmfFrequencies(char digit) {
    const auto at = kKeys.find(digit);
    if (at == std::string_view::npos)
        return std::nullopt;
    return std::pair{kRows[at / 4], kColumns[at % 4]};
}

std::vector<std::int16_t> makeDtmf(std::string_view sequence, const DtmfTiming &timing) {
    std::vector<std::int16_t> out(samplesFor(timing.leadMs, timing.sampleRate));
    for (const char key : sequence) {
        if (const auto tones = dtmfFrequencies(key)) {
            appendTone(out, *tones, timing);
            out.resize(out.size() + samplesFor(timing.gapMs, timing.sampleRate));
        } else if (key == ',') {
            out.resize(out.size() + samplesFor(timing.pauseMs, timing.sampleRate));
        }
    }
    out.resize(out.size() + samplesFor(timing.tailMs, timing.sampleRate));
    return out;
}

std::vector<std::int16_t> spreadToChannels(const std::vector<std::int16_t> &mono, int channels) {
    std::vector<std::int16_t> out;
    out.reserve(mono.size() * static_cast<std::size_t>(channels));
    for (const auto sample : mono)
        out.insert(out.end(), static_cast<std::size_t>(channels), sample);
    return out;
}

std::vector<std::uint8_t> wavHeader(int sampleRate, int channels, std::uint32_t dataBytes) {
    const auto rate = static_cast<std::uint32_t>(sampleRate);
    const auto frame = static_cast<std::uint32_t>(channels) * 2;
    std::vector<std::uint8_t> out;
    appendText(out, "RIFF");
    append32(out, dataBytes + 36);
    appendText(out, "WAVEfmt ");
    append32(out, 16);
    append16(out, 1); // PCM
    append16(out, static_cast<std::uint32_t>(channels));
    append32(out, rate);
    append32(out, rate * frame);
    append16(out, frame);
    append16(out, 16);
    appendText(out, "data");
    append32(out, dataBytes);
    return out;
}

} // namespace lt::support
