// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/json_text.h"
#include "tests/support/http_client.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

using Bytes = std::vector<std::uint8_t>;
using Frames = std::vector<WebSocketClient::Frame>;

static void assertText(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

static Bytes bytesOf(const std::vector<std::int16_t> &samples) {
    Bytes bytes(samples.size() * 2);
    std::memcpy(bytes.data(), samples.data(), bytes.size());
    return bytes;
}

static Bytes tones(const char *sequence, DtmfTiming timing = {}) {
    timing.tailMs += 500;
    return bytesOf(makeDtmf(sequence, timing));
}

static JsonObjectRef parsed(const std::string &text) {
    std::string problem;
    JsonObjectRef object = parseObject(text, problem);
    assertText(problem, "");
    return object;
}

static std::string text(JsonObject *object, const char *name) {
    const char *value = stringMember(object, name);
    return value ? value : "";
}

static std::string typeOf(const WebSocketClient::Frame &frame) {
    g_assert_true(frame.text);
    return text(parsed(frame.data).get(), "type");
}

static const Headers kKey = {{"x-gladia-key", "k"}};

static HttpAnswer post(const GladiaEmulator &emulator, const std::string &body, const Headers &headers = kKey,
                       const std::string &query = "") {
    return httpRequest("POST", emulator.url() + "/v2/live" + query, headers, body);
}

/// A session and the socket to it.
struct Client {
    std::string id;
    std::string url;
    std::unique_ptr<WebSocketClient> socket;

    Client(const GladiaEmulator &emulator, const std::string &body) {
        const HttpAnswer answer = post(emulator, body);
        g_assert_cmpint(answer.status, ==, 201);
        const auto json = parsed(answer.body);
        id = text(json.get(), "id");
        url = text(json.get(), "url");
        connect();
    }

    void connect() {
        socket = std::make_unique<WebSocketClient>(WebSocketClient::Options{.url = url});
        g_assert_true(socket->connected());
    }

    void send(const Bytes &bytes, std::size_t piece) {
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            socket->sendBinary(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }

    void stop() { socket->sendText("{\"type\":\"stop_recording\"}"); }

    /// The messages' types without acknowledgements of audio, after a normal end.
    std::vector<std::string> typesToTheEnd() {
        g_assert_true(socket->waitForClose());
        std::vector<std::string> types;
        for (const auto &frame : socket->frames()) {
            if (const auto type = typeOf(frame); type != "audio_chunk")
                types.push_back(type);
        }
        return types;
    }

    std::size_t count(const std::string &type) const {
        std::size_t found = 0;
        for (const auto &frame : socket->frames())
            found += typeOf(frame) == type ? 1 : 0;
        return found;
    }

    bool waitFor(const std::string &type, std::size_t least = 1) const {
        return socket->waitForFrames([&](const Frames &frames) {
            std::size_t found = 0;
            for (const auto &frame : frames)
                found += typeOf(frame) == type ? 1 : 0;
            return found >= least;
        });
    }
};

/// Concatenated texts of the finals among the frames.
static std::string finalText(const Frames &frames) {
    std::string all;
    for (const auto &frame : frames) {
        const auto message = parsed(frame.data);
        JsonObject *data = objectMember(message.get(), "data");
        if (text(message.get(), "type") == "transcript" && json_object_get_boolean_member(data, "is_final"))
            all += text(objectMember(data, "utterance"), "text");
    }
    return all;
}

struct Range {
    gint64 start;
    gint64 end;
};

static std::vector<Range> ackRanges(const Frames &frames) {
    std::vector<Range> ranges;
    for (const auto &frame : frames) {
        const auto message = parsed(frame.data);
        if (text(message.get(), "type") != "audio_chunk")
            continue;
        g_assert_true(json_object_get_boolean_member(message.get(), "acknowledged"));
        JsonArray *range = json_object_get_array_member(objectMember(message.get(), "data"), "byte_range");
        ranges.push_back({json_array_get_int_element(range, 0), json_array_get_int_element(range, 1)});
    }
    return ranges;
}

static const char kPlain[] = R"({"endpointing":0.3})";

static void a_session_is_created_with_an_absolute_url() {
    const GladiaEmulator emulator;
    const HttpAnswer answer = post(emulator, kPlain, kKey, "?region=eu-west");
    g_assert_cmpint(answer.status, ==, 201);
    g_assert_true(answer.headers.at("content-type").find("application/json") == 0);
    const auto json = parsed(answer.body);
    const std::string id = text(json.get(), "id");
    g_assert_true(g_uuid_string_is_valid(id.c_str()));
    g_assert_cmpuint(text(json.get(), "created_at").size(), ==, 24);
    const std::string authority = emulator.url().substr(7);
    g_assert_true(text(json.get(), "url").starts_with("ws://" + authority + "/v2/live?token="));
    assertText(emulator.report().sessions.at(0).region, "eu-west");
    // The host the client used, which is not always the one the server knows.
    Headers other = kKey;
    other.emplace_back("Host", "gladia.example:1234");
    const HttpAnswer elsewhere = post(emulator, kPlain, other);
    g_assert_true(
        text(parsed(elsewhere.body).get(), "url").starts_with("ws://gladia.example:1234/v2/live?token="));
}

static void a_request_without_the_right_key_is_refused_with_the_documented_body() {
    const GladiaEmulator emulator({.key = "secret"});
    g_assert_cmpint(post(emulator, "{}", {}).status, ==, 401);
    g_assert_cmpint(post(emulator, "{}", {{"x-gladia-key", "wrong"}}).status, ==, 401);
    g_assert_cmpint(post(emulator, "{}", {{"X-Gladia-Key", "secret"}}).status, ==, 201);
    const HttpAnswer answer = post(emulator, "{}", {});
    const auto json = parsed(answer.body);
    g_assert_cmpint(json_object_get_int_member(json.get(), "statusCode"), ==, 401);
    assertText(text(json.get(), "path"), "/v2/live");
    g_assert_true(text(json.get(), "request_id").starts_with("G-"));
    g_assert_cmpuint(text(json.get(), "timestamp").size(), ==, 24);
    g_assert_false(text(json.get(), "message").empty());
    g_assert_false(json_object_has_member(json.get(), "validation_errors"));
}

static void assertRefused(const GladiaEmulator &emulator, const char *body, const char *error,
                          const char *query = "") {
    const HttpAnswer answer = post(emulator, body, kKey, query);
    g_assert_cmpint(answer.status, ==, 400);
    const auto json = parsed(answer.body);
    assertText(text(json.get(), "message"), "Invalid parameter(s)");
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
    g_assert_cmpint(post(tolerant, body).status, ==, 201);
    const GladiaEmulator strict({.strict = true});
    assertRefused(strict, body, "property language_config.detect_language should not exist");
    g_assert_cmpint(post(strict, "{}").status, ==, 201);
}

static void a_bad_token_is_refused_before_the_upgrade() {
    const GladiaEmulator emulator;
    const WebSocketClient without({.url = emulator.url() + "/v2/live"});
    g_assert_cmpint(without.status(), ==, 403);
    const WebSocketClient wrong({.url = emulator.url() + "/v2/live?token=abc"});
    g_assert_cmpint(wrong.status(), ==, 403);
    g_assert_false(wrong.connected());
}

static void the_digits_are_heard_whatever_the_size_of_the_chunks() {
    const GladiaEmulator emulator;
    const Bytes audio = tones("159#,20", {.pauseMs = 500});
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{333}, std::size_t{3200}, std::size_t{512 * 1024}}) {
        Client client(emulator, kPlain);
        client.send(audio, piece);
        client.stop();
        g_assert_true(client.socket->waitForClose());
        g_assert_cmpint(client.socket->closeCode(), ==, 1000);
        assertText(finalText(client.socket->frames()), " 1 5 9 # 2 0");
        const auto acks = ackRanges(client.socket->frames());
        g_assert_cmpuint(acks.size(), ==, (audio.size() + piece - 1) / piece);
        gint64 expected = 0;
        for (const auto &ack : acks) {
            g_assert_cmpint(ack.start, ==, expected);
            expected = ack.end;
        }
        g_assert_cmpint(expected, ==, static_cast<gint64>(audio.size()));
    }
}

