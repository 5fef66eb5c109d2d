// SPDX-License-Identifier: LGPL-2.1-or-later
// What the emulator hears and says on its WebSocket.
#include "tests/support/gladia_client.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

static std::size_t piecesOf(std::size_t bytes, std::size_t piece) {
    return (bytes + piece - 1) / piece;
}

static void the_digits_are_heard_whatever_the_size_of_the_chunks() {
    constexpr std::size_t kHead = 201;
    const GladiaEmulator emulator;
    const Bytes audio =
        toneBytes("159#,20", {.sampleRate = 8000, .digitMs = 50, .gapMs = 50, .pauseMs = 400});
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{333}, std::size_t{3200}, std::size_t{512 * 1024}}) {
        GladiaClient client(emulator, R"({"endpointing":0.3,"sample_rate":8000})");
        // Two hundred single bytes are enough here; Listener's test has only such.
        const std::size_t after = std::max<std::size_t>(piece, 333);
        client.send(Bytes(audio.begin(), audio.begin() + kHead), piece);
        client.send(Bytes(audio.begin() + kHead, audio.end()), after);
        client.stop();
        g_assert_true(client.socket->waitForClose());
        g_assert_cmpint(client.socket->closeCode(), ==, 1000);
        assertText(finalTextOf(client.socket->frames()), " 1 5 9 # 2 0");
        const auto acks = ackRanges(client.socket->frames());
        g_assert_cmpuint(acks.size(), ==, piecesOf(kHead, piece) + piecesOf(audio.size() - kHead, after));
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
        GladiaClient client(emulator, R"({"channels":2,"sample_rate":)" + std::to_string(rate) + "}");
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
    GladiaClient ulaw(emulator, R"({"encoding":"wav/ulaw","sample_rate":8000})");
    ulaw.send(encodeUlaw(makeDtmf("0*8", {.sampleRate = 8000, .gapMs = 40})), 160);
    ulaw.stop();
    g_assert_true(ulaw.socket->waitForClose());
    assertText(finalTextOf(ulaw.socket->frames()), " 0 * 8");

    GladiaClient headed(emulator, "{}");
    const Bytes file = wavHeader(16000, 1, 32000);
    headed.send(file, 10);
    headed.send(toneBytes("71", {.gapMs = 40}), 3201);
    headed.stop();
    g_assert_true(headed.socket->waitForClose());
    assertText(finalTextOf(headed.socket->frames()), " 7 1");
}

static void audio_without_digits_is_described_by_its_level() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    std::vector<std::int16_t> square(16000);
    for (std::size_t i = 0; i < square.size(); i++)
        square[i] = i / 20 % 2 ? 3277 : -3277; // a tenth of full scale
    client.send(bytesOf(square), 3200);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), " [-20 dBFS]");
}

static void base64_audio_is_the_same_as_binary_audio() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const Bytes audio = toneBytes("36");
    const std::size_t half = 4001; // in the middle of a sample
    const CharPtr coded(g_base64_encode(audio.data(), half));
    client.socket->sendText(std::string(R"({"type":"audio_chunk","data":{"chunk":")") + coded.get() + "\"}}");
    client.socket->sendText(R"({"type":"audio_chunk","data":{"chunk":""}})");
    client.send(Bytes(audio.begin() + half, audio.end()), 3200);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), " 3 6");
    const auto acks = ackRanges(client.socket->frames());
    g_assert_cmpint(acks.at(0).end, ==, half);
    g_assert_cmpint(acks.at(1).start, ==, half);
    g_assert_cmpint(acks.at(1).end, ==, half);
    g_assert_cmpint(acks.back().end, ==, static_cast<gint64>(audio.size()));
}

static void bad_base64_is_refused_and_bad_messages_close_the_connection() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    client.socket->sendText(R"({"type":"audio_chunk","data":{"chunk":"a?=="}})");
    client.socket->sendText(R"({"type":"audio_chunk"})");
    g_assert_true(client.waitFor("audio_chunk", 2));
    for (const auto &frame : client.socket->frames()) {
        const auto message = parsed(frame.data);
        g_assert_false(json_object_get_boolean_member(message.get(), "acknowledged"));
        g_assert_true(json_object_get_null_member(message.get(), "data"));
        g_assert_false(textOf(objectMember(message.get(), "error"), "message").empty());
    }
    client.socket->sendText(R"({"type":"pause"})");
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 4400);
}

static void the_default_configuration_sends_neither_partials_nor_lifecycle() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    client.send(toneBytes("12"), 3200);
    client.stop();
    const std::vector<std::string> expected = {"speech_start",   "speech_end",      "transcript",
                                               "stop_recording", "post_transcript", "post_final_transcript"};
    g_assert_true(client.typesToTheEnd() == expected);
}

static void the_end_has_the_documented_order() {
    const GladiaEmulator emulator;
    GladiaClient client(
        emulator,
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
        GladiaClient client(emulator, std::string(R"({"realtime_processing":{"sentiment_analysis":true},)") +
                                          R"("messages_config":{")" + flag + "\":false}}");
        client.send(toneBytes("1"), 3200);
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
    GladiaClient client(emulator,
                        R"({"endpointing":0.3,"messages_config":{"receive_partial_transcripts":true}})");
    client.send(toneBytes("159,2", {.pauseMs = 600}), 1600);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    std::vector<std::string> texts;
    std::string last;
    std::size_t finals = 0;
    for (const auto &frame : client.socket->frames()) {
        const auto message = parsed(frame.data);
        if (textOf(message.get(), "type") != "transcript")
            continue;
        JsonObject *data = objectMember(message.get(), "data");
        const std::string id = textOf(data, "id");
        assertText(id, finals == 0 ? "00_00000000" : "00_00000001");
        JsonObject *utterance = objectMember(data, "utterance");
        JsonArray *words = json_object_get_array_member(utterance, "words");
        std::string joined;
        double before = json_object_get_double_member(utterance, "start");
        for (guint i = 0; i < json_array_get_length(words); i++) {
            JsonObject *word = json_array_get_object_element(words, i);
            joined += textOf(word, "word");
            g_assert_cmpfloat(json_object_get_double_member(word, "start"), >=, before);
            before = json_object_get_double_member(word, "end");
        }
        assertText(textOf(utterance, "text"), joined);
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

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/emulator/" #function, function)
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
#undef ADD
    return g_test_run();
}
