// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lt::bench {

/// What a publisher of the benchmark says: utterances of DTMF digits with pauses between them, of lengths
/// that fall on no grid. Pure: the same seed always says the same.
struct SpeechPlan {
    struct Utterance {
        std::string digits;
        std::size_t endFrame; ///< just behind its last sound
    };
    std::vector<Utterance> utterances;
    std::vector<std::int16_t> samples; ///< mono
};

struct SpeechSettings {
    int rate = 44100;
    double leadSeconds = 2.5; ///< silence before the first word: until then everybody is connected
    double seconds = 20;      ///< of speech and pauses
    double tailSeconds = 1;   ///< silence after the last word, so that it is heard as ended
    std::uint32_t seed = 1;
};

SpeechPlan planSpeech(const SpeechSettings &settings);

} // namespace lt::bench