static void every_format_is_heard() {
    const GladiaEmulator emulator;
    for (const int rate : {8000, 32000, 44100, 48000}) {
        Client client(emulator, R"({"channels":2,"sample_rate":)" + std::to_string(rate) + "}");
        client.send(bytesOf(spreadToChannels(makeDtmf("42", {.sampleRate = rate, .gapMs = 40}), 2)), 8192);
        client.stop();
        g_assert_true(client.socket->waitForClose());
        const SessionReport report = emulator.report().sessions.back();
        g_assert_cmpuint(report.finals.size(), ==, 2);
        assertText(report.finals.at(0).id, "00_00000000");
        assertText(report.finals.at(1).id, "01_00000000");
        assertText(report.finals.at(1).text, " 4 2");
    }
}

static Bytes encodeUlaw(const std::vector<std::int16_t> &samples) {
    Bytes out;
    for (const std::int16_t sample : samples) {
        const int magnitude = std::min(std::abs(static_cast<int>(sample)), 32635) + 0x84;
        int exponent = 7;
        while (exponent > 0 && !(magnitude & (0x80 << exponent)))
            exponent--;
        const int code = (sample < 0 ? 0x80 : 0) | exponent << 4 | ((magnitude >> (exponent + 3)) & 0x0f);
        out.push_back(static_cast<std::uint8_t>(~code));
    }
    return out;
}

