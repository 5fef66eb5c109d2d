// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulator against the documented WebSocket: every message in both directions, the flags that gate them,
// their order, close codes and limits. Tables; what is not in them must not happen.
#include "tests/support/gladia_client.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

namespace {

constexpr char kEverything[] = R"({"endpointing":0.3,"language_config":{"languages":["en"]},
    "realtime_processing":{"translation":true,"sentiment_analysis":true,"named_entity_recognition":true,
    "translation_config":{"target_languages":["fr","en"]}},
    "post_processing":{"summarization":true,"chapterization":true},
    "messages_config":{"receive_partial_transcripts":true,"receive_lifecycle_events":true}})";

Frames wholeSession(const GladiaEmulator &emulator, const char *request, const char *digits = "12,3") {
    GladiaClient client(emulator, request);
    client.send(toneBytes(digits), 3200);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    return client.socket->frames();
}

} // namespace

static void every_flag_has_its_default_and_gates_its_messages_alone() {
    struct Row {
        const char *flag;
        bool byDefault;
        std::set<std::string> types;
    };
    const std::vector<Row> rows = {
        {"receive_partial_transcripts", false, {"partial"}},
        {"receive_final_transcripts", true, {"final"}},
        {"receive_speech_events", true, {"speech_start", "speech_end"}},
        {"receive_pre_processing_events", true, {}},
        {"receive_realtime_processing_events",
         true,
         {"translation", "named_entity_recognition", "sentiment_analysis"}},
        {"receive_post_processing_events",
         true,
         {"post_transcript", "post_summarization", "post_chapterization", "post_final_transcript"}},
        {"receive_acknowledgments", true, {"audio_chunk", "stop_recording"}},
        {"receive_errors", true, {}},
        {"receive_lifecycle_events", false, {"start_recording", "end_recording", "end_session"}}};
    const std::string request = R"({"endpointing":0.3,"realtime_processing":{"translation":true,
        "sentiment_analysis":true,"named_entity_recognition":true,"translation_config":{"target_languages":["fr"]}},
        "post_processing":{"summarization":true,"chapterization":true},"messages_config":{)";
    const GladiaEmulator emulator;
    for (std::size_t changed = 0; changed <= rows.size(); changed++) {
        std::set<std::string> expected;
        for (std::size_t i = 0; i < rows.size(); i++) {
            if (rows[i].byDefault != (i == changed))
                expected.insert(rows[i].types.begin(), rows[i].types.end());
        }
        std::string flags;
        if (changed < rows.size())
            flags =
                std::string("\"") + rows[changed].flag + "\":" + (rows[changed].byDefault ? "false" : "true");
        std::set<std::string> seen;
        for (const auto &frame : wholeSession(emulator, (request + flags + "}}").c_str())) {
            const auto message = parsed(frame.data);
            JsonObject *data = objectMember(message.get(), "data");
            const std::string type = typeOf(frame);
            seen.insert(type != "transcript"                               ? type
                        : json_object_get_boolean_member(data, "is_final") ? "final"
                                                                           : "partial");
        }
        g_test_message("changed: %s", changed < rows.size() ? rows[changed].flag : "nothing");
        g_assert_true(seen == expected);
    }
}

