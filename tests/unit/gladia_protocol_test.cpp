// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/protocol.h"

#include "elements/gladiasink/ack_scanner.h"
#include "elements/gladiasink/utterance_scanner.h"
#include "lib/gst/refs.h"

#include <string>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

void assertSame(const std::string &is, const std::string &shouldBe) {
    g_assert_cmpstr(is.c_str(), ==, shouldBe.c_str());
}

template <typename T>
T parsed(std::string_view text) {
    std::string error;
    const auto message = parseServerMessage(text, error);
    g_assert_true(message.has_value());
    g_assert_true(std::holds_alternative<T>(*message));
    return std::get<T>(*message);
}

void refused(std::string_view text) {
    std::string error;
    const auto message = parseServerMessage(text, error);
    g_assert_false(message.has_value());
    g_assert_false(error.empty());
}

std::string transcript(const std::string &data) {
    return R"({"session_id":"s","type":"transcript","data":)" + data + "}";
}

} // namespace

static void the_reply_names_session_and_address() {
    std::string error;
    const auto reply =
        parseInitReply(R"({"id":"5f0e","created_at":"x","url":"wss://h/v2/live?token=t"})", error);
    g_assert_true(reply.has_value());
    assertSame(reply->id, "5f0e");
    assertSame(reply->url, "wss://h/v2/live?token=t");
    // The token opens the session to anybody: where it is the id, the id must not be shown.
    const auto same = parseInitReply(R"({"id":"5f0e","url":"wss://h/v2/live?token=5f0e"})", error);
    g_assert_true(same && same->id != "5f0e" && same->id.size() == 32);
    g_assert_true(parseInitReply(R"({"id":"5f0e","url":"wss://h/v2/live?token=5f0e1"})", error)->id ==
                  "5f0e");
    const std::string longId(200, 'x');
    for (const std::string &bad :
         {std::string(""), std::string("<html>"), std::string("{}"), std::string("[]"),
          std::string(R"({"id":"","url":"wss://h"})"), std::string(R"({"id":"x","url":""})"),
          std::string(R"({"id":1,"url":"wss://h"})"), std::string(R"({"id":"x"})"),
          R"({"id":")" + longId + R"(","url":"wss://h"})"}) {
        error.clear();
        g_assert_false(parseInitReply(bad, error).has_value());
        g_assert_false(error.empty());
    }
}

static void a_transcript_is_read_whole() {
    const auto said = parsed<Utterance>(transcript(
        R"({"id":"00_00000003","is_final":true,"utterance":{"start":4.12,"end":5.06,"confidence":0.93,"channel":1,)"
        R"("language":"en","speaker":2,"text":" Good morning.","words":[{"word":" Good","start":4.12,"end":4.4,"confidence":0.95},)"
        R"({"word":" morning.","start":4.41,"end":5.06,"confidence":0.91}]}})"));
    assertSame(said.id, "00_00000003");
    g_assert_true(said.isFinal);
    assertSame(said.text, "Good morning.");
    assertSame(said.language, "en");
    assertSame(said.speaker, "2");
    g_assert_cmpint(said.channel, ==, 1);
    g_assert_cmpfloat(said.start, ==, 4.12);
    g_assert_cmpfloat(said.end, ==, 5.06);
    g_assert_cmpfloat(said.confidence, ==, 0.93);
    g_assert_cmpuint(said.words.size(), ==, 2);
    assertSame(said.words[0].text, "Good");
    assertSame(said.words[1].text, "morning.");
}

static void what_a_transcript_may_lack_is_tolerated() {
    const auto said = parsed<Utterance>(transcript(R"({"id":"x","utterance":{"text":"hi"}})"));
    g_assert_false(said.isFinal);
    g_assert_cmpint(said.channel, ==, 0);
    g_assert_cmpfloat(said.confidence, ==, -1);
    g_assert_true(said.words.empty());
    const auto odd = parsed<Utterance>(transcript(
        R"({"id":"x","is_final":"yes","utterance":{"text":"hi","start":-5,"end":1e300,"channel":-7,)"
        R"("confidence":9,"language":5,"words":[1,null,{"word":3},{"word":"  "},{"word":"a","start":"b"}]}})"));
    g_assert_false(odd.isFinal);
    g_assert_cmpfloat(odd.start, ==, 0);
    g_assert_cmpfloat(odd.end, <=, 1e7);
    g_assert_cmpint(odd.channel, ==, 0);
    g_assert_cmpfloat(odd.confidence, ==, -1);
    g_assert_cmpuint(odd.words.size(), ==, 1);
}

static void text_is_trimmed_of_every_kind_of_space() {
    const auto said = parsed<Utterance>(transcript(
        "{\"id\":\"x\",\"utterance\":{\"text\":\" \\n\\u00a0\\u3000caf\xC3\xA9 au lait\\t\\u2003\"}}"));
    assertSame(said.text, "caf\xC3\xA9 au lait");
    assertSame(parsed<Utterance>(transcript(R"({"id":"x","utterance":{"text":"  "}})")).text, "");
}

static void bytes_that_are_no_text_are_replaced() {
    const auto said = parsed<Utterance>(
        transcript("{\"id\":\"x\",\"utterance\":{\"text\":\" a\xff\\u0007b \",\"language\":\"e n\"}}"));
    assertSame(said.text, "a\xEF\xBF\xBD b");
    assertSame(said.language, "");
    assertSame(parsed<OtherMessage>("{\"type\":\"\xff\"}").type, "\xEF\xBF\xBD");
}

static void acknowledgements_count_bytes_of_the_session() {
    const auto ack = parsed<AudioAck>(
        R"({"type":"audio_chunk","acknowledged":true,"error":null,"data":{"byte_range":[3200,6400],"time_range":[0.1,0.2]}})");
    g_assert_cmpuint(ack.endByte, ==, 6400);
    for (const char *refusal :
         {R"({"type":"audio_chunk","acknowledged":false,"data":null,"error":{"message":"too late"}})",
          R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[1]}})",
          R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,-1]}})",
          R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,"x"]}})",
          R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1.5]}})"})
        parsed<AudioRefused>(refusal);
    assertSame(
        parsed<AudioRefused>(
            R"({"type":"audio_chunk","acknowledged":false,"data":null,"error":{"message":"too late"}})")
            .reason,
        "too late");
}

