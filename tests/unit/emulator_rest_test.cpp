// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP routes of the emulator.
#include "tests/support/gladia_client.h"

#include <cstring>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

static void a_session_is_created_with_an_absolute_url() {
    const GladiaEmulator emulator;
    const HttpAnswer answer = postLive(emulator, kPlainRequest, kGladiaKey, "?region=eu-west");
    g_assert_cmpint(answer.status, ==, 201);
    g_assert_true(answer.headers.at("content-type").find("application/json") == 0);
    const auto json = parsed(answer.body);
    const std::string id = textOf(json.get(), "id");
    g_assert_true(g_uuid_string_is_valid(id.c_str()));
    g_assert_cmpuint(textOf(json.get(), "created_at").size(), ==, 24);
    const std::string authority = emulator.url().substr(7);
    g_assert_true(textOf(json.get(), "url").starts_with("ws://" + authority + "/v2/live?token="));
    assertText(emulator.report().sessions.at(0).region, "eu-west");
    // The host the client used, which is not always the one the server knows.
    Headers other = kGladiaKey;
    other.emplace_back("Host", "gladia.example:1234");
    const HttpAnswer elsewhere = postLive(emulator, kPlainRequest, other);
    g_assert_true(
        textOf(parsed(elsewhere.body).get(), "url").starts_with("ws://gladia.example:1234/v2/live?token="));
}

static void a_request_without_the_right_key_is_refused_with_the_documented_body() {
    const GladiaEmulator emulator({.key = "secret"});
    g_assert_cmpint(postLive(emulator, "{}", {}).status, ==, 401);
    g_assert_cmpint(postLive(emulator, "{}", {{"x-gladia-key", "wrong"}}).status, ==, 401);
    g_assert_cmpint(postLive(emulator, "{}", {{"X-Gladia-Key", "secret"}}).status, ==, 201);
    const HttpAnswer answer = postLive(emulator, "{}", {});
    const auto json = parsed(answer.body);
    g_assert_cmpint(json_object_get_int_member(json.get(), "statusCode"), ==, 401);
    assertText(textOf(json.get(), "path"), "/v2/live");
    g_assert_true(textOf(json.get(), "request_id").starts_with("G-"));
    g_assert_cmpuint(textOf(json.get(), "timestamp").size(), ==, 24);
    g_assert_false(textOf(json.get(), "message").empty());
    g_assert_false(json_object_has_member(json.get(), "validation_errors"));
}

static void assertRefused(const GladiaEmulator &emulator, const char *body, const char *error,
                          const char *query = "") {
    const HttpAnswer answer = postLive(emulator, body, kGladiaKey, query);
    g_assert_cmpint(answer.status, ==, 400);
    const auto json = parsed(answer.body);
    assertText(textOf(json.get(), "message"), "Invalid parameter(s)");
    JsonArray *errors = json_object_get_array_member(json.get(), "validation_errors");
    g_assert_nonnull(errors);
    g_assert_cmpuint(json_array_get_length(errors), ==, 1);
    g_assert_nonnull(std::strstr(json_array_get_string_element(errors, 0), error));
}

static void parameters_out_of_range_are_refused_by_name() {
    const GladiaEmulator emulator;
    assertRefused(emulator, "no json", "JSON");
    assertRefused(emulator, "[1]", "object");
    assertRefused(emulator, R"({"endpointing":0.009})", "endpointing must not be less than 0.01");
    assertRefused(emulator, R"({"endpointing":10.1})", "endpointing must not be greater than 10");
    assertRefused(emulator, R"({"maximum_duration_without_endpointing":4.9})", "must not be less than 5");
    assertRefused(emulator, R"({"sample_rate":22050})", "sample_rate must be one of");
    assertRefused(emulator, R"({"bit_depth":12})", "bit_depth must be one of");
    assertRefused(emulator, R"({"channels":9})", "channels must not be greater than 8");
    assertRefused(emulator, R"({"channels":1.5})", "channels must be an integer");
    assertRefused(emulator, R"({"encoding":"wav/mp3"})", "encoding must be one of");
    assertRefused(emulator, R"({"encoding":"wav/alaw","bit_depth":16})", "bit_depth must be 8");
    assertRefused(emulator, R"({"model":"solaria-9"})", "model must be one of");
    assertRefused(emulator, R"({"region":"eu-west"})", "region");
    assertRefused(emulator, "{}", "region must be one of", "?region=moon");
    assertRefused(emulator, R"({"language_config":{"languages":["english"]}})", "language_config.languages");
    assertRefused(emulator, R"({"language_config":[]})", "language_config must be an object");
    assertRefused(emulator, R"({"pre_processing":{"speech_threshold":1.5}})",
                  "pre_processing.speech_threshold");
    assertRefused(emulator, R"({"realtime_processing":{"translation":true}})", "translation_config");
    assertRefused(
        emulator,
        R"({"realtime_processing":{"translation":true,"translation_config":{"target_languages":[]}}})",
        "must contain at least 1");
    assertRefused(emulator, R"({"messages_config":{"receive_errors":"yes"}})",
                  "receive_errors must be a boolean");
    assertRefused(emulator, R"({"post_processing":{"summarization_config":{"type":"poem"}}})",
                  "type must be one");
    assertRefused(emulator, (std::string(5000, '[') + std::string(5000, ']')).c_str(), "nested");
}

