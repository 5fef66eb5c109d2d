// SPDX-License-Identifier: LGPL-2.1-or-later
// Every field of the request body: its default, what it takes and what it does not; and every HTTP route with
// every status it is documented to answer.
#include "tests/support/gladia_client.h"
#include "tests/support/gladia_emulator/request_validation.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

namespace {

struct FieldRow {
    std::string path;      ///< with dots
    std::string byDefault; ///< JSON; empty: none
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

const std::vector<FieldRow> kFields = {
    {"encoding", R"("wav/pcm")", {R"("wav/pcm")", R"("wav/alaw")", R"("wav/ulaw")"}, {R"("wav/mp3")", "1"}},
    {"bit_depth", "16", {"8", "16", "24", "32"}, {"12", "16.5", R"("16")"}},
    {"sample_rate", "16000", {"8000", "16000", "32000", "44100", "48000"}, {"22050", "96000"}},
    {"channels", "1", {"1", "8"}, {"0", "9", "1.5"}},
    {"model", R"("solaria-1")", {R"("solaria-1")"}, {R"("solaria-2")"}},
    {"endpointing", "0.05", {"0.01", "10", "1"}, {"0.009", "10.1", "true"}},
    {"maximum_duration_without_endpointing", "5", {"5", "60"}, {"4.9", "60.1"}},
    {"custom_metadata", "", {"{}", R"({"a":{"b":[1]}})"}, {"[]", R"("x")"}},
    {"language_config.languages",
     "[]",
     {"[]", R"(["en","fr","yo"])"},
     {R"(["english"])", R"(["wo"])", R"("en")"}},
    {"language_config.code_switching", "false", {"true", "false"}, {"1"}},
    {"pre_processing.audio_enhancer", "false", {"true"}, {R"("on")"}},
    {"pre_processing.speech_threshold", "0.6", {"0", "1"}, {"-0.1", "1.1"}},
    {"realtime_processing.custom_vocabulary", "false", {"false"}, {"true", "2"}}, // true needs its config
    {"realtime_processing.custom_vocabulary_config",
     "",
     {R"({"vocabulary":["a",{"value":"b","intensity":1,"pronunciations":["c"],"language":"en"}],"default_intensity":0})"},
     {"{}", R"({"vocabulary":"a"})", R"({"vocabulary":[{}]})", R"({"vocabulary":[1]})",
      R"({"vocabulary":["a"],"default_intensity":2})", R"({"vocabulary":[{"value":"b","intensity":1.1}]})"}},
    {"realtime_processing.custom_spelling", "false", {"false"}, {"true"}},
    {"realtime_processing.custom_spelling_config",
     "",
     {R"({"spelling_dictionary":{"Gladia":["gladya","glad ya"]}})"},
     {"{}", R"({"spelling_dictionary":[]})", R"({"spelling_dictionary":{"a":"b"}})"}},
    {"realtime_processing.translation", "false", {"false"}, {"true"}},
    {"realtime_processing.translation_config",
     "",
     {R"({"target_languages":["fr","wo"],"model":"enhanced","match_original_utterances":false,"lipsync":false,
         "context_adaptation":false,"context":"x","informal":true})",
      R"({"target_languages":["en"],"model":"base"})"},
     {"{}", R"({"target_languages":[]})", R"({"target_languages":["klingon"]})",
      R"({"target_languages":["fr"],"model":"best"})", R"({"target_languages":["fr"],"informal":"no"})"}},
    {"realtime_processing.named_entity_recognition", "false", {"true"}, {"0"}},
    {"realtime_processing.sentiment_analysis", "false", {"true"}, {"0"}},
    {"post_processing.summarization", "false", {"true"}, {R"("yes")"}},
    {"post_processing.summarization_config",
     "",
     {R"({"type":"general"})", R"({"type":"bullet_points"})", R"({"type":"concise"})"},
     {R"({"type":"poem"})"}},
    {"post_processing.chapterization", "false", {"true"}, {"1"}},
    {"messages_config.receive_partial_transcripts", "false", {"true"}, {"1"}},
    {"messages_config.receive_final_transcripts", "true", {"false"}, {"1"}},
    {"messages_config.receive_speech_events", "true", {"false"}, {"1"}},
    {"messages_config.receive_pre_processing_events", "true", {"false"}, {"1"}},
    {"messages_config.receive_realtime_processing_events", "true", {"false"}, {"1"}},
    {"messages_config.receive_post_processing_events", "true", {"false"}, {"1"}},
    {"messages_config.receive_acknowledgments", "true", {"false"}, {"1"}},
    {"messages_config.receive_errors", "true", {"false"}, {"1"}},
    {"messages_config.receive_lifecycle_events", "false", {"true"}, {"1"}},
    {"callback", "false", {"false"}, {"true", "1"}},
    {"callback_config", "", {R"({"url":"https://example.org/x"})"}, {"{}", R"({"url":"x"})", R"({"url":5})"}},
};

/// {"a":{"b":value}} for the path a.b
std::string bodyWith(const std::string &path, const std::string &value) {
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos)
        return "{\"" + path + "\":" + value + "}";
    return "{\"" + path.substr(0, dot) + "\":" + bodyWith(path.substr(dot + 1), value) + "}";
}

std::string valueAt(JsonObject *object, const std::string &path) {
    const std::size_t dot = path.find('.');
    JsonNode *node = object ? json_object_get_member(object, path.substr(0, dot).c_str()) : nullptr;
    if (!node)
        return "";
    if (dot != std::string::npos)
        return valueAt(json_node_get_object(node), path.substr(dot + 1));
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_DOUBLE)
        return toText(node);
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_ascii_formatd(text, sizeof text, "%g", json_node_get_double(node));
}