static void other_messages_are_told_apart() {
    g_assert_cmpfloat(parsed<StopAck>(R"({"type":"stop_recording","data":{"recording_left_to_process":0.9}})")
                          .leftToProcess,
                      ==, 0.9);
    parsed<StopAck>(R"({"type":"stop_recording","data":null,"error":{"message":"already"}})");
    assertSame(parsed<ServiceError>(R"({"type":"error","data":{"message":"oops","code":1}})").reason, "oops");
    assertSame(parsed<ServiceError>(R"({"type":"error","message":"oops"})").reason, "oops");
    assertSame(
        parsed<ServiceError>(R"({"type":"error","message":"bad wss://h/?token=9c1d&x=1 token= token=7"})")
            .reason,
        "bad wss://h/?token=[secret]&x=1 token=[secret] token=[secret]");
    assertSame(parsed<OtherMessage>(R"({"type":"end_session"})").type, "end_session");
    assertSame(parsed<OtherMessage>(R"({"type":"yet_to_come","data":[]})").type, "yet_to_come");
}

static void translations_are_read() {
    const auto result = parsed<AddOnResult>(
        R"({"type":"translation","error":null,"data":{"utterance_id":"3","utterance":{"start":4.12,"end":5,)"
        R"("text":" Good morning.","channel":1,"language":"en"},"original_language":"en","target_language":"fr",)"
        R"("translated_utterance":{"start":4.2,"end":5,"text":" Bonjour.","words":[{"word":" Bonjour."}]}}})");
    g_assert_true(result.kind == AddOnResult::Kind::Translation);
    assertSame(result.utteranceId, "3");
    assertSame(result.originalLanguage, "en");
    assertSame(result.utterance.language, "fr");
    assertSame(result.utterance.text, "Bonjour.");
    g_assert_cmpint(result.utterance.channel, ==, 1); // only the original has it
    g_assert_cmpfloat(result.originalStart, ==, 4.12);
    g_assert_cmpuint(result.utterance.words.size(), ==, 1);
}

static void findings_are_read() {
    const auto entities = parsed<AddOnResult>(
        R"({"type":"named_entity_recognition","data":{"utterance_id":3,"utterance":{"text":"Ada"},"results":[)"
        R"({"entity_type":"NAME_GIVEN","text":" Ada","start":1,"end":0.5},{"text":"no type"},7]}})");
    g_assert_true(entities.kind == AddOnResult::Kind::Entities);
    assertSame(entities.utteranceId, "3");
    g_assert_cmpuint(entities.findings.size(), ==, 1);
    assertSame(entities.findings[0].type, "NAME_GIVEN");
    assertSame(entities.findings[0].text, "Ada");
    g_assert_cmpfloat(entities.findings[0].end, ==, 1); // never before its start
    const auto sentiment =
        parsed<AddOnResult>(R"({"type":"sentiment_analysis","data":{"utterance":{"text":"Ada"},"results":[)"
                            R"({"sentiment":"positive","emotion":"joy","text":"Ada"}]}})");
    g_assert_true(sentiment.kind == AddOnResult::Kind::Sentiment);
    assertSame(sentiment.findings.at(0).emotion, "joy");
    assertSame(parsed<Summary>(R"({"type":"post_summarization","data":{"results":" All. "}})").text, "All.");
}

static void what_an_add_on_could_not_do_is_told() {
    for (const char *type : {"translation", "named_entity_recognition", "sentiment_analysis"}) {
        const std::string name = type;
        assertSame(
            parsed<ServiceError>("{\"type\":\"" + name + R"(","data":null,"error":{"message":"no"}})").reason,
            name + ": no");
        refused("{\"type\":\"" + name + R"(","data":{}})");
    }
    assertSame(
        parsed<ServiceError>(R"({"type":"post_summarization","data":null,"error":{"message":"no"}})").reason,
        "summary: no");
}