static void unknown_keys_are_errors_only_when_strict() {
    const char body[] =
        R"({"language_config":{"detect_language":true},"realtime_processing":{"words_accurate_timestamps":true}})";
    const GladiaEmulator tolerant;
    g_assert_cmpint(postLive(tolerant, body).status, ==, 201);
    const GladiaEmulator strict({.strict = true});
    assertRefused(strict, body, "property language_config.detect_language should not exist");
    g_assert_cmpint(postLive(strict, "{}").status, ==, 201);
}

static void the_other_routes_answer_as_documented() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, R"({"endpointing":0.3,"custom_metadata":{"room":"7"}})");
    const std::string url = emulator.url() + "/v2/live/" + client.id;
    g_assert_cmpint(httpRequest("GET", url).status, ==, 401);
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/v2/live/other", kGladiaKey).status, ==, 404);
    g_assert_cmpint(httpRequest("DELETE", url, kGladiaKey).status, ==, 403);
    const Bytes audio = toneBytes("31");
    client.send(audio, 4000);
    client.stop();
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));

    const auto job = parsed(httpRequest("GET", url, kGladiaKey).body);
    assertText(textOf(job.get(), "status"), "done");
    assertText(textOf(job.get(), "kind"), "live");
    assertText(textOf(objectMember(job.get(), "custom_metadata"), "room"), "7");
    JsonObject *result = objectMember(job.get(), "result");
    assertText(textOf(objectMember(result, "transcription"), "full_transcript"), "3 1");
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(result, "messages")), >, 3);

    const HttpAnswer file = httpRequest("GET", url + "/file", kGladiaKey);
    g_assert_cmpint(file.status, ==, 200);
    assertText(file.headers.at("content-type"), "application/octet-stream");
    g_assert_cmpuint(file.body.size(), ==, 44 + audio.size());
    g_assert_true(file.body.starts_with("RIFF"));
    g_assert_cmpint(std::memcmp(file.body.data() + 44, audio.data(), audio.size()), ==, 0);

    const auto list =
        parsed(httpRequest("GET", emulator.url() + "/v2/live?limit=1&status=done", kGladiaKey).body);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(list.get(), "items")), ==, 1);
    g_assert_true(json_object_get_null_member(list.get(), "next"));
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/v2/live?limit=0", kGladiaKey).status, ==, 400);

    g_assert_cmpint(httpRequest("PATCH", url, kGladiaKey, "{}").status, ==, 204);
    const HttpAnswer deleted = httpRequest("DELETE", url, kGladiaKey);
    g_assert_cmpint(deleted.status, ==, 202);
    assertText(deleted.body, "");
    g_assert_cmpint(httpRequest("GET", url, kGladiaKey).status, ==, 404);
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/elsewhere", kGladiaKey).status, ==, 404);
}

static void faults_refuse_ignore_and_limit() {
    GladiaEmulator emulator({.maxLive = 1});
    emulator.faults().add({.kind = FaultKind::kRefusePost, .times = 2, .status = 503, .retryAfterS = 7});
    const HttpAnswer busy = postLive(emulator, "{}");
    g_assert_cmpint(busy.status, ==, 503);
    assertText(busy.headers.at("retry-after"), "7");
    g_assert_cmpint(postLive(emulator, "{}").status, ==, 503);
    GladiaClient client(emulator, "{}");
    g_assert_cmpint(postLive(emulator, "{}").status, ==, 429);
    emulator.faults().add({.kind = FaultKind::kRefuseUpgrade, .status = 404});
    g_assert_cmpint(WebSocketClient({.url = client.url}).status(), ==, 404);
    emulator.faults().add({.kind = FaultKind::kIgnorePost});
    const HttpAnswer none = httpRequest("POST", emulator.url() + "/v2/live", kGladiaKey, "{}", 1);
    g_assert_cmpint(none.status, ==, 0);
    emulator.faults().add({.kind = FaultKind::kIgnoreUpgrade});
    g_assert_cmpint(WebSocketClient({.url = client.url, .timeoutSeconds = 1}).status(), ==, 0);
    emulator.faults().add({.kind = FaultKind::kSend, .text = "not json"});
    g_assert_true(client.socket->waitForFrames([](const Frames &frames) { return !frames.empty(); }));
    assertText(client.socket->frames().at(0).data, "not json");
    emulator.faults().add({.kind = FaultKind::kClose, .code = 4503, .reason = "later"});
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 4503);
    assertText(client.socket->closeReason(), "later");
}

static void a_port_in_use_is_reported_in_words() {
    const GladiaEmulator first;
    bool refused = false;
    try {
        const GladiaEmulator second({.port = first.port()});
    } catch (const std::exception &problem) {
        refused = std::strstr(problem.what(), "cannot listen on 127.0.0.1") != nullptr;
    }
    g_assert_true(refused);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/rest/" #function, function)
    ADD(a_session_is_created_with_an_absolute_url);
    ADD(a_request_without_the_right_key_is_refused_with_the_documented_body);
    ADD(parameters_out_of_range_are_refused_by_name);
    ADD(unknown_keys_are_errors_only_when_strict);
    ADD(the_other_routes_answer_as_documented);
    ADD(faults_refuse_ignore_and_limit);
    ADD(a_port_in_use_is_reported_in_words);
#undef ADD
    return g_test_run();
}
