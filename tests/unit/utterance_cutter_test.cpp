// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/utterance_cutter.h"

#include "tests/unit/scripted_decoder.h"

#include <algorithm>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::sphinx;
using lt::test::ScriptedDecoder;

namespace {

using Samples = std::vector<std::int16_t>;

Samples &say(Samples &samples, std::int16_t word, int steps) {
    samples.insert(samples.end(), static_cast<std::size_t>(steps) * kStepSamples, word);
    return samples;
}

Samples pause(Samples samples, int steps = 10) {
    return say(samples, 0, steps);
}

struct Bench {
    explicit Bench(UtteranceCutter::Settings settings = {})
        : cutter(decoder, settings, [this](Utterance utterance) { said.push_back(std::move(utterance)); }) {}

    std::vector<std::string> finals() const {
        std::vector<std::string> texts;
        for (const Utterance &one : said)
            if (one.isFinal)
                texts.push_back(one.text);
        return texts;
    }

    ScriptedDecoder decoder;
    std::vector<Utterance> said;
    UtteranceCutter cutter;
};

UtteranceCutter::Settings every(std::uint64_t steps) {
    UtteranceCutter::Settings settings;
    settings.partialSamples = steps * kStepSamples;
    return settings;
}

} // namespace

static void silence_says_nothing() {
    Bench bench;
    g_assert_true(bench.cutter.hear(Samples(100 * kStepSamples)));
    g_assert_true(bench.cutter.finish());
    g_assert_cmpuint(bench.said.size(), ==, 0);
}

static void a_pause_ends_an_utterance_and_the_end_ends_the_last() {
    Bench bench;
    Samples audio = pause(Samples(10 * kStepSamples, 7));
    say(audio, 8, 10);
    g_assert_true(bench.cutter.hear(audio));
    g_assert_true(bench.finals() == std::vector<std::string>{"7"});
    g_assert_true(bench.cutter.finish());
    g_assert_true((bench.finals() == std::vector<std::string>{"7", "8"}));
    g_assert_cmpuint(bench.said.back().number, ==, 2);
}

static void how_audio_is_cut_into_calls_makes_no_difference() {
    Samples audio;
    for (std::int16_t word = 1; word < 20; word++)
        audio = pause(say(audio, word, 13), word % 3 ? 2 : 9);
    Bench whole(every(4));
    g_assert_true(whole.cutter.hear(audio) && whole.cutter.finish());
    for (const std::size_t piece : {1u, 7u, 159u, 160u, 161u, 800u, 1234u}) {
        Bench pieces(every(4));
        for (std::size_t at = 0; at < audio.size(); at += piece)
            g_assert_true(
                pieces.cutter.hear(std::span(audio).subspan(at, std::min(piece, audio.size() - at))));
        g_assert_true(pieces.cutter.finish());
        g_assert_cmpuint(pieces.said.size(), ==, whole.said.size());
        for (std::size_t i = 0; i < whole.said.size(); i++) {
            g_assert_cmpstr(pieces.said[i].text.c_str(), ==, whole.said[i].text.c_str());
            g_assert_cmpfloat(pieces.said[i].start, ==, whole.said[i].start);
            g_assert_true(pieces.said[i].isFinal == whole.said[i].isFinal);
        }
    }
}

static void partials_grow_change_and_precede_their_final() {
    Bench bench(every(5));
    Samples audio;
    say(say(say(audio, 1, 20), 2, 20), 3, 20);
    g_assert_true(bench.cutter.hear(pause(audio)));
    g_assert_cmpuint(bench.said.size(), ==, 4);
    const char *texts[] = {"1", "1 2", "1 2 3", "1 2 3"};
    for (std::size_t i = 0; i < 4; i++) {
        g_assert_cmpstr(bench.said[i].text.c_str(), ==, texts[i]);
        g_assert_cmpuint(bench.said[i].number, ==, 1);
        g_assert_cmpuint(bench.said[i].revision, ==, i + 1);
        g_assert_true(bench.said[i].isFinal == (i == 3));
    }
    g_assert_cmpfloat(bench.said[0].confidence, ==, -1);
    g_assert_cmpfloat(bench.said[3].confidence, ==, 0.5);
}

