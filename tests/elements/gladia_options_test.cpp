// SPDX-License-Identifier: LGPL-2.1-or-later
// What Gladia offers: every property reaches the service, in the words it knows, and its answers come out.
#include "tests/elements/gladia_tests.h"

#include <cstring>
#include <map>
#include <set>

using namespace lt;
using namespace lt::test;
using lt::emulator::EmulatorOptions;
using lt::emulator::GladiaEmulator;

namespace {

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

void setAll(GstElement *element) {
    for (const auto &[name, value] : std::map<std::string, std::string>{
             {"model", "solaria-1"},
             {"languages", "en, fr"},
             {"code-switching", "true"},
             {"endpointing", "0.25"},
             {"max-utterance", "15"},
             {"speech-threshold", "0.5"},
             {"audio-enhancer", "true"},
             {"custom-vocabulary", R"(["Gladia",{"value":"Ada","intensity":0.4,"pronunciations":["aida"]}])"},
             {"custom-vocabulary-intensity", "0.75"},
             {"custom-spelling", "SQL=sequel|S Q L, Nginx=engine x"},
             {"translation-languages", "fr,de"},
             {"translation-model", "enhanced"},
             {"translation-match-utterances", "false"},
             {"translation-lipsync", "false"},
             {"translation-context-adaptation", "false"},
             {"translation-context", "telephone numbers"},
             {"translation-informal", "true"},
             {"named-entities", "true"},
             {"sentiment", "true"},
             {"summary", "bullet-points"},
             {"custom-metadata", R"({"room": {"number": 12}})"},
             {"callback-url", "https://example.org/hook"},
             {"callback-events", "finals+errors"},
         })
        gst_util_set_object_arg(G_OBJECT(element), name.c_str(), value.c_str());
}

} // namespace

static void every_option_reaches_the_service() {
    EmulatorOptions options;
    options.strict = true; // refuses what is not documented
    GladiaEmulator emulator(options);
    GladiaRig rig(emulator.url(), setAll);
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    rig.pushEos();
    rig.hearUntilEos();
    const std::string body = emulator.report().sessions.at(0).requestBody;
    for (
        const char *part :
        {R"("model":"solaria-1")", R"("languages":["en","fr"],"code_switching":true)",
         R"("endpointing":0.25)", R"("maximum_duration_without_endpointing":15)",
         R"("audio_enhancer":true,"speech_threshold":0.5)",
         R"({"value":"Ada","intensity":0.4,"pronunciations":["aida"]}],"default_intensity":0.75)",
         R"({"SQL":["sequel","S Q L"],"Nginx":["engine x"]})",
         R"("target_languages":["fr","de"],"model":"enhanced","match_original_utterances":false,"lipsync":false,)"
         R"("context_adaptation":false,"context":"telephone numbers","informal":true)",
         R"("named_entity_recognition":true,"sentiment_analysis":true)", R"("type":"bullet_points")",
         R"("custom_metadata":{"room":{"number":12}})",
         R"("callback_config":{"url":"https://example.org/hook","receive_partial_transcripts":false)"})
        if (!contains(body, part))
            g_error("%s lacks %s", body.c_str(), part);
}

static void the_answers_come_out_as_messages_of_their_kinds() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), [](GstElement *e) {
        gst_util_set_object_arg(G_OBJECT(e), "languages", "en");
        gst_util_set_object_arg(G_OBJECT(e), "translation-languages", "fr,de,en");
        g_object_set(e, "named-entities", TRUE, "sentiment", TRUE, nullptr);
        gst_util_set_object_arg(G_OBJECT(e), "summary", "concise");
    });
    rig.setCaps();
    rig.push(support::makeDtmf("12,34"));
    rig.pushEos();
    std::map<GstTranscriptKind, std::multiset<std::string>> heard; // of each kind: utterance and language
    std::set<std::string> finals;
    std::string summary;
    for (const Heard &one : rig.hearUntilEos()) {
        if (!one.isFinal)
            continue;
        heard[one.kind].insert(one.id + " " + one.language);
        if (one.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT)
            finals.insert(one.id);
        else if (one.kind == GST_TRANSCRIPT_KIND_SUMMARY)
            summary = one.text;
        else
            g_assert_true(finals.contains(one.id)); // the service names it by its counter, and after it
        const bool finds =
            one.kind == GST_TRANSCRIPT_KIND_ENTITIES || one.kind == GST_TRANSCRIPT_KIND_SENTIMENT;
        g_assert_cmpuint(one.findings, ==, finds ? 1 : 0);
        if (one.kind == GST_TRANSCRIPT_KIND_TRANSLATION)
            g_assert_true(contains(one.text, "[" + one.language + "]"));
        if (one.kind == GST_TRANSCRIPT_KIND_ENTITIES)
            g_assert_true(contains(one.json, R"("findings":[{"type":"NUMBER")"));
        g_assert_false(one.droppable);
    }
    const std::multiset<std::string> both{"00_00000000 en", "00_00000001 en"};
    g_assert_true(heard[GST_TRANSCRIPT_KIND_TRANSCRIPT] == both);
    g_assert_true(heard[GST_TRANSCRIPT_KIND_ENTITIES] == both);
    g_assert_true(heard[GST_TRANSCRIPT_KIND_SENTIMENT] == both);
    // Into English it would be what was said once more.
    g_assert_true(
        heard[GST_TRANSCRIPT_KIND_TRANSLATION] ==
        std::multiset<std::string>({"00_00000000 de", "00_00000000 fr", "00_00000001 de", "00_00000001 fr"}));
    assertSame(summary, "2 utterances: 1 2 3 4");
    g_assert_cmpuint(rig.stat("add-on-results"), ==, 9);
}

