// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_format.h"

#include <cstdint>
#include <string>
#include <vector>

/// The request that makes a session of Gladia Live v2. Pure.
namespace lt::gladia {

/// A word or name that the recogniser shall expect.
struct VocabularyEntry {
    std::string value;
    double intensity = -1; ///< 0..1, or -1: the default of the whole vocabulary
    std::vector<std::string> pronunciations;
    std::string language; ///< empty: any

    bool operator==(const VocabularyEntry &) const = default;
};

/// How something is to be written, whichever of these forms was heard.
struct SpellingRule {
    std::string wanted;
    std::vector<std::string> heard;

    bool operator==(const SpellingRule &) const = default;
};

struct TranslationOptions {
    std::vector<std::string> targets; ///< none: no translation
    std::string model;                ///< empty: Gladia's default
    bool matchOriginal = true;
    bool lipsync = true;
    bool contextAdaptation = true;
    std::string context;
    bool informal = false;
};

/// What Gladia is to tell the callback's address, one bit each.
enum CallbackEvent : unsigned {
    kCallbackPartials = 1u << 0,
    kCallbackFinals = 1u << 1,
    kCallbackSpeech = 1u << 2,
    kCallbackPreProcessing = 1u << 3,
    kCallbackRealtimeProcessing = 1u << 4,
    kCallbackPostProcessing = 1u << 5,
    kCallbackAcknowledgments = 1u << 6,
    kCallbackErrors = 1u << 7,
    kCallbackLifecycle = 1u << 8,
};
/// Gladia's own choice.
constexpr unsigned kDefaultCallbackEvents = kCallbackFinals | kCallbackPreProcessing |
                                            kCallbackRealtimeProcessing | kCallbackPostProcessing |
                                            kCallbackLifecycle;

/// What the user asks of the recogniser.
struct SessionOptions {
    std::string model; ///< empty: Gladia's default
    std::vector<std::string> languages;
    bool codeSwitching = false;
    double endpointing = 0.3; ///< seconds of silence that end an utterance
    double maxUtterance = 5;  ///< seconds after which an utterance ends without silence
    bool partials = true;
    double speechThreshold = 0.6; ///< 0..1, higher is stricter
    bool audioEnhancer = false;
    std::vector<VocabularyEntry> vocabulary;
    double vocabularyIntensity = 0.5; ///< 0..1
    std::vector<SpellingRule> spelling;
    TranslationOptions translation;
    bool namedEntities = false;
    bool sentiment = false;
    std::string summary;     ///< its type, as Gladia calls it; empty: none
    std::string metadata;    ///< a JSON object; empty: none
    std::string callbackUrl; ///< empty: none
    unsigned callbackEvents = kDefaultCallbackEvents;
};

/// Body of POST /v2/live.
std::string initRequest(const AudioFormat &format, const SessionOptions &options);

} // namespace lt::gladia