static void telephone_encodings_and_a_wav_header_are_understood() {
    const GladiaEmulator emulator;
    Client ulaw(emulator, R"({"encoding":"wav/ulaw","sample_rate":8000})");
    ulaw.send(encodeUlaw(makeDtmf("0*8", {.sampleRate = 8000, .gapMs = 40})), 160);
    ulaw.stop();
    g_assert_true(ulaw.socket->waitForClose());
    assertText(finalText(ulaw.socket->frames()), " 0 * 8");

    Client headed(emulator, "{}");
    Bytes file = wavHeader(16000, 1, 32000);
    g_assert_cmpuint(file.size(), ==, 44);
    const Bytes audio = tones("71", {.gapMs = 40});
    file.insert(file.end(), audio.begin(), audio.end());
    headed.send(file, 10);
    headed.stop();
    g_assert_true(headed.socket->waitForClose());
    assertText(finalText(headed.socket->frames()), " 7 1");
}

static void audio_without_digits_is_described_by_its_level() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    std::vector<std::int16_t> square(16000);
    for (std::size_t i = 0; i < square.size(); i++)
        square[i] = i / 20 % 2 ? 3277 : -3277; // a tenth of full scale
    client.send(bytesOf(square), 3200);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalText(client.socket->frames()), " [-20 dBFS]");
}

static void base64_audio_is_the_same_as_binary_audio() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    const Bytes audio = tones("36");
    const std::size_t half = 4001; // in the middle of a sample
    const CharPtr coded(g_base64_encode(audio.data(), half));
    client.socket->sendText(std::string(R"({"type":"audio_chunk","data":{"chunk":")") + coded.get() + "\"}}");
    client.socket->sendText(R"({"type":"audio_chunk","data":{"chunk":""}})");
    client.send(Bytes(audio.begin() + half, audio.end()), 3200);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalText(client.socket->frames()), " 3 6");
    const auto acks = ackRanges(client.socket->frames());
    g_assert_cmpint(acks.at(0).end, ==, half);
    g_assert_cmpint(acks.at(1).start, ==, half);
    g_assert_cmpint(acks.at(1).end, ==, half);
    g_assert_cmpint(acks.back().end, ==, static_cast<gint64>(audio.size()));
}

static void bad_base64_is_refused_and_bad_messages_close_the_connection() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    client.socket->sendText(R"({"type":"audio_chunk","data":{"chunk":"a?=="}})");
    client.socket->sendText(R"({"type":"audio_chunk"})");
    g_assert_true(client.waitFor("audio_chunk", 2));
    for (const auto &frame : client.socket->frames()) {
        const auto message = parsed(frame.data);
        g_assert_false(json_object_get_boolean_member(message.get(), "acknowledged"));
        g_assert_true(json_object_get_null_member(message.get(), "data"));
        g_assert_false(text(objectMember(message.get(), "error"), "message").empty());
    }
    client.socket->sendText(R"({"type":"pause"})");
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 4400);
}

static void the_default_configuration_sends_neither_partials_nor_lifecycle() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    client.send(tones("12"), 3200);
    client.stop();
    const std::vector<std::string> expected = {"speech_start",   "speech_end",      "transcript",
                                               "stop_recording", "post_transcript", "post_final_transcript"};
    g_assert_true(client.typesToTheEnd() == expected);
}