static void there_is_at_most_one_partial_per_interval() {
    Samples audio;
    for (std::int16_t word = 1; word <= 100; word++)
        say(audio, word, 1);
    Bench bench(every(25));
    g_assert_true(bench.cutter.hear(audio));
    g_assert_cmpuint(bench.said.size(), ==, 4);
    auto none = every(25);
    none.partials = false;
    Bench quiet(none);
    g_assert_true(quiet.cutter.hear(audio));
    g_assert_cmpuint(quiet.said.size(), ==, 0);
}

static void an_utterance_that_is_too_long_ends_without_a_pause() {
    auto settings = every(1000);
    settings.utteranceSamples = 30 * kStepSamples;
    Bench bench(settings);
    Samples audio;
    for (std::int16_t word = 1; word <= 10; word++)
        say(audio, word, 10);
    g_assert_true(bench.cutter.hear(audio) && bench.cutter.finish());
    g_assert_true((bench.finals() == std::vector<std::string>{"1 2 3", "4 5 6", "7 8 9", "10"}));
}

static void times_are_those_of_the_words() {
    Bench bench;
    Samples audio = Samples(100 * kStepSamples);
    say(say(audio, 4, 20), 5, 30);
    g_assert_true(bench.cutter.hear(pause(audio)));
    const Utterance &final = bench.said.back();
    g_assert_cmpfloat_with_epsilon(final.start, 1.0, 1e-9);
    g_assert_cmpfloat_with_epsilon(final.end, 1.5, 1e-9);
    g_assert_cmpfloat_with_epsilon(final.words.at(1).start, 1.2, 1e-9);
}

static void a_noise_is_no_utterance() {
    Bench bench;
    Samples audio;
    g_assert_true(bench.cutter.hear(pause(say(audio, ScriptedDecoder::kNoise, 40))));
    g_assert_cmpuint(bench.said.size(), ==, 0);
}

static void a_final_without_words_takes_back_what_was_shown() {
    Bench bench(every(5));
    bench.decoder.understands = false;
    Samples audio = Samples(100 * kStepSamples);
    g_assert_true(bench.cutter.hear(pause(say(audio, 3, 20))));
    g_assert_cmpuint(bench.said.size(), ==, 2);
    g_assert_true(bench.said[1].isFinal);
    g_assert_cmpstr(bench.said[1].text.c_str(), ==, "");
    g_assert_cmpuint(bench.said[1].revision, ==, 2);
    g_assert_cmpfloat_with_epsilon(bench.said[1].start, 1.0, 1e-9);
}

static void a_broken_decoder_is_reported() {
    Bench bench;
    Samples audio;
    g_assert_false(bench.cutter.hear(say(audio, ScriptedDecoder::kPoison, 2)));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/utterance_cutter/silence says nothing", silence_says_nothing);
    g_test_add_func("/utterance_cutter/a pause ends an utterance, the end the last",
                    a_pause_ends_an_utterance_and_the_end_ends_the_last);
    g_test_add_func("/utterance_cutter/how audio is cut into calls makes no difference",
                    how_audio_is_cut_into_calls_makes_no_difference);
    g_test_add_func("/utterance_cutter/partials grow, change and precede their final",
                    partials_grow_change_and_precede_their_final);
    g_test_add_func("/utterance_cutter/there is at most one partial per interval",
                    there_is_at_most_one_partial_per_interval);
    g_test_add_func("/utterance_cutter/an utterance that is too long ends without a pause",
                    an_utterance_that_is_too_long_ends_without_a_pause);
    g_test_add_func("/utterance_cutter/times are those of the words", times_are_those_of_the_words);
    g_test_add_func("/utterance_cutter/a noise is no utterance", a_noise_is_no_utterance);
    g_test_add_func("/utterance_cutter/a final without words takes back what was shown",
                    a_final_without_words_takes_back_what_was_shown);
    g_test_add_func("/utterance_cutter/a broken decoder is reported", a_broken_decoder_is_reported);
    return g_test_run();
}