std::set<std::string> leaves(JsonObject *object, const std::string &prefix = "") {
    std::set<std::string> all;
    JsonObjectIter iter;
    const char *name = nullptr;
    JsonNode *node = nullptr;
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_OBJECT(node))
            all.merge(leaves(json_node_get_object(node), prefix + name + "."));
        else
            all.insert(prefix + name);
    }
    return all;
}

} // namespace

static void every_field_has_its_default() {
    const ValidationResult checked = validateLiveRequest("{}", true);
    g_assert_true(checked.errors.empty());
    const auto effective = parsed(checked.config.requestParams);
    std::set<std::string> expected;
    for (const FieldRow &row : kFields) {
        g_test_message("%s", row.path.c_str());
        assertText(valueAt(effective.get(), row.path), row.byDefault);
        if (!row.byDefault.empty())
            expected.insert(row.path);
    }
    g_assert_true(leaves(effective.get()) == expected); // and no other field has one
}

static void every_field_takes_what_is_documented_and_nothing_else() {
    for (const FieldRow &row : kFields) {
        for (const std::string &value : row.good) {
            const auto errors = validateLiveRequest(bodyWith(row.path, value), true).errors;
            g_test_message("%s %s", row.path.c_str(), value.c_str());
            g_assert_true(errors.empty());
        }
        for (const std::string &value : row.bad) {
            const auto errors = validateLiveRequest(bodyWith(row.path, value), false).errors;
            g_test_message("%s %s", row.path.c_str(), value.c_str());
            g_assert_cmpuint(errors.size(), ==, 1);
            g_assert_true(errors[0].find(row.path) != std::string::npos);
        }
    }
}

static void callbacks_have_defaults_of_their_own() {
    const auto checked =
        validateLiveRequest(R"({"callback":true,"callback_config":{"url":"http://127.0.0.1/"}})", true);
    const MessagesConfig &flags = checked.config.callbackMessages;
    g_assert_false(flags.partialTranscripts);
    g_assert_true(flags.finalTranscripts);
    g_assert_false(flags.speechEvents);
    g_assert_true(flags.preProcessingEvents);
    g_assert_true(flags.realtimeProcessingEvents);
    g_assert_true(flags.postProcessingEvents);
    g_assert_false(flags.acknowledgments);
    g_assert_false(flags.errors);
    g_assert_true(flags.lifecycleEvents);
}

static void telephone_encodings_have_eight_bits() {
    for (const char *encoding : {"wav/alaw", "wav/ulaw"}) {
        const std::string start = std::string(R"({"encoding":")") + encoding + "\"";
        g_assert_cmpint(validateLiveRequest(start + "}", true).config.format.bitDepth, ==, 8);
        g_assert_true(validateLiveRequest(start + R"(,"bit_depth":8})", true).errors.empty());
        g_assert_false(validateLiveRequest(start + R"(,"bit_depth":16})", true).errors.empty());
    }
}

static void every_route_answers_each_documented_status() {
    GladiaEmulator emulator({.key = "k", .strict = true, .maxLive = 2});
    GladiaClient running(emulator, "{}");
    GladiaClient done(emulator, "{}");
    done.stop();
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[1].ended; }));
    struct Row {
        const char *method;
        std::string path;
        const char *key;
        std::string body;
        int status;
    };
    const std::string one = "/v2/live/" + running.id;
    const std::string over = "/v2/live/" + done.id;
    const std::string none = "/v2/live/00000000-0000-4000-8000-000000000000";
    const std::vector<Row> rows = {
        {"POST", "/v2/live", "k", "{}", 201},
        {"POST", "/v2/live", "k", "{}", 429}, // that was the second
        {"POST", "/v2/live", "", "{}", 401},
        {"POST", "/v2/live", "other", "{}", 401},
        {"PUT", "/v2/live", "k", "{}", 405},
        {"GET", "/v2/live", "k", "", 200},
        {"GET", "/v2/live", "", "", 401},
        {"GET", "/v2/live?date=yesterday", "k", "", 400},
        {"GET", one, "k", "", 200},
        {"GET", one, "", "", 401},
        {"GET", none, "k", "", 404},
        {"GET", one + "/file", "k", "", 200},
        {"GET", one + "/file", "", "", 401},
        {"GET", none + "/file", "k", "", 404},
        {"GET", one + "/other", "k", "", 404},
        {"PATCH", one, "k", "{}", 204},
        {"PATCH", one, "k", "[]", 400},
        {"PATCH", one, "", "{}", 401},
        {"PATCH", none, "k", "{}", 404},
        {"PATCH", one, "k", "{\"a\":\"" + std::string(100000, 'x') + "\"}", 413},
        {"DELETE", one, "", "", 401},
        {"DELETE", one, "k", "", 403},
        {"DELETE", none, "k", "", 404},
        {"DELETE", over, "k", "", 202},
        {"DELETE", over, "k", "", 404},
        {"GET", "/v2/pre-recorded", "k", "", 404},
        {"GET", "/v2/liveness", "k", "", 404},
    };
    for (const Row &row : rows) {
        g_test_message("%s %s", row.method, row.path.c_str());
        const Headers headers = *row.key ? Headers{{"x-gladia-key", row.key}} : Headers{};
        const HttpAnswer answer = httpRequest(row.method, emulator.url() + row.path, headers, row.body);
        g_assert_cmpint(answer.status, ==, row.status);
        if (row.status < 400)
            continue;
        const auto error = parsed(answer.body);
        g_assert_cmpint(json_object_get_int_member(error.get(), "statusCode"), ==, row.status);
        assertText(textOf(error.get(), "path"), row.path.substr(0, row.path.find('?')));
        g_assert_cmpuint(textOf(error.get(), "timestamp").size(), ==, 24);
        g_assert_true(textOf(error.get(), "request_id").starts_with("G-"));
        g_assert_false(textOf(error.get(), "message").empty());
        g_assert_true(json_object_has_member(error.get(), "validation_errors") == (row.status == 400));
    }
}