static void what_a_client_may_send_and_what_it_brings_about() {
    struct Row {
        const char *name;
        bool text;
        std::string payload;
        int closeCode;       ///< 0: stays open
        int acknowledged;    ///< 1: yes, 0: refused, -1: no answer
        std::uint64_t bytes; ///< of the session
    };
    const std::vector<Row> rows = {
        {"binary audio", false, std::string(3200, 'a'), 0, 1, 3200},
        {"an empty frame", false, "", 0, 1, 0},
        {"half a sample", false, "a", 0, 1, 1},
        {"audio as JSON", true, R"({"type":"audio_chunk","data":{"chunk":"AAAA"}})", 0, 1, 3},
        {"a keep-alive", true, R"({"type":"audio_chunk","data":{"chunk":""}})", 0, 1, 0},
        {"no base64", true, R"({"type":"audio_chunk","data":{"chunk":"AA?A"}})", 0, 0, 0},
        {"no chunk", true, R"({"type":"audio_chunk","data":{}})", 0, 0, 0},
        {"no data", true, R"({"type":"audio_chunk"})", 0, 0, 0},
        {"a stop", true, R"({"type":"stop_recording"})", 1000, 1, 0},
        {"an unknown type", true, R"({"type":"pause"})", 4400, -1, 0},
        {"no type", true, "{}", 4400, -1, 0},
        {"no object", true, "[1]", 4400, -1, 0},
        {"no JSON", true, "hello", 4400, -1, 0},
        {"nothing", true, "", 4400, -1, 0},
        {"one mebibyte", false, std::string(1 << 20, 'a'), 0, 1, 1 << 20},
        {"more than that", false, std::string((1 << 20) + 1, 'a'), 1009, -1, 0},
        {"too long a text", true, std::string((1 << 20) + 1, 'a'), 1009, -1, 0},
    };
    for (const Row &row : rows) {
        g_test_message("%s", row.name);
        const GladiaEmulator emulator;
        GladiaClient client(emulator, kPlainRequest);
        if (row.text)
            client.socket->sendText(row.payload);
        else
            client.socket->sendBinary(
                {reinterpret_cast<const std::uint8_t *>(row.payload.data()), row.payload.size()});
        if (row.closeCode != 0) {
            g_assert_true(client.socket->waitForClose());
            g_assert_cmpint(client.socket->closeCode(), ==, row.closeCode);
        } else {
            g_assert_true(client.waitFor("audio_chunk"));
            g_assert_false(client.socket->closed());
        }
        if (row.acknowledged < 0) {
            g_assert_true(client.socket->frames().empty());
        } else {
            const auto answer = parsed(client.socket->frames().at(0).data);
            g_assert_cmpint(json_object_get_boolean_member(answer.get(), "acknowledged"), ==,
                            row.acknowledged);
            g_assert_true(json_object_get_null_member(answer.get(), row.acknowledged ? "error" : "data"));
        }
        g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, row.bytes);
    }
}

static void acknowledgements_are_exclusive_gapless_and_session_wide() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, R"({"sample_rate":8000,"channels":2})"); // 32000 bytes a second
    gint64 next = 0;
    for (int connection = 0; connection < 3; connection++) {
        for (const std::size_t size : {3200UL, 1UL, 0UL, 7777UL}) {
            const std::size_t before = client.count("audio_chunk");
            client.socket->sendBinary(Bytes(size));
            g_assert_true(client.waitFor("audio_chunk", before + 1));
            const auto ack = parsed(client.socket->frames().back().data);
            JsonArray *times = json_object_get_array_member(objectMember(ack.get(), "data"), "time_range");
            const ByteRange range = ackRanges(client.socket->frames()).back();
            g_assert_cmpint(range.start, ==, next);
            g_assert_cmpint(range.end, ==, next + static_cast<gint64>(size));
            next = range.end;
            g_assert_cmpfloat_with_epsilon(json_array_get_double_element(times, 0), range.start / 32000.0,
                                           0.001);
            g_assert_cmpfloat_with_epsilon(json_array_get_double_element(times, 1), range.end / 32000.0,
                                           0.001);
        }
        emulator.faults().add({.kind = FaultKind::kDrop});
        g_assert_true(client.socket->waitForClose());
        client.connect(); // the same URL
    }
}

static void a_second_stop_is_refused_and_not_fatal() {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.delays = {.final = {300, 300}}, .clock = {.monotonicMilliseconds = [now] {
                                                                  return now->load();
                                                              }}});
    GladiaClient client(emulator, kPlainRequest);
    const Bytes audio = toneBytes("6");
    client.send(audio, 4000);
    client.stop();
    client.stop();
    client.send(Bytes(3200), 3200); // nor is audio
    g_assert_true(emulator.waitFor(
        [&](const EmulatorReport &r) { return r.sessions[0].receivedBytes == audio.size() + 3200; }));
    g_assert_true(client.waitFor("stop_recording", 2));
    *now += 300;
    emulator.timeMoved();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
    std::vector<bool> stops;
    for (const auto &frame : client.socket->frames()) {
        const auto message = parsed(frame.data);
        if (typeOf(frame) == "stop_recording")
            stops.push_back(json_object_get_boolean_member(message.get(), "acknowledged"));
    }
    g_assert_true(stops == (std::vector<bool>{true, false}));
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, audio.size());
    g_assert_cmpuint(client.count("transcript"), ==, 1);
}

