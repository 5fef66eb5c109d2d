// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/endpoint.h"
#include "elements/gladiasink/failure.h"
#include "elements/gladiasink/protocol.h"

#include <string>
#include <vector>

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

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

std::string transcript(const std::string &data) {
    return R"({"session_id":"s","type":"transcript","data":)" + data + "}";
}

} // namespace

static void the_request_says_what_the_audio_is() {
    struct {
        AudioFormat format;
        const char *part;
    } table[] = {
        {{Encoding::Pcm, 16000, 1},
         R"("encoding":"wav/pcm","sample_rate":16000,"bit_depth":16,"channels":1)"},
        {{Encoding::Pcm, 44100, 8},
         R"("encoding":"wav/pcm","sample_rate":44100,"bit_depth":16,"channels":8)"},
        {{Encoding::Alaw, 8000, 1}, R"("encoding":"wav/alaw","sample_rate":8000,"bit_depth":8,"channels":1)"},
        {{Encoding::Ulaw, 8000, 2}, R"("encoding":"wav/ulaw","sample_rate":8000,"bit_depth":8,"channels":2)"},
    };
    for (const auto &row : table)
        g_assert_true(contains(initRequest(row.format, {}), row.part));
}

static void the_request_says_what_is_wanted() {
    SessionOptions options;
    options.model = "solaria-1";
    options.languages = {"en", "fr"};
    options.codeSwitching = true;
    options.endpointing = 0.05;
    options.maxUtterance = 15;
    options.partials = false;
    const std::string body = initRequest({Encoding::Pcm, 16000, 1}, options);
    for (const char *part :
         {R"("model":"solaria-1")", R"("endpointing":0.05)", R"("maximum_duration_without_endpointing":15)",
          R"("language_config":{"languages":["en","fr"],"code_switching":true})",
          R"("receive_partial_transcripts":false)", R"("receive_final_transcripts":true)",
          R"("receive_acknowledgments":true)"})
        g_assert_true(contains(body, part));
    g_assert_false(contains(body, "region")); // it belongs to the query; in the body the service refuses it
    g_assert_false(contains(initRequest({Encoding::Pcm, 16000, 1}, {}), "\"model\""));
}

static void the_reply_names_session_and_address() {
    std::string error;
    const auto reply =
        parseInitReply(R"({"id":"5f0e","created_at":"x","url":"wss://h/v2/live?token=t"})", error);
    g_assert_true(reply.has_value());
    assertSame(reply->id, "5f0e");
    assertSame(reply->url, "wss://h/v2/live?token=t");
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
        R"("language":"en","text":" Good morning.","words":[{"word":" Good","start":4.12,"end":4.4,"confidence":0.95},)"
        R"({"word":" morning.","start":4.41,"end":5.06,"confidence":0.91}]}})"));
    assertSame(said.id, "00_00000003");
    g_assert_true(said.isFinal);
    assertSame(said.text, "Good morning.");
    assertSame(said.language, "en");
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
    assertSame(parsed<OtherMessage>(R"({"type":"end_session"})").type, "end_session");
    assertSame(parsed<OtherMessage>(R"({"type":"yet_to_come","data":[]})").type, "yet_to_come");
}

static void what_is_no_message_is_refused() {
    const std::string deep = std::string(100000, '[');
    for (const std::string &bad :
         {std::string(""), std::string("x"), std::string("[]"), std::string("null"), std::string("{}"),
          std::string("{\"type\":1}"), std::string("{\"type\":\"transcript\"}"),
          std::string("{\"type\":\"transcript\",\"data\":[]}"), transcript("{}"), transcript(R"({"id":"x"})"),
          transcript(R"({"id":"","utterance":{"text":"a"}})"),
          transcript(R"({"id":"x","utterance":{"text":1}})"), std::string("{\"type\":\"\xff\"}"),
          std::string("{\"type\":\"transcript\""), deep})
        refused(bad);
}

static void endpoints_become_addresses() {
    struct {
        const char *endpoint, *region, *init;
    } table[] = {
        {"https://api.gladia.io", "", "https://api.gladia.io/v2/live"},
        {"https://api.gladia.io/", "eu-west", "https://api.gladia.io/v2/live?region=eu-west"},
        {"http://127.0.0.1:8080", "", "http://127.0.0.1:8080/v2/live"},
        {"ws://h:1/some/path?x=1", "", "http://h:1/v2/live"},
        {"wss://h", "a&b=c", "https://h/v2/live?region=a%26b%3Dc"},
        {"http://[::1]:99", "", "http://[::1]:99/v2/live"},
    };
    for (const auto &row : table) {
        std::string error;
        const auto endpoint = Endpoint::parse(row.endpoint, row.region, error);
        g_assert_true(endpoint.has_value());
        assertSame(endpoint->initUrl(), row.init);
    }
    for (const char *bad :
         {"", "api.gladia.io", "ftp://h", "https://", "http:///v2", "https://h:99999", "::"}) {
        std::string error;
        g_assert_false(Endpoint::parse(bad, "", error).has_value());
        g_assert_false(error.empty());
    }
}

