// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/init_request.h"

#include <string>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
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

static void what_is_not_asked_for_is_not_mentioned() {
    const std::string body = initRequest({Encoding::Pcm, 16000, 1}, {});
    for (const char *part : {"realtime_processing\":", "post_processing\":", "custom_metadata", "callback",
                             "_config\":{\"vocabulary"})
        g_assert_false(contains(body, part));
    g_assert_true(contains(body, R"("receive_realtime_processing_events":false)"));
    g_assert_true(contains(body, R"("receive_post_processing_events":false)"));
    g_assert_true(contains(body, R"("receive_speech_events":false)"));
    g_assert_true(contains(body, R"("pre_processing":{"audio_enhancer":false,"speech_threshold":0.6})"));
}

static void everything_gladia_offers_can_be_asked_for() {
    SessionOptions options;
    options.audioEnhancer = true;
    options.speechThreshold = 0.85;
    options.vocabulary = {{"Gladia"}, {"Solaria", 0.25, {"so laria", "sol"}, "fr"}};
    options.vocabularyIntensity = 0.75;
    options.spelling = {{"SQL", {"sequel", "S Q L"}}};
    options.translation.targets = {"fr", "de"};
    options.translation.model = "enhanced";
    options.translation.lipsync = false;
    options.translation.context = "a \"medical\" talk";
    options.namedEntities = options.sentiment = true;
    options.summary = "bullet_points";
    options.metadata = R"({"room":12})";
    options.callbackUrl = "https://h/hook";
    options.callbackEvents = kCallbackFinals | kCallbackErrors;
    const std::string body = initRequest({Encoding::Pcm, 16000, 1}, options);
    for (
        const char *part :
        {R"("pre_processing":{"audio_enhancer":true,"speech_threshold":0.85})",
         R"("custom_vocabulary":true,"custom_vocabulary_config":{"vocabulary":[{"value":"Gladia"},)"
         R"({"value":"Solaria","intensity":0.25,"pronunciations":["so laria","sol"],"language":"fr"}],)"
         R"("default_intensity":0.75})",
         R"("custom_spelling":true,"custom_spelling_config":{"spelling_dictionary":{"SQL":["sequel","S Q L"]}})",
         R"("translation":true,"translation_config":{"target_languages":["fr","de"],"model":"enhanced",)"
         R"("match_original_utterances":true,"lipsync":false,"context_adaptation":true,)"
         R"("context":"a \"medical\" talk","informal":false})",
         R"("named_entity_recognition":true,"sentiment_analysis":true)",
         R"("post_processing":{"summarization":true,"summarization_config":{"type":"bullet_points"}})",
         R"("custom_metadata":{"room":12})", R"("receive_realtime_processing_events":true)",
         R"("receive_post_processing_events":true)",
         R"("callback":true,"callback_config":{"url":"https://h/hook","receive_partial_transcripts":false,)"
         R"("receive_final_transcripts":true,)"})
        g_assert_true(contains(body, part));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/gladia-request/the request says what the audio is", the_request_says_what_the_audio_is);
    g_test_add_func("/gladia-request/the request says what is wanted", the_request_says_what_is_wanted);
    g_test_add_func("/gladia-request/what is not asked for is not mentioned",
                    what_is_not_asked_for_is_not_mentioned);
    g_test_add_func("/gladia-request/everything Gladia offers can be asked for",
                    everything_gladia_offers_can_be_asked_for);
    return g_test_run();
}
