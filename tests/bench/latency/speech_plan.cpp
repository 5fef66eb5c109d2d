// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/speech_plan.h"

#include "tests/support/dtmf_tone.h"

#include <random>

namespace lt::bench {

namespace {

constexpr char kDigits[] = "0123456789ABCD*#";
constexpr unsigned kFewestDigits = 4, kMostDigits = 10;
constexpr int kGapMs = 40; // shorter than what ends an utterance
constexpr unsigned kShortestPauseMs = 600, kLongestPauseMs = 1100;

class Dice {
public:
    explicit Dice(std::uint32_t seed) : engine_(seed) {}
    unsigned between(unsigned least, unsigned most) {
        return least + static_cast<unsigned>(engine_() % (most - least + 1));
    }

private:
    std::mt19937 engine_; // not a distribution: those differ between libraries
};

} // namespace

SpeechPlan planSpeech(const SpeechSettings &settings) {
    SpeechPlan plan;
    Dice dice(settings.seed);
    const auto frames = [&settings](double seconds) {
        return static_cast<std::size_t>(seconds * settings.rate);
    };
    plan.samples.resize(frames(settings.leadSeconds));
    const std::size_t until = frames(settings.leadSeconds + settings.seconds);
    while (plan.samples.size() < until) {
        std::string digits;
        for (unsigned i = dice.between(kFewestDigits, kMostDigits); i > 0; i--)
            digits += kDigits[dice.between(0, sizeof kDigits - 2)];
        support::DtmfTiming timing;
        timing.sampleRate = settings.rate;
        timing.gapMs = kGapMs;
        timing.digitMs = static_cast<int>(dice.between(80, 120));
        const auto spoken = support::makeDtmf(digits, timing);
        plan.samples.insert(plan.samples.end(), spoken.begin(), spoken.end());
        plan.utterances.push_back({digits, plan.samples.size() - frames(kGapMs / 1000.0)});
        const unsigned pause = dice.between(kShortestPauseMs * 10, kLongestPauseMs * 10); // tenths of a ms
        plan.samples.resize(plan.samples.size() + frames(pause / 10000.0));
    }
    plan.samples.resize(plan.samples.size() + frames(settings.tailSeconds));
    return plan;
}

} // namespace lt::bench
