// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/messages.h"
#include "tests/support/json_text.h"

#include <string_view>
#include <utility>

namespace lt::emulator {

using support::roundedSeconds;
using support::toText;

namespace {

using support::JsonArrayRef;
using support::JsonObjectRef;

constexpr double kPartialConfidence = 0.6;
constexpr double kFinalConfidence = 0.94;

JsonObjectRef newObject() {
    return JsonObjectRef(json_object_new());
}

void set(JsonObjectRef &object, const char *name, JsonObjectRef value) {
    json_object_set_object_member(object.get(), name, value.release());
}

void set(JsonObjectRef &object, const char *name, JsonArrayRef value) {
    json_object_set_array_member(object.get(), name, value.release());
}

void set(JsonObjectRef &object, const char *name, const std::string &value) {
    json_object_set_string_member(object.get(), name, value.c_str());
}

void setSeconds(JsonObjectRef &object, const char *name, double seconds) {
    json_object_set_double_member(object.get(), name, roundedSeconds(seconds));
}

JsonObjectRef startMessage(const Envelope &envelope, const char *type) {
    JsonObjectRef message = newObject();
    set(message, "session_id", envelope.sessionId);
    set(message, "created_at", envelope.createdAt);
    set(message, "type", std::string(type));
    return message;
}

JsonObjectRef startAck(const Envelope &envelope, const char *type, bool accepted) {
    JsonObjectRef message = startMessage(envelope, type);
    json_object_set_boolean_member(message.get(), "acknowledged", accepted);
    json_object_set_null_member(message.get(), "error");
    return message;
}

JsonArrayRef pairOfSeconds(double first, double second) {
    JsonArrayRef array(json_array_new());
    json_array_add_double_element(array.get(), roundedSeconds(first));
    json_array_add_double_element(array.get(), roundedSeconds(second));
    return array;
}

JsonArrayRef stringArray(std::span<const std::string> strings) {
    JsonArrayRef array(json_array_new());
    for (const auto &string : strings)
        json_array_add_string_element(array.get(), string.c_str());
    return array;
}

JsonObjectRef utteranceObject(const Utterance &utterance, const std::string &language, double confidence) {
    JsonObjectRef object = newObject();
    setSeconds(object, "start", utterance.start);
    setSeconds(object, "end", utterance.end);
    json_object_set_double_member(object.get(), "confidence", confidence);
    json_object_set_int_member(object.get(), "channel", utterance.channel);
    set(object, "language", language);
    set(object, "text", utterance.text);
    JsonArrayRef words(json_array_new());
    for (const Word &word : utterance.words) {
        JsonObjectRef entry = newObject();
        set(entry, "word", word.text);
        setSeconds(entry, "start", word.start);
        setSeconds(entry, "end", word.end);
        json_object_set_double_member(entry.get(), "confidence", confidence);
        json_array_add_object_element(words.get(), entry.release());
    }
    set(object, "words", std::move(words));
    return object;
}

/// The part that all add-on results of an utterance share.
JsonObjectRef addOnData(const Envelope &envelope, const Utterance &utterance) {
    JsonObjectRef data = newObject();
    // The live service sends the bare number here, not the transcript's id.
    set(data, "utterance_id", std::to_string(utterance.number));
    set(data, "utterance", utteranceObject(utterance, envelope.language, kFinalConfidence));
    return data;
}

Message sealed(MessageKind kind, JsonObjectRef message) {
    std::string type = support::stringMember(message.get(), "type");
    return {kind, std::move(type), toText(std::move(message))};
}

Message addOn(const Envelope &envelope, const char *type, JsonObjectRef data) {
    JsonObjectRef message = startMessage(envelope, type);
    json_object_set_null_member(message.get(), "error");
    set(message, "data", std::move(data));
    return sealed(MessageKind::kRealtimeProcessing, std::move(message));
}

std::string_view trimmed(std::string_view text) {
    return text.starts_with(' ') ? text.substr(1) : text;
}

std::string fullTranscript(const Outcome &outcome) {
    std::string text;
    for (const auto &utterance : outcome.finals) {
        if (!text.empty())
            text += ' ';
        text += trimmed(utterance.text);
    }
    return text;
}

std::string summaryOf(const Outcome &outcome) {
    return std::to_string(outcome.finals.size()) + " utterances: " + fullTranscript(outcome);
}

JsonObjectRef transcriptionObject(const Envelope &envelope, const Outcome &outcome) {
    JsonObjectRef object = newObject();
    set(object, "full_transcript", fullTranscript(outcome));
    set(object, "languages", stringArray(std::span(&envelope.language, outcome.finals.empty() ? 0 : 1)));
    JsonArrayRef utterances(json_array_new());
    for (const auto &utterance : outcome.finals)
        json_array_add_object_element(
            utterances.get(), utteranceObject(utterance, envelope.language, kFinalConfidence).release());
    set(object, "utterances", std::move(utterances));
    return object;
}

/// Into the language it already has it is the same once more, as the service does it.
Utterance translated(const Envelope &envelope, const Utterance &utterance, const std::string &target) {
    Utterance out = utterance;
    if (target == envelope.language)
        return out;
    const std::string mark = " [" + target + "]";
    out.text = mark + utterance.text;
    out.words.front().text = mark + out.words.front().text;
    return out;
}

JsonObjectRef entityObject(const Utterance &utterance) {
    JsonObjectRef entity = newObject();
    set(entity, "entity_type", std::string("NUMBER"));
    set(entity, "text", std::string(trimmed(utterance.text)));
    setSeconds(entity, "start", utterance.start);
    setSeconds(entity, "end", utterance.end);
    return entity;
}

JsonObjectRef sentimentObject(const Utterance &utterance) {
    JsonObjectRef result = newObject();
    set(result, "sentiment", std::string("neutral"));
    set(result, "emotion", std::string("neutral"));
    set(result, "text", std::string(trimmed(utterance.text)));
    setSeconds(result, "start", utterance.start);
    setSeconds(result, "end", utterance.end);
    json_object_set_int_member(result.get(), "channel", utterance.channel);
    return result;
}

JsonArrayRef listOf(std::span<const Utterance> utterances, JsonObjectRef (*make)(const Utterance &)) {
    JsonArrayRef list(json_array_new());
    for (const auto &utterance : utterances)
        json_array_add_object_element(list.get(), make(utterance).release());
    return list;
}

/// An add-on as it stands in the result: what it found, and how it went.
template <typename Results>
JsonObjectRef addOnResult(const Outcome &outcome, Results results) {
    JsonObjectRef object = newObject();
    json_object_set_boolean_member(object.get(), "success", TRUE);
    json_object_set_boolean_member(object.get(), "is_empty", outcome.finals.empty());
    setSeconds(object, "exec_time", 0);
    json_object_set_null_member(object.get(), "error");
    set(object, "results", std::move(results));
    return object;
}

/// One transcription for each language asked for.
JsonArrayRef translations(const Envelope &envelope, const Outcome &outcome) {
    JsonArrayRef list(json_array_new());
    for (const auto &target : outcome.translationTargets) {
        Outcome other = outcome;
        for (auto &utterance : other.finals)
            utterance = translated(envelope, utterance, target);
        Envelope about = envelope;
        about.language = target;
        json_array_add_object_element(list.get(), transcriptionObject(about, other).release());
    }
    return list;
}

} // namespace

std::string utteranceId(const Utterance &utterance) {
    char id[32];
    g_snprintf(id, sizeof id, "%02d_%08u", utterance.channel, utterance.number);
    return id;
}

Message audioChunkAck(const Envelope &envelope, std::uint64_t startByte, std::uint64_t endByte,
                      double startTime, double endTime) {
    JsonObjectRef data = newObject();
    JsonArrayRef range(json_array_new());
    json_array_add_int_element(range.get(), static_cast<gint64>(startByte));
    json_array_add_int_element(range.get(), static_cast<gint64>(endByte));
    set(data, "byte_range", std::move(range));
    set(data, "time_range", pairOfSeconds(startTime, endTime));
    JsonObjectRef message = startAck(envelope, "audio_chunk", true);
    set(message, "data", std::move(data));
    return sealed(MessageKind::kAcknowledgment, std::move(message));
}

static Message refusal(const Envelope &envelope, const char *type, const std::string &reason) {
    JsonObjectRef message = startAck(envelope, type, false);
    JsonObjectRef error = newObject();
    set(error, "message", reason);
    set(message, "error", std::move(error));
    json_object_set_null_member(message.get(), "data");
    return sealed(MessageKind::kAcknowledgment, std::move(message));
}

Message audioChunkRefusal(const Envelope &envelope, const std::string &reason) {
    return refusal(envelope, "audio_chunk", reason);
}

Message stopRecordingRefusal(const Envelope &envelope, const std::string &reason) {
    return refusal(envelope, "stop_recording", reason);
}

Message stopRecordingAck(const Envelope &envelope, double duration, double leftToProcess) {
    JsonObjectRef data = newObject();
    setSeconds(data, "recording_duration", duration);
    setSeconds(data, "recording_left_to_process", leftToProcess);
    JsonObjectRef message = startAck(envelope, "stop_recording", true);
    set(message, "data", std::move(data));
    return sealed(MessageKind::kAcknowledgment, std::move(message));
}

Message speechEvent(const Envelope &envelope, const Heard &heard) {
    const bool start = heard.kind == Heard::Kind::kSpeechStart;
    JsonObjectRef data = newObject();
    setSeconds(data, "time", heard.time);
    json_object_set_int_member(data.get(), "channel", heard.channel);
    JsonObjectRef message = startMessage(envelope, start ? "speech_start" : "speech_end");
    set(message, "data", std::move(data));
    return sealed(MessageKind::kSpeechEvent, std::move(message));
}

Message transcript(const Envelope &envelope, const Utterance &utterance, bool isFinal) {
    JsonObjectRef data = newObject();
    set(data, "id", utteranceId(utterance));
    json_object_set_boolean_member(data.get(), "is_final", isFinal);
    set(data, "utterance",
        utteranceObject(utterance, envelope.language, isFinal ? kFinalConfidence : kPartialConfidence));
    JsonObjectRef message = startMessage(envelope, "transcript");
    set(message, "data", std::move(data));
    return sealed(isFinal ? MessageKind::kFinal : MessageKind::kPartial, std::move(message));
}

Message translation(const Envelope &envelope, const Utterance &utterance, const std::string &target) {
    JsonObjectRef data = addOnData(envelope, utterance);
    set(data, "original_language", envelope.language);
    set(data, "target_language", target);
    set(data, "translated_utterance",
        utteranceObject(translated(envelope, utterance, target), target, kFinalConfidence));
    return addOn(envelope, "translation", std::move(data));
}

Message namedEntities(const Envelope &envelope, const Utterance &utterance) {
    JsonObjectRef data = addOnData(envelope, utterance);
    set(data, "results", listOf(std::span(&utterance, 1), entityObject));
    return addOn(envelope, "named_entity_recognition", std::move(data));
}

Message sentiment(const Envelope &envelope, const Utterance &utterance) {
    JsonObjectRef data = addOnData(envelope, utterance);
    set(data, "results", listOf(std::span(&utterance, 1), sentimentObject));
    return addOn(envelope, "sentiment_analysis", std::move(data));
}

Message lifecycle(const Envelope &envelope, const char *type) {
    return sealed(MessageKind::kLifecycle, startMessage(envelope, type));
}

Message endRecording(const Envelope &envelope, double duration) {
    JsonObjectRef data = newObject();
    setSeconds(data, "recording_duration", duration);
    JsonObjectRef message = startMessage(envelope, "end_recording");
    set(message, "data", std::move(data));
    return sealed(MessageKind::kLifecycle, std::move(message));
}

Message postTranscript(const Envelope &envelope, const Outcome &outcome) {
    JsonObjectRef message = startMessage(envelope, "post_transcript");
    set(message, "data", transcriptionObject(envelope, outcome));
    return sealed(MessageKind::kPostProcessing, std::move(message));
}

Message postSummarization(const Envelope &envelope, const Outcome &outcome) {
    JsonObjectRef data = newObject();
    set(data, "results", summaryOf(outcome));
    JsonObjectRef message = startMessage(envelope, "post_summarization");
    json_object_set_null_member(message.get(), "error");
    set(message, "data", std::move(data));
    return sealed(MessageKind::kPostProcessing, std::move(message));
}

Message postChapterization(const Envelope &envelope, const Outcome &outcome) {
    JsonArrayRef chapters(json_array_new());
    if (!outcome.finals.empty()) {
        JsonObjectRef chapter = newObject();
        const std::string text = fullTranscript(outcome);
        set(chapter, "headline", std::string(trimmed(outcome.finals.front().text)));
        set(chapter, "gist", summaryOf(outcome));
        set(chapter, "keywords", JsonArrayRef(json_array_new()));
        setSeconds(chapter, "start", outcome.finals.front().start);
        setSeconds(chapter, "end", outcome.finals.back().end);
        set(chapter, "sentences", JsonArrayRef(json_array_new()));
        set(chapter, "text", text);
        json_array_add_object_element(chapters.get(), chapter.release());
    }
    JsonObjectRef data = newObject();
    set(data, "results", std::move(chapters));
    JsonObjectRef message = startMessage(envelope, "post_chapterization");
    json_object_set_null_member(message.get(), "error");
    set(message, "data", std::move(data));
    return sealed(MessageKind::kPostProcessing, std::move(message));
}

JsonObjectRef resultObject(const Envelope &envelope, const Outcome &outcome, bool withMessages) {
    JsonObjectRef metadata = newObject();
    setSeconds(metadata, "audio_duration", outcome.duration);
    json_object_set_int_member(metadata.get(), "number_of_distinct_channels", outcome.channels);
    setSeconds(metadata, "billing_time", outcome.duration * outcome.channels);
    setSeconds(metadata, "transcription_time", 0);
    JsonObjectRef result = newObject();
    set(result, "metadata", std::move(metadata));
    set(result, "transcription", transcriptionObject(envelope, outcome));
    if (!outcome.translationTargets.empty())
        set(result, "translation", addOnResult(outcome, translations(envelope, outcome)));
    if (outcome.summarize)
        set(result, "summarization", addOnResult(outcome, summaryOf(outcome)));
    if (outcome.namedEntities)
        set(result, "named_entity_recognition", addOnResult(outcome, listOf(outcome.finals, entityObject)));
    if (outcome.sentiment)
        set(result, "sentiment_analysis", addOnResult(outcome, listOf(outcome.finals, sentimentObject)));
    if (withMessages)
        set(result, "messages", stringArray(outcome.messages));
    return result;
}

Message postFinalTranscript(const Envelope &envelope, const Outcome &outcome) {
    JsonObjectRef message = startMessage(envelope, "post_final_transcript");
    set(message, "data", resultObject(envelope, outcome, false));
    return sealed(MessageKind::kPostProcessing, std::move(message));
}

} // namespace lt::emulator
