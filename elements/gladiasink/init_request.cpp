// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/init_request.h"

#include "lib/transcript/json_writer.h"

#include <string_view>

namespace lt::gladia {

namespace {

const char *encodingName(Encoding encoding) {
    switch (encoding) {
    case Encoding::Alaw:
        return "wav/alaw";
    case Encoding::Ulaw:
        return "wav/ulaw";
    case Encoding::Pcm:
        break;
    }
    return "wav/pcm";
}

void writeStrings(JsonWriter &json, std::string_view name, const std::vector<std::string> &all) {
    json.key(name).beginArray();
    for (const std::string &one : all)
        json.string(one);
    json.endArray();
}

void writeAudio(JsonWriter &json, const AudioFormat &format) {
    json.key("encoding").string(encodingName(format.encoding));
    json.key("sample_rate").unsignedInteger(format.rate);
    json.key("bit_depth").unsignedInteger(format.bitDepth());
    json.key("channels").unsignedInteger(format.channels);
}

void writeLanguages(JsonWriter &json, const SessionOptions &options) {
    json.key("language_config").beginObject();
    writeStrings(json, "languages", options.languages);
    json.key("code_switching").boolean(options.codeSwitching).endObject();
}

void writePreProcessing(JsonWriter &json, const SessionOptions &options) {
    json.key("pre_processing").beginObject();
    json.key("audio_enhancer").boolean(options.audioEnhancer);
    json.key("speech_threshold").number(options.speechThreshold).endObject();
}

void writeVocabulary(JsonWriter &json, const SessionOptions &options) {
    json.key("custom_vocabulary").boolean(true);
    json.key("custom_vocabulary_config").beginObject().key("vocabulary").beginArray();
    for (const VocabularyEntry &entry : options.vocabulary) {
        json.beginObject().key("value").string(entry.value);
        if (entry.intensity >= 0)
            json.key("intensity").number(entry.intensity);
        if (!entry.pronunciations.empty())
            writeStrings(json, "pronunciations", entry.pronunciations);
        if (!entry.language.empty())
            json.key("language").string(entry.language);
        json.endObject();
    }
    json.endArray().key("default_intensity").number(options.vocabularyIntensity).endObject();
}

void writeSpelling(JsonWriter &json, const SessionOptions &options) {
    json.key("custom_spelling").boolean(true);
    json.key("custom_spelling_config").beginObject().key("spelling_dictionary").beginObject();
    for (const SpellingRule &rule : options.spelling)
        writeStrings(json, rule.wanted, rule.heard);
    json.endObject().endObject();
}

void writeTranslation(JsonWriter &json, const TranslationOptions &options) {
    json.key("translation").boolean(true);
    json.key("translation_config").beginObject();
    writeStrings(json, "target_languages", options.targets);
    if (!options.model.empty())
        json.key("model").string(options.model);
    json.key("match_original_utterances").boolean(options.matchOriginal);
    json.key("lipsync").boolean(options.lipsync);
    json.key("context_adaptation").boolean(options.contextAdaptation);
    if (!options.context.empty())
        json.key("context").string(options.context);
    json.key("informal").boolean(options.informal).endObject();
}

/// True when the results of an utterance are asked for, beside its transcript.
bool wantsAddOns(const SessionOptions &options) {
    return !options.translation.targets.empty() || options.namedEntities || options.sentiment;
}

void writeRealtimeProcessing(JsonWriter &json, const SessionOptions &options) {
    if (options.vocabulary.empty() && options.spelling.empty() && !wantsAddOns(options))
        return;
    json.key("realtime_processing").beginObject();
    if (!options.vocabulary.empty())
        writeVocabulary(json, options);
    if (!options.spelling.empty())
        writeSpelling(json, options);
    if (!options.translation.targets.empty())
        writeTranslation(json, options.translation);
    json.key("named_entity_recognition").boolean(options.namedEntities);
    json.key("sentiment_analysis").boolean(options.sentiment).endObject();
}

void writePostProcessing(JsonWriter &json, const SessionOptions &options) {
    if (options.summary.empty())
        return;
    json.key("post_processing").beginObject().key("summarization").boolean(true);
    json.key("summarization_config").beginObject().key("type").string(options.summary);
    json.endObject().endObject();
}

void writeEvents(JsonWriter &json, unsigned events) {
    struct Event {
        CallbackEvent bit;
        const char *name;
    };
    static constexpr Event kEvents[] = {
        {kCallbackPartials, "receive_partial_transcripts"},
        {kCallbackFinals, "receive_final_transcripts"},
        {kCallbackSpeech, "receive_speech_events"},
        {kCallbackPreProcessing, "receive_pre_processing_events"},
        {kCallbackRealtimeProcessing, "receive_realtime_processing_events"},
        {kCallbackPostProcessing, "receive_post_processing_events"},
        {kCallbackAcknowledgments, "receive_acknowledgments"},
        {kCallbackErrors, "receive_errors"},
        {kCallbackLifecycle, "receive_lifecycle_events"},
    };
    for (const Event &event : kEvents)
        json.key(event.name).boolean(events & event.bit);
}

/// What this element needs to hear. Lifecycle tells it nothing; when somebody speaks it hears for itself,
/// also when the service does not.
unsigned eventsOnTheSocket(const SessionOptions &options) {
    unsigned events = kCallbackFinals | kCallbackAcknowledgments | kCallbackErrors;
    if (options.partials)
        events |= kCallbackPartials;
    if (wantsAddOns(options))
        events |= kCallbackRealtimeProcessing;
    if (!options.summary.empty())
        events |= kCallbackPostProcessing;
    return events;
}

void writeCallback(JsonWriter &json, const SessionOptions &options) {
    if (options.callbackUrl.empty())
        return;
    json.key("callback").boolean(true);
    json.key("callback_config").beginObject().key("url").string(options.callbackUrl);
    writeEvents(json, options.callbackEvents);
    json.endObject();
}

} // namespace

std::string initRequest(const AudioFormat &format, const SessionOptions &options) {
    JsonWriter json;
    json.beginObject();
    writeAudio(json, format);
    if (!options.model.empty())
        json.key("model").string(options.model);
    json.key("endpointing").number(options.endpointing);
    json.key("maximum_duration_without_endpointing").number(options.maxUtterance);
    if (!options.metadata.empty())
        json.key("custom_metadata").raw(options.metadata);
    writeLanguages(json, options);
    writePreProcessing(json, options);
    writeRealtimeProcessing(json, options);
    writePostProcessing(json, options);
    json.key("messages_config").beginObject();
    writeEvents(json, eventsOnTheSocket(options));
    json.endObject();
    writeCallback(json, options);
    json.endObject();
    return json.take();
}

} // namespace lt::gladia