static void in_text_form_only_what_was_said_comes() {
    GladiaEmulator emulator;
    GladiaRig rig(
        emulator.url(),
        [](GstElement *e) {
            gst_util_set_object_arg(G_OBJECT(e), "translation-languages", "fr");
            g_object_set(e, "named-entities", TRUE, nullptr);
        },
        "text/x-raw,format=utf8");
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    g_assert_cmpuint(heard.size(), ==, 1);
    assertSame(heard[0].text, "1 2");
}

static void companded_audio_is_sent_as_it_comes() {
    struct {
        const char *encoder, *name;
        int rate;
    } table[] = {{"alawenc", "audio/x-alaw", 8000},
                 {"mulawenc", "audio/x-mulaw", 8000},
                 {"alawenc", "audio/x-alaw", 16000}};
    for (const auto &[encoder, name, rate] : table) {
        const std::string form = ",rate=" + std::to_string(rate) + ",channels=1";
        GladiaEmulator emulator;
        GladiaRig rig(emulator.url());
        rig.setCaps((name + form).c_str());
        GstHarness *encode = gst_harness_new(encoder);
        gst_harness_set_src_caps_str(encode, ("audio/x-raw,format=S16LE,layout=interleaved" + form).c_str());
        support::DtmfTiming timing;
        timing.sampleRate = rate;
        const auto samples = support::makeDtmf("159#,26A0", timing);
        for (std::size_t at = 0; at < samples.size(); at += 400) {
            const std::size_t count = std::min<std::size_t>(400, samples.size() - at);
            GstBuffer *buffer = gst_buffer_new_memdup(samples.data() + at, count * 2);
            GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(at, GST_SECOND, static_cast<guint64>(rate));
            GST_BUFFER_DURATION(buffer) =
                gst_util_uint64_scale(count, GST_SECOND, static_cast<guint64>(rate));
            GstBuffer *companded = gst_harness_push_and_pull(encode, buffer);
            g_assert_nonnull(companded);
            g_assert_cmpint(gst_harness_push(rig.harness(), companded), ==, GST_FLOW_OK);
        }
        gst_harness_teardown(encode);
        rig.pushEos();
        assertSame(finalTexts(rig.hearUntilEos()), spoken("159#,26A0"));
        const auto session = emulator.report().sessions.at(0);
        g_assert_cmpuint(session.bytes, ==, samples.size()); // one byte per sample
        g_assert_true(contains(session.requestBody,
                               "\"sample_rate\":" + std::to_string(rate) + R"(,"bit_depth":8,"channels":1)"));
    }
}

static void eight_channels_are_recognised_each_for_itself() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps("audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=8,channel-mask=(bitmask)0");
    // Digit n is heard on channel n only.
    std::vector<std::int16_t> samples;
    for (int channel = 0; channel < 8; channel++) {
        const auto one = support::makeDtmf(std::to_string(channel + 1) + ",");
        samples.resize(one.size() * 8);
        for (std::size_t i = 0; i < one.size(); i++)
            samples[i * 8 + static_cast<std::size_t>(channel)] = one[i];
    }
    rig.push(samples, 0, 16000, 8);
    rig.pushEos();
    std::set<std::string> finals;
    for (const Heard &one : rig.hearUntilEos())
        if (one.isFinal) {
            g_assert_true(contains(one.json, "\"channel\":" + std::to_string(std::stoi(one.text) - 1) + ","));
            finals.insert(one.text);
        }
    g_assert_cmpuint(finals.size(), ==, 8);
}