static void what_is_no_message_is_refused() {
    const std::string deep = std::string(100000, '[');
    for (const std::string &bad :
         {std::string(""), std::string("x"), std::string("[]"), std::string("null"), std::string("{}"),
          std::string("{\"type\":1}"), std::string("{\"type\":\"transcript\"}"),
          std::string("{\"type\":\"transcript\",\"data\":[]}"), transcript("{}"), transcript(R"({"id":"x"})"),
          transcript(R"({"id":"","utterance":{"text":"a"}})"),
          transcript(R"({"id":"x","utterance":{"text":1}})"), std::string("{\"type\":\"transcript\""), deep})
        refused(bad);
}

static void plain_acknowledgements_are_read_without_a_tree() {
    const char *const plain[] = {
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[3200,6400]}})",
        R"( { "session_id" : "s" , "created_at":"2026-01-05T10:00:00.000Z","type":"audio_chunk",)"
        R"("acknowledged":true, "error":null,"data":{"byte_range":[ 3200 ,6400 ],)"
        R"("time_range":[0.10000000000000001,-0.2]}}
)",
        R"({"data":{"x":{"y":[[1,true],{}]},"byte_range":[3200,6400]},"acknowledged":true,"type":"audio_chunk"})",
    };
    for (const char *text : plain) {
        const auto ack = scanAudioAck(text);
        g_assert_true(ack && ack->startByte == 3200 && ack->endByte == 6400);
    }
    // Unusual or no acknowledgement: the parser's.
    const char *const other[] = {
        "",
        "{}",
        R"({"type":"transcript","acknowledged":true,"data":{"byte_range":[0,1]}})",
        R"({"type":"audio_chunk","acknowledged":false,"data":{"byte_range":[0,1]}})",
        R"({"type":"audio_chunk","data":{"byte_range":[0,1]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":null})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[2,1]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1,2]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1.0]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[-1,1]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,01]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,9999999999999999]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1],"byte_range":[0,2]}})",
        R"({"type":"audio_chunk","type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1]}})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1]}} x)",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1]},})",
        R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1]})",
        R"({"type":"audio_ch\u0075nk","acknowledged":true,"data":{"byte_range":[0,1]}})",
        R"({"type":"audio_chunk","acknowledged":true,"x":nul,"data":{"byte_range":[0,1]}})",
        R"({"type":"audio_chunk","acknowledged":true,"x":1e5,"data":{"byte_range":[0,1]}})",
        R"({"x":[[[[[[[[1]]]]]]]],"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,1]}})",
    };
    for (const char *text : other) {
        g_test_message("%s", text);
        g_assert_false(scanAudioAck(text).has_value());
    }
}

namespace {

std::string shown(const Utterance &said) {
    std::string text = said.id + '|' + std::to_string(said.isFinal) + '|' + std::to_string(said.start) + '|' +
                       std::to_string(said.end) + '|' + std::to_string(said.confidence) + '|' +
                       std::to_string(said.channel) + '|' + said.language + '|' + said.speaker + '|' +
                       said.text;
    for (const SpokenWord &word : said.words)
        text += '|' + word.text + '|' + std::to_string(word.start) + '|' + std::to_string(word.end) + '|' +
                std::to_string(word.confidence);
    return text;
}

} // namespace

