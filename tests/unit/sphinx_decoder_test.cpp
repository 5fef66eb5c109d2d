// SPDX-License-Identifier: LGPL-2.1-or-later
// PocketSphinx and its English model, with speech made by flite. Skipped where one of them is missing.
#include "elements/sphinxtranscriber/sphinx_decoder.h"

#include "elements/sphinxtranscriber/utterance_cutter.h"
#include "tests/support/speech.h"

#include <string>
#include <vector>

#include <glib/gstdio.h>
#include <gst/gst.h>

using namespace lt::sphinx;
using namespace lt::support;

namespace {

std::unique_ptr<SphinxDecoder> englishDecoder(std::uint64_t streamSamples = SphinxDecoder::kStreamSamples) {
    DecoderConfig config;
    std::string error;
    const auto files = resolveModel({}, SphinxDecoder::modelRoots(), error);
    if (!files) {
        g_test_skip(error.c_str());
        return nullptr;
    }
    config.files = *files;
    auto decoder = SphinxDecoder::create(config, error, streamSamples);
    g_assert_nonnull(decoder.get());
    return decoder;
}

std::vector<Utterance> finalsOf(Decoder &decoder, const std::vector<std::int16_t> &audio,
                                UtteranceCutter::Settings settings = {}) {
    std::vector<Utterance> finals;
    settings.partials = false;
    UtteranceCutter cutter(decoder, settings, [&](Utterance one) { finals.push_back(std::move(one)); });
    g_assert_true(cutter.hear(audio));
    g_assert_true(cutter.finish());
    return finals;
}

bool near(double time, double truth, double tolerance = 0.3) {
    return time > truth - tolerance && time < truth + tolerance;
}

} // namespace

static void times_stay_right_when_the_stream_is_started_anew() {
    const auto speech = speak("good morning everybody");
    if (speech.empty())
        return g_test_skip("no flite");
    const auto decoder = englishDecoder(kRate * 4); // the count starts again every few seconds
    if (!decoder)
        return;
    const double length = static_cast<double>(speech.size()) / kRate;
    auto audio = silence(6); // longer than the limit, without an utterance that could end
    const auto spoken = inARow({speech, speech, speech}, 3);
    audio.insert(audio.end(), spoken.begin(), spoken.end());
    const auto finals = finalsOf(*decoder, audio);
    g_assert_cmpuint(finals.size(), ==, 3);
    for (std::size_t i = 0; i < 3; i++) {
        const double start = 6 + static_cast<double>(i) * (length + 3);
        g_assert_true(finals[i].text.ends_with("everybody"));
        g_assert_true(near(finals[i].start, start));
        g_assert_true(near(finals[i].end, start + length));
    }
}

static void words_have_times_in_order_and_a_confidence() {
    const auto speech = speak("please call the office before noon tomorrow");
    if (speech.empty())
        return g_test_skip("no flite");
    const auto decoder = englishDecoder();
    if (!decoder)
        return;
    const auto finals = finalsOf(*decoder, speech);
    g_assert_cmpuint(finals.size(), ==, 1);
    double last = 0;
    for (const HeardWord &word : finals[0].words) {
        g_assert_true(word.start >= last && word.end > word.start);
        g_assert_true(word.confidence > 0 && word.confidence <= 1);
        g_assert_true(word.text.find_first_of("<[(+") == std::string::npos);
        last = word.end;
    }
    g_assert_true(finals[0].confidence > 0 && finals[0].confidence <= 1);
}

static void an_utterance_cut_for_its_length_goes_on_in_the_next() {
    const auto speech =
        speak("the children were playing in the garden all afternoon and she bought three apples and "
              "a loaf of bread");
    if (speech.empty())
        return g_test_skip("no flite");
    const auto decoder = englishDecoder();
    if (!decoder)
        return;
    UtteranceCutter::Settings settings;
    settings.utteranceSamples = 2 * kRate;
    const auto finals = finalsOf(*decoder, speech, settings);
    g_assert_cmpuint(finals.size(), >=, 2);
    g_assert_true(finals[0].text.starts_with("the children were playing"));
    g_assert_true(finals[1].text.find("she bought three apples") != std::string::npos);
    for (std::size_t i = 1; i < finals.size(); i++)
        g_assert_true(finals[i].start >= finals[i - 1].end - 0.05);
}

static void after_a_reset_nothing_is_left_of_what_was_heard() {
    const auto speech = speak("good morning everybody");
    if (speech.empty())
        return g_test_skip("no flite");
    const auto decoder = englishDecoder();
    if (!decoder)
        return;
    g_assert_true(decoder->begin());
    g_assert_true(decoder->hear(std::span(speech).first(speech.size() / 2)));
    g_assert_true(decoder->reset());
    const auto finals = finalsOf(*decoder, speech);
    g_assert_cmpuint(finals.size(), ==, 1);
    g_assert_cmpstr(finals[0].text.c_str(), ==, "good morning everybody");
    g_assert_true(near(finals[0].start, 0));
}

static void a_model_that_cannot_be_used_is_refused_with_a_reason() {
    std::string error;
    const auto files = resolveModel({}, SphinxDecoder::modelRoots(), error);
    if (!files)
        return g_test_skip(error.c_str());
    gchar *name = nullptr;
    g_close(g_file_open_tmp("grammar-XXXXXX.gram", &name, nullptr), nullptr);
    DecoderConfig config{*files};
    config.files.grammar = name;
    g_free(name);
    g_file_set_contents(config.files.grammar.c_str(), "#JSGF V1.0;\ngrammar g;\npublic <a> = xyzzyplugh;\n",
                        -1, nullptr);
    g_assert_null(SphinxDecoder::create(config, error).get());
    g_assert_true(error.find("xyzzyplugh") != std::string::npos);
    g_unlink(config.files.grammar.c_str());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/sphinx_decoder/times stay right when the stream is started anew",
                    times_stay_right_when_the_stream_is_started_anew);
    g_test_add_func("/sphinx_decoder/words have times in order and a confidence",
                    words_have_times_in_order_and_a_confidence);
    g_test_add_func("/sphinx_decoder/an utterance cut for its length goes on in the next",
                    an_utterance_cut_for_its_length_goes_on_in_the_next);
    g_test_add_func("/sphinx_decoder/after a reset nothing is left of what was heard",
                    after_a_reset_nothing_is_left_of_what_was_heard);
    g_test_add_func("/sphinx_decoder/a model that cannot be used is refused with a reason",
                    a_model_that_cannot_be_used_is_refused_with_a_reason);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