static void the_end_has_the_documented_order() {
    const GladiaEmulator emulator;
    Client client(emulator,
                  R"({"endpointing":0.3,"realtime_processing":{"translation":true,"sentiment_analysis":true,
        "named_entity_recognition":true,"translation_config":{"target_languages":["fr"]}},
        "post_processing":{"summarization":true},"messages_config":{"receive_lifecycle_events":true}})");
    client.send(bytesOf(makeDtmf("12")), 3200); // the utterance is still open at the stop
    client.stop();
    const std::vector<std::string> expected = {
        "start_recording", "speech_start",    "stop_recording",           "speech_end",
        "transcript",      "translation",     "named_entity_recognition", "sentiment_analysis",
        "end_recording",   "post_transcript", "post_summarization",       "post_final_transcript",
        "end_session"};
    g_assert_true(client.typesToTheEnd() == expected);
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
}

static void each_flag_of_messages_config_silences_its_messages() {
    const GladiaEmulator emulator;
    const std::vector<std::pair<const char *, std::vector<const char *>>> flags = {
        {"receive_final_transcripts", {"transcript"}},
        {"receive_speech_events", {"speech_start", "speech_end"}},
        {"receive_acknowledgments", {"audio_chunk", "stop_recording"}},
        {"receive_realtime_processing_events", {"sentiment_analysis"}},
        {"receive_post_processing_events", {"post_transcript", "post_final_transcript"}}};
    for (const auto &[flag, silenced] : flags) {
        Client client(emulator, std::string(R"({"realtime_processing":{"sentiment_analysis":true},)") +
                                    R"("messages_config":{")" + flag + "\":false}}");
        client.send(tones("1"), 3200);
        client.stop();
        g_assert_true(client.socket->waitForClose());
        for (const auto &[otherFlag, types] : flags) {
            for (const char *type : types)
                g_assert_true((client.count(type) == 0) == (otherFlag == flag));
        }
    }
}

static void partials_grow_and_share_the_id_of_their_final() {
    const GladiaEmulator emulator;
    Client client(emulator, R"({"endpointing":0.3,"messages_config":{"receive_partial_transcripts":true}})");
    client.send(tones("159,2", {.pauseMs = 600}), 1600);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    std::vector<std::string> texts;
    std::string last;
    std::size_t finals = 0;
    for (const auto &frame : client.socket->frames()) {
        const auto message = parsed(frame.data);
        if (text(message.get(), "type") != "transcript")
            continue;
        JsonObject *data = objectMember(message.get(), "data");
        const std::string id = text(data, "id");
        assertText(id, finals == 0 ? "00_00000000" : "00_00000001");
        JsonObject *utterance = objectMember(data, "utterance");
        JsonArray *words = json_object_get_array_member(utterance, "words");
        std::string joined;
        double before = json_object_get_double_member(utterance, "start");
        for (guint i = 0; i < json_array_get_length(words); i++) {
            JsonObject *word = json_array_get_object_element(words, i);
            joined += text(word, "word");
            g_assert_cmpfloat(json_object_get_double_member(word, "start"), >=, before);
            before = json_object_get_double_member(word, "end");
        }
        assertText(text(utterance, "text"), joined);
        g_assert_cmpfloat(json_object_get_double_member(utterance, "end"), >=, before);
        if (json_object_get_boolean_member(data, "is_final"))
            finals++;
        if (texts.empty() || texts.back() != joined)
            texts.push_back(joined);
    }
    const std::vector<std::string> expected = {" 1", " 1 5", " 1 5 9", " 2"};
    g_assert_true(texts == expected);
    g_assert_cmpuint(finals, ==, 2);
}

static void a_resumed_session_goes_on_at_the_acknowledged_byte() {
    GladiaEmulator emulator;
    Client client(emulator, kPlain);
    const Bytes audio = tones("1593570");
    emulator.faults().dropAtByte(audio.size() / 2);
    client.send(audio, 1000);
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 0);
    const auto before = ackRanges(client.socket->frames());
    const gint64 owned = before.back().end;
    g_assert_cmpint(owned, ==, static_cast<gint64>(audio.size() / 2 / 1000 * 1000));
    client.connect();
    client.send(Bytes(audio.begin() + owned, audio.end()), 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(ackRanges(client.socket->frames()).front().start, ==, owned);
    const SessionReport report = emulator.report().sessions.at(0);
    assertText(report.text(), "1 5 9 3 5 7 0");
    g_assert_cmpuint(report.bytes, ==, audio.size());
    g_assert_cmpuint(report.connections, ==, 2);
}

