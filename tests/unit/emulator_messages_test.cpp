// SPDX-License-Identifier: LGPL-2.1-or-later
// Every message the emulator sends has the documented form: no key is missing, none is too many, each has its
// type.
#include "tests/support/gladia_client.h"

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

namespace {

constexpr char kEverything[] = R"({"endpointing":0.3,"language_config":{"languages":["en"]},
    "realtime_processing":{"translation":true,"sentiment_analysis":true,"named_entity_recognition":true,
    "translation_config":{"target_languages":["fr","en"]}},
    "post_processing":{"summarization":true,"chapterization":true},
    "messages_config":{"receive_partial_transcripts":true,"receive_lifecycle_events":true}})";

/// A key path and the type it must have: s(tring), n(umber), i(nteger), b(oolean), o(bject), a(rray), 0
/// (null).
/// "[]" steps into each element of an array, which must not be empty.
using Keys = std::map<std::string, char>;

const Keys kUtterance = {{"start", 'n'},
                         {"end", 'n'},
                         {"confidence", 'n'},
                         {"channel", 'i'},
                         {"language", 's'},
                         {"text", 's'},
                         {"words", 'a'},
                         {"words[].word", 's'},
                         {"words[].start", 'n'},
                         {"words[].end", 'n'},
                         {"words[].confidence", 'n'}};

Keys with(const Keys &base, const std::string &prefix, const Keys &inner) {
    Keys all = base;
    for (const auto &[path, type] : inner)
        all[prefix + path] = type;
    return all;
}

const Keys kAddOn = with({{"error", '0'}, {"data", 'o'}, {"data.utterance_id", 's'}, {"data.utterance", 'o'}},
                         "data.utterance.", kUtterance);
const Keys kTranscription =
    with({{"full_transcript", 's'}, {"languages", 'a'}, {"utterances", 'a'}}, "utterances[].", kUtterance);
const Keys kAddOnResult = {{"success", 'b'}, {"is_empty", 'b'}, {"exec_time", 'n'}, {"error", '0'}};

Keys resultKeys() {
    Keys keys = {{"metadata", 'o'},
                 {"metadata.audio_duration", 'n'},
                 {"metadata.number_of_distinct_channels", 'i'},
                 {"metadata.billing_time", 'n'},
                 {"metadata.transcription_time", 'n'},
                 {"transcription", 'o'}};
    keys = with(keys, "transcription.", kTranscription);
    for (const char *name :
         {"translation", "summarization", "named_entity_recognition", "sentiment_analysis"}) {
        keys[name] = 'o';
        keys = with(keys, std::string(name) + ".", kAddOnResult);
        keys[std::string(name) + ".results"] = std::strcmp(name, "summarization") == 0 ? 's' : 'a';
    }
    keys = with(keys, "translation.results[].", kTranscription);
    keys = with(keys, "named_entity_recognition.results[].",
                {{"entity_type", 's'}, {"text", 's'}, {"start", 'n'}, {"end", 'n'}});
    return with(keys, "sentiment_analysis.results[].",
                {{"sentiment", 's'},
                 {"emotion", 's'},
                 {"text", 's'},
                 {"start", 'n'},
                 {"end", 'n'},
                 {"channel", 'i'}});
}

/// What each message carries beside the envelope: nothing less, nothing more.
const std::map<std::string, Keys> kMessages = {
    {"audio_chunk",
     {{"acknowledged", 'b'},
      {"error", '0'},
      {"data", 'o'},
      {"data.byte_range", 'a'},
      {"data.time_range", 'a'}}},
    {"stop_recording",
     {{"acknowledged", 'b'},
      {"error", '0'},
      {"data", 'o'},
      {"data.recording_duration", 'n'},
      {"data.recording_left_to_process", 'n'}}},
    {"speech_start", {{"data", 'o'}, {"data.time", 'n'}, {"data.channel", 'i'}}},
    {"speech_end", {{"data", 'o'}, {"data.time", 'n'}, {"data.channel", 'i'}}},
    {"transcript", with({{"data", 'o'}, {"data.id", 's'}, {"data.is_final", 'b'}, {"data.utterance", 'o'}},
                        "data.utterance.", kUtterance)},
    {"translation",
     with(with(kAddOn, "data.translated_utterance.", kUtterance), "data.",
          {{"original_language", 's'}, {"target_language", 's'}, {"translated_utterance", 'o'}})},
    {"named_entity_recognition", with(with(kAddOn, "data.", {{"results", 'a'}}), "data.results[].",
                                      {{"entity_type", 's'}, {"text", 's'}, {"start", 'n'}, {"end", 'n'}})},
    {"sentiment_analysis", with(with(kAddOn, "data.", {{"results", 'a'}}), "data.results[].",
                                {{"sentiment", 's'},
                                 {"emotion", 's'},
                                 {"text", 's'},
                                 {"start", 'n'},
                                 {"end", 'n'},
                                 {"channel", 'i'}})},
    {"start_recording", {}},
    {"end_recording", {{"data", 'o'}, {"data.recording_duration", 'n'}}},
    {"post_transcript", with({{"data", 'o'}}, "data.", kTranscription)},
    {"post_summarization", {{"error", '0'}, {"data", 'o'}, {"data.results", 's'}}},
    {"post_chapterization", with({{"error", '0'}, {"data", 'o'}, {"data.results", 'a'}}, "data.results[].",
                                 {{"headline", 's'},
                                  {"gist", 's'},
                                  {"keywords", 'a'},
                                  {"start", 'n'},
                                  {"end", 'n'},
                                  {"sentences", 'a'},
                                  {"text", 's'}})},
    {"post_final_transcript", with({{"data", 'o'}}, "data.", resultKeys())},
    {"end_session", {}},
};

