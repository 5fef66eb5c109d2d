// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/request_schema.h"

namespace lt::emulator {

namespace {

using enum FieldKind;

constexpr std::string_view kLanguages99 =
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht "
    "hu "
    "hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps "
    "pt "
    "ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh";
constexpr std::string_view kTranslationTargets =
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht "
    "hu "
    "hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps "
    "pt "
    "ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi wo yi yo zh";

const Field kLanguageFields[] = {
    {"languages", kStrings, "[]", 0, 0, kLanguages99},
    {"code_switching", kBool, "false"},
};

const Field kPreProcessingFields[] = {
    {"audio_enhancer", kBool, "false"},
    {"speech_threshold", kNumber, "0.6", 0, 1},
};

const Field kVocabularyFields[] = {
    {.name = "vocabulary", .kind = kVocabulary, .required = true},
    {"default_intensity", kNumber, "0.5", 0, 1},
};

const Field kSpellingFields[] = {
    {.name = "spelling_dictionary", .kind = kSpelling, .required = true},
};

const Field kTranslationFields[] = {
    {.name = "target_languages",
     .kind = kStrings,
     .least = 1,
     .choices = kTranslationTargets,
     .required = true},
    {"model", kString, "\"base\"", 0, 0, "base enhanced batch"},
    {"match_original_utterances", kBool, "true"},
    {"lipsync", kBool, "true"},
    {"context_adaptation", kBool, "true"},
    {"context", kString},
    {"informal", kBool, "false"},
};

const Field kRealtimeFields[] = {
    {"custom_vocabulary", kBool, "false"},
    {.name = "custom_vocabulary_config", .kind = kObject, .fields = kVocabularyFields},
    {"custom_spelling", kBool, "false"},
    {.name = "custom_spelling_config", .kind = kObject, .fields = kSpellingFields},
    {"translation", kBool, "false"},
    {.name = "translation_config", .kind = kObject, .fields = kTranslationFields},
    {"named_entity_recognition", kBool, "false"},
    {"sentiment_analysis", kBool, "false"},
    {"words_accurate_timestamps", kBool}, // retired, and still sent by clients that work
};

const Field kSummarizationFields[] = {
    {"type", kString, "\"general\"", 0, 0, "general bullet_points concise"},
};

const Field kPostProcessingFields[] = {
    {"summarization", kBool, "false"},
    {.name = "summarization_config", .kind = kObject, .fields = kSummarizationFields},
    {"chapterization", kBool, "false"},
};

const Field kMessagesFields[] = {
    {"receive_partial_transcripts", kBool, "false"},
    {"receive_final_transcripts", kBool, "true"},
    {"receive_speech_events", kBool, "true"},
    {"receive_pre_processing_events", kBool, "true"},
    {"receive_realtime_processing_events", kBool, "true"},
    {"receive_post_processing_events", kBool, "true"},
    {"receive_acknowledgments", kBool, "true"},
    {"receive_errors", kBool, "true"},
    {"receive_lifecycle_events", kBool, "false"},
};

const Field kCallbackFields[] = {
    {.name = "url", .kind = kUrl, .required = true},
    {"receive_partial_transcripts", kBool, "false"},
    {"receive_final_transcripts", kBool, "true"},
    {"receive_speech_events", kBool, "false"},
    {"receive_pre_processing_events", kBool, "true"},
    {"receive_realtime_processing_events", kBool, "true"},
    {"receive_post_processing_events", kBool, "true"},
    {"receive_acknowledgments", kBool, "false"},
    {"receive_errors", kBool, "false"},
    {"receive_lifecycle_events", kBool, "true"},
};

const Field kRequestFields[] = {
    {"encoding", kString, "\"wav/pcm\"", 0, 0, "wav/pcm wav/alaw wav/ulaw"},
    {"bit_depth", kInteger, "16", 0, 0, "8 16 24 32"},
    {"sample_rate", kInteger, "16000", 0, 0, "8000 16000 32000 44100 48000"},
    {"channels", kInteger, "1", 1, 8},
    {"model", kString, "\"solaria-1\"", 0, 0, "solaria-1"},
    {"endpointing", kNumber, "0.05", 0.01, 10},
    {"maximum_duration_without_endpointing", kNumber, "5", 5, 60},
    {"custom_metadata", kFreeObject},
    {"language_config", kObject, "{}", 0, 0, {}, kLanguageFields},
    {"pre_processing", kObject, "{}", 0, 0, {}, kPreProcessingFields},
    {"realtime_processing", kObject, "{}", 0, 0, {}, kRealtimeFields},
    {"post_processing", kObject, "{}", 0, 0, {}, kPostProcessingFields},
    {"messages_config", kObject, "{}", 0, 0, {}, kMessagesFields},
    {"callback", kBool, "false"},
    {.name = "callback_config", .kind = kObject, .fields = kCallbackFields},
};

} // namespace

std::span<const Field> liveRequestFields() {
    return kRequestFields;
}

} // namespace lt::emulator