static std::size_t listed(const GladiaEmulator &emulator, const std::string &query) {
    const HttpAnswer answer = httpRequest("GET", emulator.url() + "/v2/live?" + query, kGladiaKey);
    g_assert_cmpint(answer.status, ==, 200);
    const auto list = parsed(answer.body);
    return json_array_get_length(json_object_get_array_member(list.get(), "items"));
}

static void the_list_is_filtered_and_paged() {
    constexpr std::int64_t kDay = 24LL * 3600 * 1000000;
    constexpr std::int64_t kStart = 1767607200LL * 1000000; // 2026-01-05T10:00:00Z
    const auto now = std::make_shared<std::atomic<std::int64_t>>(kStart);
    const GladiaEmulator emulator({.clock = {.wallMicroseconds = [now] {
                                       return now->load();
                                   }}});
    for (int day = 0; day < 3; day++) {
        const std::string body = R"({"custom_metadata":{"room":")" + std::to_string(day) + R"(","floor":7}})";
        g_assert_cmpint(postLive(emulator, body).status, ==, 201);
        *now += kDay;
    }
    g_assert_cmpuint(listed(emulator, ""), ==, 3);
    g_assert_cmpuint(listed(emulator, "date=2026-01-06"), ==, 1);
    g_assert_cmpuint(listed(emulator, "date=2026-01-08"), ==, 0);
    g_assert_cmpuint(listed(emulator, "before_date=2026-01-06"), ==, 1);
    g_assert_cmpuint(listed(emulator, "before_date=2026-01-06T10:00:00Z"), ==, 1);
    g_assert_cmpuint(listed(emulator, "before_date=2026-01-06T10:00:00.001Z"), ==, 2);
    g_assert_cmpuint(listed(emulator, "after_date=2026-01-05"), ==, 2);
    g_assert_cmpuint(listed(emulator, "after_date=2026-01-05T12:00:00%2B02:00"), ==, 2);
    g_assert_cmpuint(listed(emulator, "after_date=2026-01-05&before_date=2026-01-07"), ==, 1);
    g_assert_cmpuint(listed(emulator, "custom_metadata%5Broom%5D=1"), ==, 1);
    g_assert_cmpuint(listed(emulator, "custom_metadata[room]=1&custom_metadata[floor]=7"), ==, 1);
    g_assert_cmpuint(listed(emulator, "custom_metadata[room]=1&custom_metadata[floor]=8"), ==, 0);
    g_assert_cmpuint(listed(emulator, "status=queued&status=processing"), ==, 3);
    g_assert_cmpuint(listed(emulator, "status=done"), ==, 0);
    std::size_t pages = 0;
    std::string next = emulator.url() + "/v2/live?limit=1&after_date=2026-01-01&custom_metadata[floor]=7";
    while (!next.empty()) {
        const auto page = parsed(httpRequest("GET", next, kGladiaKey).body);
        JsonArray *items = json_object_get_array_member(page.get(), "items");
        g_assert_cmpuint(json_array_get_length(items), ==, 1);
        g_assert_true(textOf(page.get(), "first").find("offset=0&limit=1&after_date=2026-01-01") !=
                      std::string::npos);
        next = textOf(page.get(), "next");
        pages++;
    }
    g_assert_cmpuint(pages, ==, 3);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/request/" #function, function)
    ADD(every_field_has_its_default);
    ADD(every_field_takes_what_is_documented_and_nothing_else);
    ADD(callbacks_have_defaults_of_their_own);
    ADD(telephone_encodings_have_eight_bits);
    ADD(every_route_answers_each_documented_status);
    ADD(the_list_is_filtered_and_paged);
#undef ADD
    return g_test_run();
}