char typeOfNode(JsonNode *node) {
    if (JSON_NODE_HOLDS_NULL(node))
        return '0';
    if (JSON_NODE_HOLDS_OBJECT(node))
        return 'o';
    if (JSON_NODE_HOLDS_ARRAY(node))
        return 'a';
    const GType type = json_node_get_value_type(node);
    return type == G_TYPE_STRING ? 's' : type == G_TYPE_BOOLEAN ? 'b' : type == G_TYPE_INT64 ? 'i' : 'n';
}

void collect(JsonNode *node, const std::string &path, Keys &keys) {
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObjectIter iter;
        const char *name = nullptr;
        JsonNode *member = nullptr;
        json_object_iter_init_ordered(&iter, json_node_get_object(node));
        while (json_object_iter_next_ordered(&iter, &name, &member)) {
            const std::string inner = (path.empty() ? "" : path + ".") + name;
            keys[inner] = typeOfNode(member);
            collect(member, inner, keys);
        }
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array); i++)
            collect(json_array_get_element(array, i), path + "[]", keys);
    }
}

void assertKeys(const std::string &text, const Keys &expected) {
    const JsonNodeRef root(json_from_string(text.c_str(), nullptr));
    Keys found;
    collect(root.get(), "", found);
    for (const auto &[path, type] : found) {
        const auto wanted = expected.find(path);
        if (wanted == expected.end())
            g_error("%s is not documented in %s", path.c_str(), text.c_str());
        const bool number = wanted->second == 'n' && type == 'i'; // 2.0 may be written as 2
        if (type != wanted->second && !number)
            g_error("%s is '%c', not '%c', in %s", path.c_str(), type, wanted->second, text.c_str());
    }
    for (const auto &[path, type] : expected) {
        if (!found.contains(path))
            g_error("%s is missing in %s", path.c_str(), text.c_str());
    }
}

} // namespace

static void every_message_has_the_documented_form_and_no_other() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kEverything);
    client.send(toneBytes("12,3"), 3200);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    const Frames frames = client.socket->frames();
    std::set<std::string> seen;
    for (const auto &frame : frames) {
        const auto known = kMessages.find(typeOf(frame));
        g_assert_true(known != kMessages.end());
        seen.insert(known->first);
        Keys keys = with(known->second, "", {{"session_id", 's'}, {"created_at", 's'}, {"type", 's'}});
        assertKeys(frame.data, keys);
        const auto message = parsed(frame.data);
        assertText(textOf(message.get(), "session_id"), emulator.report().sessions[0].id);
        g_assert_cmpuint(textOf(message.get(), "created_at").size(), ==, 24);
        g_assert_true(textOf(message.get(), "created_at").ends_with("Z"));
    }
    for (const auto &[type, keys] : kMessages) {
        g_test_message("%s", type.c_str());
        g_assert_true(seen.contains(type));
    }
    g_assert_false(seen.contains("start_session")); // the clients make it up themselves
}

static void a_refusal_has_the_form_of_its_acknowledgement() {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.delays = {.final = {300, 300}}, .clock = {.monotonicMilliseconds = [now] {
                                                                  return now->load();
                                                              }}});
    GladiaClient client(emulator, kEverything);
    client.send(bytesOf(makeDtmf("6")), 4000); // its final keeps the session open
    client.stop();
    client.send(Bytes(100), 100);
    client.stop();
    g_assert_true(client.waitFor("stop_recording", 2));
    *now += 300;
    emulator.timeMoved();
    g_assert_true(client.socket->waitForClose());
    const Keys refusal = {{"session_id", 's'},   {"created_at", 's'}, {"type", 's'},
                          {"acknowledged", 'b'}, {"data", '0'},       {"error", 'o'},
                          {"error.message", 's'}};
    std::size_t refusals = 0;
    for (const auto &frame : client.socket->frames()) {
        const auto message = parsed(frame.data);
        if (!json_object_has_member(message.get(), "acknowledged") ||
            json_object_get_boolean_member(message.get(), "acknowledged"))
            continue;
        assertKeys(frame.data, refusal);
        refusals++;
    }
    g_assert_cmpuint(refusals, ==, 2);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/messages/" #function, function)
    ADD(every_message_has_the_documented_form_and_no_other);
    ADD(a_refusal_has_the_form_of_its_acknowledgement);
#undef ADD
    return g_test_run();
}