static void held_audio_is_forgotten_by_a_drop_and_acknowledged_by_a_release() {
    GladiaEmulator emulator;
    Client client(emulator, kPlain);
    const Bytes audio = tones("48");
    emulator.faults().holdAcknowledgements(true);
    client.send(audio, 4000);
    const auto allPending = [&](const EmulatorReport &r) {
        return r.sessions[0].pendingBytes == audio.size();
    };
    g_assert_true(emulator.waitFor(allPending));
    emulator.dropConnections();
    g_assert_true(client.socket->waitForClose());
    g_assert_true(client.socket->frames().empty());
    client.connect();
    client.send(audio, 4000);
    g_assert_true(emulator.waitFor(allPending));
    emulator.faults().holdAcknowledgements(false);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalText(client.socket->frames()), " 4 8");
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, audio.size());
}

static void a_stop_is_remembered_over_a_drop() {
    GladiaEmulator emulator;
    Client client(emulator, kPlain);
    emulator.faults().dropAtStop();
    client.send(tones("66"), 4000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 0);
    g_assert_cmpuint(client.count("stop_recording"), ==, 0);
    client.connect();
    const std::vector<std::string> expected = {"stop_recording", "post_transcript", "post_final_transcript"};
    g_assert_true(client.typesToTheEnd() == expected);
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
    // It is over now.
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));
    const WebSocketClient again({.url = client.url});
    g_assert_cmpint(again.status(), ==, 403);
}

static void the_newest_connection_wins() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    const std::unique_ptr<WebSocketClient> older = std::move(client.socket);
    client.connect();
    g_assert_true(older->waitForClose());
    g_assert_cmpint(older->closeCode(), ==, 4409);
    client.send(tones("9"), 4000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalText(client.socket->frames()), " 9");
}

static void a_message_above_one_mebibyte_is_answered_1009() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    client.socket->sendBinary(Bytes(1 << 20));
    g_assert_true(client.waitFor("audio_chunk"));
    client.socket->sendBinary(Bytes((1 << 20) + 1));
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1009);
    client.connect(); // the session survives it
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
}

static void audio_after_the_stop_is_not_taken() {
    GladiaEmulator emulator;
    Client client(emulator, kPlain);
    emulator.faults().mute(true); // so that it does not close at once
    client.stop();
    client.send(Bytes(3200), 3200);
    g_assert_true(
        emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].receivedBytes == 3200; }));
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, 0);
}

static void a_session_without_audio_is_ended_with_4408() {
    const GladiaEmulator emulator({.idleMs = 50});
    Client idle(emulator, kPlain);
    g_assert_true(idle.socket->waitForClose());
    g_assert_cmpint(idle.socket->closeCode(), ==, 4408);
    g_assert_cmpuint(idle.count("post_final_transcript"), ==, 1);
}

static void a_session_without_a_connection_ends_by_itself() {
    const GladiaEmulator emulator({.resumeMs = 50});
    g_assert_cmpint(post(emulator, kPlain).status, ==, 201);
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));
}

static void a_session_ends_at_its_longest_duration() {
    const GladiaEmulator emulator({.audioSeconds = 1});
    Client longest(emulator, kPlain);
    longest.send(Bytes(64000), 1000);
    g_assert_true(longest.socket->waitForClose());
    g_assert_cmpint(longest.socket->closeCode(), ==, 1000);
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, 32000);
}

static void a_client_that_closes_normally_ends_its_session() {
    const GladiaEmulator emulator;
    Client client(emulator, kPlain);
    client.send(tones("5"), 4000);
    g_assert_true(client.waitFor("transcript"));
    client.socket->close(1000);
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));
    const HttpAnswer job = httpRequest("GET", emulator.url() + "/v2/live/" + client.id, kKey);
    assertText(text(parsed(job.body).get(), "status"), "done");
}