static void plain_transcripts_are_read_without_a_tree() {
    const std::string plain[] = {
        transcript(
            R"({"id":"00_3","is_final":true,"utterance":{"start":4.12,"end":5.06,"confidence":0.93,)"
            R"("channel":1,"language":"en","speaker":2,"text":" Good morning.","words":[{"word":" Good",)"
            R"("start":4.12,"end":4.4,"confidence":0.95},{"word":" morning.","start":4.41,"end":5.06}]}})"),
        transcript(R"({"id":"x","utterance":{"text":"hi"}})"),
        transcript(R"({"id":"x","is_final":null,"utterance":{"text":"hi","speaker":null,"words":[]}})"),
        transcript(
            R"({"id":"x","utterance":{"text":" \"a\\\/\b\n\u00e9 \ud83d\ude00\u3000","language":"e n"}})"),
        transcript(
            R"({"id":"x","utterance":{"text":"café","words":[{"start":1},{"word":" "},{"word":"a"}]}})"),
        transcript(
            R"({"utterance":{"end":-1,"start":99999999,"text":"","channel":-7},"is_final":false,"id":"x"})"),
        R"({"data":{"utterance":{"text":"a","x":[{"y":1}]},"id":"x"},"error":null,"type":"transcript"})",
    };
    for (const std::string &text : plain) {
        g_test_message("%s", text.c_str());
        const auto scanned = scanUtterance(text);
        g_assert_true(scanned.has_value());
        std::string error;
        const auto message = parseAnyMessage(text, error);
        g_assert_true(message && std::holds_alternative<Utterance>(*message));
        assertSame(shown(*scanned), shown(std::get<Utterance>(*message)));
    }
    // Unusual or no transcript: the parser's.
    const std::string other[] = {
        "",
        "{}",
        R"({"type":"audio_chunk","data":{"id":"x","utterance":{"text":"a"}}})",
        R"({"type":"transcript","data":null})",
        transcript(R"({"id":"","utterance":{"text":"a"}})"),
        transcript(R"({"id":7,"utterance":{"text":"a"}})"),
        transcript(R"({"id":"x","utterance":{"text":null}})"),
        transcript(R"({"id":"x","utterance":{"text":"a","text":"b"}})"),
        transcript(R"({"id":"x","utterance":{"text":"a","start":1e3}})"),
        transcript(R"({"id":"x","utterance":{"text":"a","start":"1"}})"),
        transcript(R"({"id":"x","utterance":{"text":"a","channel":1.0}})"),
        transcript(R"({"id":"x","utterance":{"text":"a","words":[7]}})"),
        transcript(R"({"id":"x","utterance":{"text":"a\u0000"}})"),
        transcript(R"({"id":"x","utterance":{"text":"\ud83d"}})"),
        transcript(R"({"id":"x","utterance":{"text":"\ude00"}})"),
        transcript(R"({"id":"x","utterance":{"text":"\x"}})"),
        transcript("{\"id\":\"x\",\"utterance\":{\"text\":\"a\xff\"}}"),
        transcript("{\"id\":\"x\",\"utterance\":{\"text\":\"a\nb\"}}"),
        transcript(R"({"id":"x","utterance":{"text":"a"}})") + " x",
        transcript(R"({"id":"x","utterance":{"text":"a"})"),
        transcript(R"({"id":"x","utterance":{"text":"a\)"),
    };
    for (const std::string &text : other) {
        const CharPtr printable(g_strescape(text.c_str(), nullptr));
        g_test_message("%s", printable.get());
        g_assert_false(scanUtterance(text).has_value());
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/gladia-protocol/the reply names session and address",
                    the_reply_names_session_and_address);
    g_test_add_func("/gladia-protocol/a transcript is read whole", a_transcript_is_read_whole);
    g_test_add_func("/gladia-protocol/what a transcript may lack is tolerated",
                    what_a_transcript_may_lack_is_tolerated);
    g_test_add_func("/gladia-protocol/text is trimmed of every kind of space",
                    text_is_trimmed_of_every_kind_of_space);
    g_test_add_func("/gladia-protocol/acknowledgements count bytes of the session",
                    acknowledgements_count_bytes_of_the_session);
    g_test_add_func("/gladia-protocol/plain acknowledgements are read without a tree",
                    plain_acknowledgements_are_read_without_a_tree);
    g_test_add_func("/gladia-protocol/plain transcripts are read without a tree",
                    plain_transcripts_are_read_without_a_tree);
    g_test_add_func("/gladia-protocol/other messages are told apart", other_messages_are_told_apart);
    g_test_add_func("/gladia-protocol/bytes that are no text are replaced",
                    bytes_that_are_no_text_are_replaced);
    g_test_add_func("/gladia-protocol/translations are read", translations_are_read);
    g_test_add_func("/gladia-protocol/findings are read", findings_are_read);
    g_test_add_func("/gladia-protocol/what an add-on could not do is told",
                    what_an_add_on_could_not_do_is_told);
    g_test_add_func("/gladia-protocol/what is no message is refused", what_is_no_message_is_refused);
    return g_test_run();
}