static void the_sockets_address_may_be_relative_but_not_less_safe() {
    struct {
        const char *endpoint, *returned, *socket; // null: refused
    } table[] = {
        {"https://h", "wss://other/x?token=t", "wss://other/x?token=t"},
        {"https://h", "https://h/x?token=t", "wss://h/x?token=t"},
        {"http://h:8", "ws://h:8/v2/live?token=t", "ws://h:8/v2/live?token=t"},
        {"http://h:8", "/v2/live?token=t", "ws://h:8/v2/live?token=t"},
        {"https://h", "/v2/live?token=t", "wss://h/v2/live?token=t"},
        {"http://h:8", "?token=t", "ws://h:8/v2/live?token=t"},
        {"http://h", "wss://safer/", "wss://safer/"},
        {"https://h", "ws://h/x", nullptr},
        {"https://h", "ftp://h/x", nullptr},
        {"https://h", "wss://", nullptr},
        {"https://h", "wss://h:x/", nullptr},
    };
    for (const auto &row : table) {
        std::string error;
        const auto endpoint = Endpoint::parse(row.endpoint, "", error);
        const auto socket = endpoint->socketUrl(row.returned, error);
        g_assert_true(socket.has_value() == (row.socket != nullptr));
        if (socket)
            assertSame(*socket, row.socket);
    }
}

static void a_key_in_the_clear_is_noticed() {
    std::string error;
    g_assert_false(Endpoint::parse("https://h", "", error)->exposesKey());
    g_assert_false(Endpoint::parse("http://127.0.0.1:1", "", error)->exposesKey());
    g_assert_false(Endpoint::parse("ws://localhost", "", error)->exposesKey());
    g_assert_false(Endpoint::parse("http://[::1]", "", error)->exposesKey());
    g_assert_true(Endpoint::parse("http://h", "", error)->exposesKey());
}

static void statuses_say_whether_to_try_again() {
    struct {
        unsigned status;
        Trouble trouble;
        bool transient;
    } table[] = {
        {400, Trouble::Refused, false},       {401, Trouble::NotAuthorized, false},
        {402, Trouble::NotAuthorized, false}, {403, Trouble::NotAuthorized, false},
        {404, Trouble::NotFound, false},      {408, Trouble::CannotConnect, true},
        {422, Trouble::Refused, false},       {429, Trouble::Refused, true},
        {500, Trouble::CannotConnect, true},  {503, Trouble::CannotConnect, true},
        {302, Trouble::NotFound, false},
    };
    for (const auto &row : table) {
        const Failure failure = failureOfStatus(row.status, "");
        g_assert_true(failure.trouble == row.trouble);
        g_assert_true(failure.transient == row.transient);
        g_assert_cmpuint(failure.httpStatus, ==, row.status);
        g_assert_false(failure.text.empty());
    }
    const Failure worded = failureOfStatus(400, R"-({"message":"Invalid parameter(s)","request_id":"G-1",)-"
                                                R"-("validation_errors":["endpointing too small",3]})-");
    g_assert_true(contains(worded.debug, "Invalid parameter(s)"));
    g_assert_true(contains(worded.debug, "endpointing too small"));
    g_assert_true(contains(worded.debug, "G-1"));
}

static void closes_are_classified() {
    g_assert_false(failureOfClose(1000, "").transient);
    g_assert_true(failureOfClose(1006, "").transient);
    g_assert_true(failureOfClose(1011, "").transient);
    g_assert_false(failureOfClose(4401, "bad token").transient);
    g_assert_true(failureOfClose(4500, "").transient);
    g_assert_true(contains(failureOfClose(4401, "bad token").debug, "bad token"));
    g_assert_cmpuint(failureOfClose(4401, "").closeCode, ==, 4401);
}

static void what_a_peer_says_is_quoted_harmlessly() {
    assertSame(quotable("a\nb\x01"
                        "c"),
               "a b c");
    g_assert_cmpuint(quotable(std::string(10000, 'x')).size(), ==, 300);
    g_assert_true(g_utf8_validate(quotable("\xff\xfe").c_str(), -1, nullptr));
    assertSame(redacted("key=abc&abc", "abc"), "key=[secret]&[secret]");
    assertSame(redacted("plain", ""), "plain");
    assertSame(redacted("secret", "secret"), "[secret]"); // the replacement holds the secret: still ends
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/gladia-protocol/the request says what the audio is",
                    the_request_says_what_the_audio_is);
    g_test_add_func("/gladia-protocol/the request says what is wanted", the_request_says_what_is_wanted);
    g_test_add_func("/gladia-protocol/the reply names session and address",
                    the_reply_names_session_and_address);
    g_test_add_func("/gladia-protocol/a transcript is read whole", a_transcript_is_read_whole);
    g_test_add_func("/gladia-protocol/what a transcript may lack is tolerated",
                    what_a_transcript_may_lack_is_tolerated);
    g_test_add_func("/gladia-protocol/text is trimmed of every kind of space",
                    text_is_trimmed_of_every_kind_of_space);
    g_test_add_func("/gladia-protocol/acknowledgements count bytes of the session",
                    acknowledgements_count_bytes_of_the_session);
    g_test_add_func("/gladia-protocol/other messages are told apart", other_messages_are_told_apart);
    g_test_add_func("/gladia-protocol/what is no message is refused", what_is_no_message_is_refused);
    g_test_add_func("/gladia-protocol/endpoints become addresses", endpoints_become_addresses);
    g_test_add_func("/gladia-protocol/the socket's address may be relative but not less safe",
                    the_sockets_address_may_be_relative_but_not_less_safe);
    g_test_add_func("/gladia-protocol/a key in the clear is noticed", a_key_in_the_clear_is_noticed);
    g_test_add_func("/gladia-protocol/statuses say whether to try again", statuses_say_whether_to_try_again);
    g_test_add_func("/gladia-protocol/closes are classified", closes_are_classified);
    g_test_add_func("/gladia-protocol/what a peer says is quoted harmlessly",
                    what_a_peer_says_is_quoted_harmlessly);
    return g_test_run();
}