static void wrong_texts_are_refused_with_a_sentence() {
    struct {
        const char *property, *value, *sentence;
    } table[] = {
        {"languages", "english", "language code"},
        {"languages", "en,EN", "language code"},
        {"translation-languages", "fr,x", "language code"},
        {"custom-vocabulary", R"([{"intensity":1}])", "custom-vocabulary is"},
        {"custom-vocabulary", R"([{"value":"a","intensity":2}])", "custom-vocabulary is"},
        {"custom-vocabulary", "[", "custom-vocabulary is"},
        {"custom-spelling", "SQL", "custom-spelling is"},
        {"custom-spelling", R"({"SQL":[]})", "custom-spelling is"},
        {"custom-metadata", "[1]", "custom-metadata must"},
        {"custom-metadata", "room 12", "custom-metadata must"},
        {"callback-url", "ftp://example.org", "callback-url must"},
    };
    for (const auto &row : table) {
        const ObjectRef<GstElement> element(
            GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("gladiasink", nullptr))));
        const ObjectRef<GstBus> bus(gst_bus_new());
        gst_element_set_bus(element.get(), bus.get());
        g_object_set(element.get(), "api-key", kKey, row.property, row.value, nullptr);
        g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
        const MessageRef message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
        g_assert_nonnull(message.get());
        GError *raw = nullptr;
        gst_message_parse_error(message.get(), &raw, nullptr);
        const ErrorRef error(raw);
        g_assert_error(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
        if (!contains(raw->message, row.sentence))
            g_error("%s=%s: %s", row.property, row.value, raw->message);
        gst_element_set_state(element.get(), GST_STATE_NULL);
        gst_element_set_bus(element.get(), nullptr);
    }
}

static void numbers_out_of_range_are_refused() {
    const ObjectRef<GstElement> element(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("gladiasink", nullptr))));
    for (const auto &[name, value] : std::map<const char *, double>{
             {"endpointing", 11}, {"max-utterance", 61}, {"speech-threshold", 1.5}}) {
        gdouble before = 0, after = 0;
        g_object_get(element.get(), name, &before, nullptr);
        g_test_expect_message("GLib-GObject", G_LOG_LEVEL_WARNING, "*is invalid or out of range*");
        g_object_set(element.get(), name, value, nullptr);
        g_test_assert_expected_messages();
        g_object_get(element.get(), name, &after, nullptr);
        g_assert_cmpfloat(before, ==, after);
    }
}

static void a_running_stream_keeps_its_settings() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    g_object_set(rig.element(), "languages", "fr", "latency-ms", 1234, nullptr);
    gchar *languages = nullptr;
    guint latency = 0;
    g_object_get(rig.element(), "languages", &languages, "latency-ms", &latency, nullptr);
    const CharPtr owner(languages);
    g_assert_null(languages);
    g_assert_cmpuint(latency, ==, 1234);
}

static void code_switching_among_no_languages_is_warned_of() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "code-switching", TRUE, nullptr); });
    const MessageRef message = rig.message(GST_MESSAGE_WARNING);
    GError *raw = nullptr;
    gst_message_parse_warning(message.get(), &raw, nullptr);
    const ErrorRef error(raw);
    g_assert_error(raw, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
}

void lt::test::addGladiaOptionTests() {
    add("every option reaches the service", every_option_reaches_the_service);
    add("the answers come out as messages of their kinds", the_answers_come_out_as_messages_of_their_kinds);
    add("in text form only what was said comes", in_text_form_only_what_was_said_comes);
    add("companded audio is sent as it comes", companded_audio_is_sent_as_it_comes);
    add("eight channels are recognised each for itself", eight_channels_are_recognised_each_for_itself);
    add("wrong texts are refused with a sentence", wrong_texts_are_refused_with_a_sentence);
    add("numbers out of range are refused", numbers_out_of_range_are_refused);
    add("a running stream keeps its settings", a_running_stream_keeps_its_settings);
    add("code switching among no languages is warned of", code_switching_among_no_languages_is_warned_of);
}