static void the_other_routes_answer_as_documented() {
    const GladiaEmulator emulator;
    Client client(emulator, R"({"endpointing":0.3,"custom_metadata":{"room":"7"}})");
    const std::string url = emulator.url() + "/v2/live/" + client.id;
    g_assert_cmpint(httpRequest("GET", url).status, ==, 401);
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/v2/live/other", kKey).status, ==, 404);
    g_assert_cmpint(httpRequest("DELETE", url, kKey).status, ==, 403);
    const Bytes audio = tones("31");
    client.send(audio, 4000);
    client.stop();
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));

    const auto job = parsed(httpRequest("GET", url, kKey).body);
    assertText(text(job.get(), "status"), "done");
    assertText(text(job.get(), "kind"), "live");
    assertText(text(objectMember(job.get(), "custom_metadata"), "room"), "7");
    JsonObject *result = objectMember(job.get(), "result");
    assertText(text(objectMember(result, "transcription"), "full_transcript"), "3 1");
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(result, "messages")), >, 3);

    const HttpAnswer file = httpRequest("GET", url + "/file", kKey);
    g_assert_cmpint(file.status, ==, 200);
    assertText(file.headers.at("content-type"), "application/octet-stream");
    g_assert_cmpuint(file.body.size(), ==, 44 + audio.size());
    g_assert_true(file.body.starts_with("RIFF"));
    g_assert_cmpint(std::memcmp(file.body.data() + 44, audio.data(), audio.size()), ==, 0);

    const auto list = parsed(httpRequest("GET", emulator.url() + "/v2/live?limit=1&status=done", kKey).body);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(list.get(), "items")), ==, 1);
    g_assert_true(json_object_get_null_member(list.get(), "next"));
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/v2/live?limit=0", kKey).status, ==, 400);

    g_assert_cmpint(httpRequest("PATCH", url, kKey, "{}").status, ==, 204);
    const HttpAnswer deleted = httpRequest("DELETE", url, kKey);
    g_assert_cmpint(deleted.status, ==, 202);
    assertText(deleted.body, "");
    g_assert_cmpint(httpRequest("GET", url, kKey).status, ==, 404);
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/elsewhere", kKey).status, ==, 404);
}

static void faults_refuse_ignore_and_limit() {
    GladiaEmulator emulator({.maxLive = 1});
    emulator.faults().refusePosts(503, 2, 7);
    const HttpAnswer busy = post(emulator, "{}");
    g_assert_cmpint(busy.status, ==, 503);
    assertText(busy.headers.at("retry-after"), "7");
    g_assert_cmpint(post(emulator, "{}").status, ==, 503);
    Client client(emulator, "{}");
    g_assert_cmpint(post(emulator, "{}").status, ==, 429);
    emulator.faults().refuseUpgrades(404);
    g_assert_cmpint(WebSocketClient({.url = client.url}).status(), ==, 404);
    emulator.faults().ignorePosts(true);
    const HttpAnswer none = httpRequest("POST", emulator.url() + "/v2/live", kKey, "{}", 1);
    g_assert_cmpint(none.status, ==, 0);
    emulator.faults().ignoreUpgrades(true);
    g_assert_cmpint(WebSocketClient({.url = client.url, .timeoutSeconds = 1}).status(), ==, 0);
    emulator.sendToAll("not json");
    g_assert_true(client.socket->waitForFrames([](const Frames &frames) { return !frames.empty(); }));
    assertText(client.socket->frames().at(0).data, "not json");
    emulator.closeConnections(4503, "later");
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
#define ADD(function) g_test_add_func("/emulator/" #function, function)
    ADD(a_session_is_created_with_an_absolute_url);
    ADD(a_request_without_the_right_key_is_refused_with_the_documented_body);
    ADD(parameters_out_of_range_are_refused_by_name);
    ADD(unknown_keys_are_errors_only_when_strict);
    ADD(a_bad_token_is_refused_before_the_upgrade);
    ADD(the_digits_are_heard_whatever_the_size_of_the_chunks);
    ADD(every_format_is_heard);
    ADD(telephone_encodings_and_a_wav_header_are_understood);
    ADD(audio_without_digits_is_described_by_its_level);
    ADD(base64_audio_is_the_same_as_binary_audio);
    ADD(bad_base64_is_refused_and_bad_messages_close_the_connection);
    ADD(the_default_configuration_sends_neither_partials_nor_lifecycle);
    ADD(the_end_has_the_documented_order);
    ADD(each_flag_of_messages_config_silences_its_messages);
    ADD(partials_grow_and_share_the_id_of_their_final);
    ADD(a_resumed_session_goes_on_at_the_acknowledged_byte);
    ADD(held_audio_is_forgotten_by_a_drop_and_acknowledged_by_a_release);
    ADD(a_stop_is_remembered_over_a_drop);
    ADD(the_newest_connection_wins);
    ADD(a_message_above_one_mebibyte_is_answered_1009);
    ADD(audio_after_the_stop_is_not_taken);
    ADD(a_session_without_audio_is_ended_with_4408);
    ADD(a_session_without_a_connection_ends_by_itself);
    ADD(a_session_ends_at_its_longest_duration);
    ADD(a_client_that_closes_normally_ends_its_session);
    ADD(the_other_routes_answer_as_documented);
    ADD(faults_refuse_ignore_and_limit);
    ADD(a_port_in_use_is_reported_in_words);
#undef ADD
    return g_test_run();
}
