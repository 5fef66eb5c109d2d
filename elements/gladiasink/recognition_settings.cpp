// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/recognition_settings.h"

#include "elements/gladiasink/option_texts.h"
#include "elements/gladiasink/property_table.h"

#include <utility>

namespace lt::gladia {

namespace {

using S = RecognitionSettings;
using P = Property<S>;

GType translationModelType() {
    static const GEnumValue values[] = {
        {GST_GLADIA_SINK_TRANSLATION_MODEL_BASE, "Fast", "base"},
        {GST_GLADIA_SINK_TRANSLATION_MODEL_ENHANCED, "Better, and slower", "enhanced"},
        {0, nullptr, nullptr},
    };
    static gsize once = 0;
    return registeredEnum(once, "GstGladiaSinkTranslationModel", values);
}

GType summaryType() {
    static const GEnumValue values[] = {
        {GST_GLADIA_SINK_SUMMARY_NONE, "No summary", "none"},
        {GST_GLADIA_SINK_SUMMARY_GENERAL, "A text of some length", "general"},
        {GST_GLADIA_SINK_SUMMARY_BULLET_POINTS, "A list of points", "bullet-points"},
        {GST_GLADIA_SINK_SUMMARY_CONCISE, "A sentence or two", "concise"},
        {0, nullptr, nullptr},
    };
    static gsize once = 0;
    return registeredEnum(once, "GstGladiaSinkSummary", values);
}

GType callbackEventsType() {
    static const GFlagsValue values[] = {
        {kCallbackPartials, "Partial transcripts", "partials"},
        {kCallbackFinals, "Final transcripts", "finals"},
        {kCallbackSpeech, "Start and end of speech", "speech"},
        {kCallbackPreProcessing, "Pre-processing", "pre-processing"},
        {kCallbackRealtimeProcessing, "Translations, entities, sentiments", "realtime-processing"},
        {kCallbackPostProcessing, "Whole transcript and summary", "post-processing"},
        {kCallbackAcknowledgments, "Acknowledgements of audio", "acknowledgments"},
        {kCallbackErrors, "Errors", "errors"},
        {kCallbackLifecycle, "Start and end of session and recording", "lifecycle"},
        {0, nullptr, nullptr},
    };
    static gsize once = 0;
    return registeredFlags(once, "GstGladiaSinkCallbackEvents", values);
}

const P kRecognition[] = {
    {"model", "Model", "Gladia's model; unset: the service's default (solaria-1)", P::Text{&S::model}},
    {"languages", "Languages",
     "Comma-separated codes of the languages spoken, for example en or en,fr; one is forced, of several "
     "one is detected; unset: any",
     P::Text{&S::languages}},
    {"code-switching", "Code switching",
     "Detect the language of every utterance instead of that of the first; needs several languages",
     P::Flag{&S::codeSwitching}},
    {"endpointing", "Endpointing", "Silence that ends an utterance, seconds",
     P::Real{&S::endpointing, 0.01, 10}},
    {"max-utterance", "Longest utterance", "Length at which an utterance ends without silence, seconds",
     P::Real{&S::maxUtterance, 5, 60}},
    {"partials", "Partials", "Deliver provisional transcripts while an utterance lasts",
     P::Flag{&S::partials}},
    {"speech-threshold", "Speech threshold",
     "What counts as speech: 0 takes nearly everything for it, 1 nearly nothing",
     P::Real{&S::speechThreshold, 0, 1}},
    {"audio-enhancer", "Audio enhancer", "Let the service clean noisy audio first",
     P::Flag{&S::audioEnhancer}},
    {"custom-vocabulary", "Vocabulary",
     "Words and names to expect: a comma-separated list, or a JSON array of strings and of objects with "
     "value, intensity, pronunciations, language",
     P::Text{&S::vocabulary}},
    {"custom-vocabulary-intensity", "Vocabulary's intensity",
     "How readily the words of custom-vocabulary are heard, 0 to 1", P::Real{&S::vocabularyIntensity, 0, 1}},
    {"custom-spelling", "Spelling",
     "How to write what was heard: wanted=heard|heard, wanted=heard, or a JSON object of wanted spellings "
     "with arrays of heard forms",
     P::Text{&S::spelling}},
    {"translation-languages", "Translation's languages",
     "Comma-separated codes of the languages to translate each final into, for example fr,de; unset: no "
     "translation",
     P::Text{&S::translationLanguages}},
    {"translation-model", "Translation's model", "What translates",
     P::Choice{&S::translationModel, translationModelType}},
    {"translation-match-utterances", "Translation follows utterances",
     "Cut translations where the original's utterances are cut", P::Flag{&S::translationMatch}},
    {"translation-lipsync", "Translation's lip sync", "Fit translations to the movements of the lips",
     P::Flag{&S::translationLipsync}},
    {"translation-context-adaptation", "Translation's adaptation",
     "Let translations follow from what was said before and from translation-context",
     P::Flag{&S::translationAdapts}},
    {"translation-context", "Translation's context", "What the talk is about, in words, for the translator",
     P::Text{&S::translationContext}},
    {"translation-informal", "Informal translation", "Prefer informal forms of address in translations",
     P::Flag{&S::translationInformal}},
    {"named-entities", "Named entities",
     "Tell the names, places, numbers … of each final, as messages of kind entities",
     P::Flag{&S::namedEntities}},
    {"sentiment", "Sentiment", "Tell what each final expresses, as messages of kind sentiment",
     P::Flag{&S::sentiment}},
    {"summary", "Summary", "Sum up the session at its end, as a message of kind summary",
     P::Choice{&S::summary, summaryType}},
    {"custom-metadata", "Metadata",
     "JSON object that Gladia keeps with the session and returns with its results; unset: none",
     P::Text{&S::metadata}},
    {"callback-url", "Callback's address",
     "Address of http or https to which Gladia itself sends the events named by callback-events; unset: none",
     P::Text{&S::callbackUrl}},
    {"callback-events", "Callback's events", "What Gladia sends to callback-url",
     P::Set{&S::callbackEvents, callbackEventsType}},
};

const S kDefaults;
constexpr PropertyTable<S> kTable(kFirstRecognitionId, kRecognition, kDefaults);

/// As Gladia calls it.
const char *summaryName(int summary) {
    switch (summary) {
    case GST_GLADIA_SINK_SUMMARY_GENERAL:
        return "general";
    case GST_GLADIA_SINK_SUMMARY_BULLET_POINTS:
        return "bullet_points";
    case GST_GLADIA_SINK_SUMMARY_CONCISE:
        return "concise";
    default:
        return "";
    }
}

/// Moves what was parsed; false when nothing was.
template <typename T>
bool take(T &field, std::optional<T> parsed) {
    if (parsed)
        field = *std::move(parsed);
    return parsed.has_value();
}

} // namespace

std::optional<SessionOptions> sessionOptions(const RecognitionSettings &settings, std::string &error) {
    SessionOptions options;
    TranslationOptions &translation = options.translation;
    if (!take(options.languages, parseLanguages(settings.languages, error)) ||
        !take(translation.targets, parseLanguages(settings.translationLanguages, error)) ||
        !take(options.vocabulary, parseVocabulary(settings.vocabulary, error)) ||
        !take(options.spelling, parseSpelling(settings.spelling, error)) ||
        !take(options.metadata, parseMetadata(settings.metadata, error)) ||
        !take(options.callbackUrl, parseCallbackUrl(settings.callbackUrl, error)))
        return std::nullopt;
    options.model = settings.model;
    options.codeSwitching = settings.codeSwitching;
    options.endpointing = settings.endpointing;
    options.maxUtterance = settings.maxUtterance;
    options.partials = settings.partials;
    options.speechThreshold = settings.speechThreshold;
    options.audioEnhancer = settings.audioEnhancer;
    options.vocabularyIntensity = settings.vocabularyIntensity;
    if (settings.translationModel == GST_GLADIA_SINK_TRANSLATION_MODEL_ENHANCED)
        translation.model = "enhanced";
    translation.matchOriginal = settings.translationMatch;
    translation.lipsync = settings.translationLipsync;
    translation.contextAdaptation = settings.translationAdapts;
    translation.context = settings.translationContext;
    translation.informal = settings.translationInformal;
    options.namedEntities = settings.namedEntities;
    options.sentiment = settings.sentiment;
    options.summary = summaryName(settings.summary);
    options.callbackEvents = settings.callbackEvents;
    return options;
}

void installRecognition(GObjectClass *klass) {
    kTable.install(klass);
}

bool setRecognition(RecognitionSettings &settings, guint id, const GValue *value) {
    return kTable.set(settings, id, value);
}

bool getRecognition(const RecognitionSettings &settings, guint id, GValue *value) {
    return kTable.get(settings, id, value);
}

} // namespace lt::gladia