static void the_end_comes_in_the_documented_order() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kEverything);
    client.send(bytesOf(makeDtmf("12")), 3200); // still open at the stop
    client.stop();
    auto types = client.typesToTheEnd();
    types.erase(types.begin(), std::find(types.begin(), types.end(), "stop_recording"));
    const std::vector<std::string> expected = {
        "stop_recording",     "speech_end",          "transcript",
        "translation",        "translation",         "named_entity_recognition",
        "sentiment_analysis", "end_recording",       "post_transcript",
        "post_summarization", "post_chapterization", "post_final_transcript",
        "end_session"};
    g_assert_true(types == expected);
}

static void a_session_where_nothing_was_said_ends_the_same_way() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kEverything);
    client.stop();
    const std::vector<std::string> expected = {
        "start_recording",    "stop_recording",      "end_recording",         "post_transcript",
        "post_summarization", "post_chapterization", "post_final_transcript", "end_session"};
    g_assert_true(client.typesToTheEnd() == expected);
}

static void recording_starts_once_however_often_the_client_connects() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kEverything);
    g_assert_true(client.waitFor("start_recording"));
    emulator.faults().add({.kind = FaultKind::kDrop});
    g_assert_true(client.socket->waitForClose());
    client.connect();
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpuint(client.count("start_recording"), ==, 0);
}

static void time_limits_are_those_documented() {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.clock = {.monotonicMilliseconds = [now] {
                                 return now->load();
                             }}});
    const auto pass = [&](std::int64_t ms) {
        *now += ms;
        emulator.timeMoved();
    };
    GladiaClient client(emulator, kPlainRequest);
    for (int i = 1; i <= 3; i++) { // what others do against the limit: an empty chunk after 20 s
        pass(20000);
        client.socket->sendText(R"({"type":"audio_chunk","data":{"chunk":""}})");
        g_assert_true(client.waitFor("audio_chunk", static_cast<std::size_t>(i)));
    }
    pass(29999);
    g_assert_false(client.socket->closed());
    pass(1);
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 4408);
    GladiaClient longest(emulator, R"({"sample_rate":8000,"encoding":"wav/ulaw"})"); // 8000 bytes a second
    const Bytes minute(8000 * 60, 0xff);
    for (int i = 0; i < 180; i++)
        longest.socket->sendBinary(minute);
    g_assert_true(longest.socket->waitForClose());
    g_assert_cmpint(longest.socket->closeCode(), ==, 1000);
    g_assert_cmpuint(longest.count("post_final_transcript"), ==, 1);
}

static void a_session_is_resumed_until_it_is_over() {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.clock = {.monotonicMilliseconds = [now] {
                                 return now->load();
                             }}});
    GladiaClient client(emulator, kPlainRequest);
    client.socket->breakOff();
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return !r.sessions[0].connected; }));
    *now += 59999;
    emulator.timeMoved();
    client.connect();
    client.socket->breakOff();
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return !r.sessions[0].connected; }));
    *now += 60000;
    emulator.timeMoved();
    g_assert_cmpint(WebSocketClient({.url = client.url}).status(), ==, 403);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/conformance/" #function, function)
    ADD(every_flag_has_its_default_and_gates_its_messages_alone);
    ADD(what_a_client_may_send_and_what_it_brings_about);
    ADD(acknowledgements_are_exclusive_gapless_and_session_wide);
    ADD(a_second_stop_is_refused_and_not_fatal);
    ADD(the_end_comes_in_the_documented_order);
    ADD(a_session_where_nothing_was_said_ends_the_same_way);
    ADD(recording_starts_once_however_often_the_client_connects);
    ADD(time_limits_are_those_documented);
    ADD(a_session_is_resumed_until_it_is_over);
#undef ADD
    return g_test_run();
}
