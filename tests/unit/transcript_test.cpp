// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/transcript/json_reader.h"
#include "lib/transcript/json_writer.h"
#include "lib/transcript/transcript.h"

#include <limits>

#include <glib.h>

using namespace lt;

static Transcript sample() {
    Transcript transcript;
    transcript.epoch = "5f0e";
    transcript.utteranceId = "00_00000003";
    transcript.revision = 2;
    transcript.isFinal = true;
    transcript.language = "en";
    transcript.channel = 1;
    transcript.speaker = "A";
    transcript.participantId = "p-7";
    transcript.text = "Good \"morning\"\n☕";
    transcript.startNs = 4120000000;
    transcript.endNs = 5060000000;
    transcript.confidence = 0.93;
    transcript.words = {{"Good", 4120000000, 4400000000, 0.95}, {"morning", kNoTime, kNoTime, -1}};
    return transcript;
}

static void what_is_written_is_read_again() {
    std::string error;
    const auto read = transcriptFromJson(toJson(sample()), error);
    g_assert_true(read.has_value());
    g_assert_true(*read == sample());

    Transcript gap;
    gap.kind = GST_TRANSCRIPT_KIND_GAP;
    gap.reason = "recogniser unreachable";
    const auto readGap = transcriptFromJson(toJson(gap), error);
    g_assert_true(readGap && *readGap == gap);

    Transcript entities = sample();
    entities.kind = GST_TRANSCRIPT_KIND_ENTITIES;
    entities.findings = {{"NAME_GIVEN", "", "Ada", 4120000000, kNoTime}, {"positive", "joy", "", kNoTime, 1}};
    const auto readEntities = transcriptFromJson(toJson(entities), error);
    g_assert_true(readEntities && readEntities->findings[0] == entities.findings[0]);
    g_assert_cmpstr(readEntities->findings[1].emotion.c_str(), ==, "joy");
}

static void the_json_is_short_and_plain() {
    Transcript transcript;
    transcript.utteranceId = "0";
    transcript.text = "a";
    transcript.startNs = 4120000000;
    const std::string json = toJson(transcript);
    g_assert_cmpstr(
        json.c_str(), ==,
        R"({"kind":"transcript","utteranceId":"0","revision":0,"isFinal":false,"text":"a","start":4.12})");
}

static void wrong_types_and_times_count_as_unknown() {
    std::string error;
    const auto read = transcriptFromJson(
        R"({"text":"a","utteranceId":7,"isFinal":"yes","start":-1,"end":1e300,"confidence":7,"channel":"x","words":[1,{"text":2}],"revision":-4})",
        error);
    g_assert_true(read.has_value());
    g_assert_cmpstr(read->utteranceId.c_str(), ==, "");
    g_assert_false(read->isFinal);
    g_assert_true(read->startNs == kNoTime && read->endNs == kNoTime);
    g_assert_cmpfloat(read->confidence, ==, -1);
    g_assert_cmpint(read->channel, ==, -1);
    g_assert_cmpuint(read->words.size(), ==, 0);
    g_assert_cmpuint(read->revision, ==, 0);
}

static void what_is_no_transcript_is_refused_with_a_reason() {
    const std::string deep = std::string(100000, '[');
    const std::string hidden = "{/*\"*/\"a\":" + deep;
    for (const std::string &text :
         {std::string(), std::string("{"), std::string("[]"), std::string("3"),
          std::string(R"({"kind":"poem","text":"a"})"), std::string(R"({"kind":"transcript"})"),
          std::string("{\"text\":\"\xff\"}"), deep, hidden}) {
        std::string error;
        g_assert_false(transcriptFromJson(text, error).has_value());
        g_assert_cmpuint(error.size(), >, 10);
    }
}

static void plain_text_becomes_a_final_with_its_time() {
    const Transcript transcript = transcriptFromText("Hello", 1000000000, 500000000);
    g_assert_true(transcript.isFinal);
    g_assert_cmpuint(transcript.endNs, ==, 1500000000);
    g_assert_true(transcriptFromText("Hello", 2000000000, 1).utteranceId != transcript.utteranceId);
    g_assert_true(transcriptFromText("Hello", 1, kNoTime).endNs == kNoTime);
}

static void slugs_are_what_the_design_allows() {
    for (const char *good : {"a", "demo", "Room_7.b-c", "..", "0"})
        g_assert_true(isSessionSlug(good));
    g_assert_true(isSessionSlug(std::string(128, 'x')));
    for (const char *bad : {"", "a b", "a/b", "ä", "a\n", "%20"})
        g_assert_false(isSessionSlug(bad));
    g_assert_false(isSessionSlug(std::string(129, 'x')));
    g_assert_false(isSessionSlug(std::string_view("a\0b", 3)));
}

static void the_writer_separates_escapes_and_shortens() {
    JsonWriter writer;
    writer.beginObject()
        .key("a")
        .beginArray()
        .integer(-1)
        .number(0.5)
        .number(2)
        .boolean(true)
        .null()
        .endArray();
    writer.key("b\x01").string("\x7f\\\t\xff").key("c").beginObject().endObject();
    writer.key("d").number(std::numeric_limits<double>::infinity()).key("e").number(1e300, 0).endObject();
    const std::string text = writer.take();
    g_assert_true(text.starts_with(
        "{\"a\":[-1,0.5,2,true,null],\"b\\u0001\":\"\\u007f\\\\\\t\xef\xbf\xbd\",\"c\":{},\"d\":null,"));
    std::string error;
    g_assert_true(json::parseObject(text, error) != nullptr);
}

static void the_reader_takes_a_missing_object_for_an_empty_one() {
    g_assert_false(json::stringMember(nullptr, "a").has_value());
    g_assert_null(json::objectMember(nullptr, "a"));
    std::string error;
    const auto root =
        json::parseObject(R"({"a":"x","n":3,"f":0.5,"b":false,"o":{"k":null},"l":[{}, 1]})", error);
    JsonObject *object = json::objectOf(root);
    g_assert_true(json::stringMember(object, "a") == "x");
    g_assert_true(json::integerMember(object, "n") == 3);
    g_assert_true(json::numberMember(object, "n") == 3.0);
    g_assert_false(json::integerMember(object, "f").has_value());
    g_assert_true(json::boolMember(object, "b") == false);
    g_assert_false(json::stringMember(json::objectMember(object, "o"), "k").has_value());
    JsonArray *list = json::arrayMember(object, "l");
    g_assert_nonnull(json::objectElement(list, 0));
    g_assert_null(json::objectElement(list, 1));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/transcript/round-trip", what_is_written_is_read_again);
    g_test_add_func("/transcript/short", the_json_is_short_and_plain);
    g_test_add_func("/transcript/wrong-types", wrong_types_and_times_count_as_unknown);
    g_test_add_func("/transcript/refused", what_is_no_transcript_is_refused_with_a_reason);
    g_test_add_func("/transcript/plain-text", plain_text_becomes_a_final_with_its_time);
    g_test_add_func("/transcript/slugs", slugs_are_what_the_design_allows);
    g_test_add_func("/json/writer", the_writer_separates_escapes_and_shortens);
    g_test_add_func("/json/reader", the_reader_takes_a_missing_object_for_an_empty_one);
    return g_test_run();
}
