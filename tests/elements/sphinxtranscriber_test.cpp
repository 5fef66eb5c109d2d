// SPDX-License-Identifier: LGPL-2.1-or-later
// sphinxtranscriber hears speech made by flite, with PocketSphinx's English model. Without one of them the
// tests that need it are skipped.
#include "tests/elements/sphinx_rig.h"
#include "tests/elements/sphinx_tests.h"
#include "tests/support/speech.h"
#include "tests/support/word_errors.h"

#include <map>
#include <set>

#include <glib/gstdio.h>

using namespace lt;
using namespace lt::test;
using namespace lt::support;

namespace {

using Samples = std::vector<std::int16_t>;

const Samples &morning() {
    static const Samples speech = speak("good morning everybody");
    return speech;
}

void skipReason(const std::string &reason) {
    g_test_skip(reason.c_str());
}

} // namespace

bool lt::test::canHear() {
    static const bool model = [] {
        const ObjectRef<GstElement> probe(
            GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("sphinxtranscriber", nullptr))));
        const bool there = gst_element_set_state(probe.get(), GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE;
        gst_element_set_state(probe.get(), GST_STATE_NULL);
        return there;
    }();
    if (!model)
        skipReason("no English model: install pocketsphinx-en-us");
    else if (morning().empty())
        skipReason("no flite");
    return model && !morning().empty();
}

static void clear_speech_is_nearly_word_perfect() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    std::vector<Samples> speech;
    std::string said;
    // Six sentences, some sixty words: recognising takes long, most of all under a sanitizer.
    const auto &all = plainSentences();
    for (const std::string &sentence : std::vector(all.begin(), all.begin() + 6)) {
        speech.push_back(speak(sentence + "."));
        said += sentence + " ";
    }
    rig.push(inARow(speech, 0.8));
    rig.pushEos();
    const auto heard = finalTexts(rig.hearUntilEos());
    const auto errors = countWordErrors(said, heard);
    g_test_message("%zu words: %zu substituted, %zu missing, %zu inserted: word error rate %.1f %%",
                   errors.said, errors.substituted, errors.missing, errors.inserted, 100 * errors.rate());
    g_test_message("%s", heard.c_str());
    g_assert_cmpfloat(errors.rate(), <, 0.10);
    g_assert_cmpuint(rig.stat("dropped-audio-ms"), ==, 0);
}

static void a_grammar_is_heard_exactly() {
    if (!canHear())
        return;
    gchar *name = nullptr;
    GError *error = nullptr;
    const int file = g_file_open_tmp("grammar-XXXXXX.gram", &name, &error);
    g_assert_no_error(error);
    g_close(file, nullptr);
    const CharPtr path(name);
    g_file_set_contents(path.get(),
                        "#JSGF V1.0;\n"
                        "grammar commands;\n"
                        "public <command> = [please] <action> the <thing>;\n"
                        "<action> = open | close | switch on;\n"
                        "<thing> = door | window | kitchen light;\n",
                        -1, &error);
    g_assert_no_error(error);
    {
        SphinxRig rig([&](GstElement *e) { g_object_set(e, "grammar", path.get(), nullptr); });
        rig.setCaps();
        rig.push(inARow(
            {speak("please open the window"), speak("switch on the kitchen light"), speak("close the door")},
            1));
        rig.pushEos();
        std::vector<std::string> finals;
        for (const Heard &one : rig.hearUntilEos())
            if (one.isFinal && !one.text.empty())
                finals.push_back(one.text);
        g_assert_cmpuint(finals.size(), ==, 3);
        g_assert_cmpstr(finals[0].c_str(), ==, "please open the window");
        g_assert_cmpstr(finals[1].c_str(), ==, "switch on the kitchen light");
        g_assert_cmpstr(finals[2].c_str(), ==, "close the door");
    }
    g_unlink(path.get());
}

static void partials_precede_their_final_under_one_id_with_rising_revisions() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    rig.push(inARow({morning(), speak("thank you very much for your help")}, 1));
    rig.pushEos();
    std::map<std::string, guint64> revisions;
    std::set<std::string> finished, epochs;
    std::size_t partials = 0;
    for (const Heard &one : rig.hearUntilEos()) {
        g_assert_false(finished.contains(one.id));
        g_assert_cmpuint(one.revision, >, revisions[one.id]);
        g_assert_true(one.droppable == !one.isFinal);
        g_assert_true((one.confidence >= 0) == one.isFinal);
        g_assert_cmpuint(one.words, >, 0);
        g_assert_cmpstr(one.language.c_str(), ==, "en");
        revisions[one.id] = one.revision;
        epochs.insert(one.epoch);
        partials += !one.isFinal;
        if (one.isFinal) {
            g_assert_cmpuint(one.revision, >, 1);
            finished.insert(one.id);
        }
    }
    g_assert_cmpuint(finished.size(), ==, 2);
    g_assert_cmpuint(partials, >=, 4);
    g_assert_cmpuint(epochs.size(), ==, 1);
    g_assert_cmpuint(rig.stat("finals"), ==, 2);
    g_assert_cmpuint(rig.stat("partials"), ==, partials);
}

static void without_partials_only_finals_come() {
    if (!canHear())
        return;
    SphinxRig rig([](GstElement *e) { g_object_set(e, "partials", FALSE, nullptr); });
    rig.setCaps();
    rig.push(inARow({morning(), morning()}, 1));
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    g_assert_cmpuint(heard.size(), ==, 2);
    g_assert_true(heard[0].isFinal && heard[1].isFinal);
}

static void timestamps_are_the_utterances_running_time() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    const GstClockTime from = 7 * GST_SECOND;
    const GstClockTime pause = rig.push(morning(), from);
    const GstClockTime second = rig.push(silence(2), pause);
    // A hole of ten seconds: the running time jumps, and the next utterance with it.
    const GstClockTime third = second + 10 * GST_SECOND;
    rig.push(morning(), third);
    rig.pushEos();
    std::vector<Heard> finals;
    GstClockTime last = 0;
    for (const Heard &one : rig.hearUntilEos()) {
        g_assert_cmpuint(one.pts, >=, last);
        g_assert_cmpuint(one.pts, >=, one.start); // later only where a partial knew less
        g_assert_cmpuint(one.pts, <, one.start + 200 * GST_MSECOND);
        g_assert_cmpuint(one.pts + one.duration, ==, one.end);
        last = one.pts;
        if (one.isFinal)
            finals.push_back(one);
    }
    const auto near = [](GstClockTime time, GstClockTime truth) {
        return time + 400 * GST_MSECOND > truth && time < truth + 400 * GST_MSECOND;
    };
    g_assert_cmpuint(finals.size(), ==, 2);
    g_assert_true(near(finals[0].start, from) && near(finals[0].end, pause));
    g_assert_true(near(finals[1].start, third));
}

static void stage_stamps_are_in_order() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    rig.push(morning());
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    g_assert_cmpuint(heard.size(), >, 0);
    for (const Heard &one : heard) {
        g_assert_cmpuint(one.stamps.audio_entered, <=, one.stamps.audio_sent);
        g_assert_cmpuint(one.stamps.audio_sent, <=, one.stamps.received);
        g_assert_cmpuint(one.stamps.received, <=, one.stamps.pushed);
        g_assert_true(GST_CLOCK_TIME_IS_VALID(one.stamps.pushed));
    }
}

static void the_last_words_come_before_eos_without_a_pause_after_them() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    rig.push(morning()); // EOS follows while the model is loading
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), "good morning everybody");
    g_assert_cmpuint(rig.stat("backlog-ms"), ==, 0);
}

static void silence_and_noise_say_nothing() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    const GstClockTime next = rig.push(silence(5));
    Samples hum(16000 * 3);
    for (std::size_t i = 0; i < hum.size(); i++)
        hum[i] = static_cast<std::int16_t>(i / 80 % 2 ? 40 : -40);
    rig.push(hum, next);
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), "");
}

static void text_only_downstream_gets_finals_as_text() {
    if (!canHear())
        return;
    SphinxRig rig({}, "text/x-raw,format=utf8");
    rig.setCaps();
    rig.push(morning());
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    g_assert_cmpuint(heard.size(), ==, 1);
    g_assert_true(heard[0].isFinal);
    g_assert_cmpstr(heard[0].text.c_str(), ==, "good morning everybody");
}

static void a_flush_forgets_and_starts_a_new_epoch() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    rig.push(inARow({morning()}, 1));
    std::string epoch;
    for (Heard one = rig.hear();; one = rig.hear()) {
        epoch = one.epoch;
        if (one.isFinal)
            break;
    }
    rig.push(speak("the children were playing in the garden"), 10 * GST_SECOND);
    rig.event(gst_event_new_flush_start());
    rig.event(gst_event_new_flush_stop(TRUE));
    while (const BufferRef stale{gst_harness_try_pull(rig.harness())})
        ; // partials from before the flush
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    rig.event(gst_event_new_segment(&segment));
    rig.push(morning());
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    assertSame(finalTexts(heard), "good morning everybody");
    for (const Heard &one : heard)
        g_assert_cmpstr(one.epoch.c_str(), !=, epoch.c_str());
}

static void transcripts_are_posted_when_asked_for() {
    if (!canHear())
        return;
    SphinxRig rig(
        [](GstElement *e) { g_object_set(e, "post-messages", TRUE, "session", "hall-1", nullptr); });
    rig.setCaps();
    rig.push(morning());
    rig.pushEos();
    rig.hearUntilEos();
    const auto message = rig.message(GST_MESSAGE_ELEMENT);
    g_assert_true(gst_message_has_name(message.get(), "sphinxtranscriber/transcript"));
    const GstStructure *structure = gst_message_get_structure(message.get());
    g_assert_cmpstr(gst_structure_get_string(structure, "session"), ==, "hall-1");
    g_assert_nonnull(gst_structure_get_string(structure, "json"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/sphinxtranscriber/clear speech is nearly word-perfect",
                    clear_speech_is_nearly_word_perfect);
    g_test_add_func("/sphinxtranscriber/a grammar is heard exactly", a_grammar_is_heard_exactly);
    g_test_add_func("/sphinxtranscriber/partials precede their final under one id with rising revisions",
                    partials_precede_their_final_under_one_id_with_rising_revisions);
    g_test_add_func("/sphinxtranscriber/without partials only finals come",
                    without_partials_only_finals_come);
    g_test_add_func("/sphinxtranscriber/timestamps are the utterance's running time",
                    timestamps_are_the_utterances_running_time);
    g_test_add_func("/sphinxtranscriber/stage stamps are in order", stage_stamps_are_in_order);
    g_test_add_func("/sphinxtranscriber/the last words come before EOS, without a pause after them",
                    the_last_words_come_before_eos_without_a_pause_after_them);
    g_test_add_func("/sphinxtranscriber/silence and noise say nothing", silence_and_noise_say_nothing);
    g_test_add_func("/sphinxtranscriber/text-only downstream gets finals as text",
                    text_only_downstream_gets_finals_as_text);
    g_test_add_func("/sphinxtranscriber/a flush forgets and starts a new epoch",
                    a_flush_forgets_and_starts_a_new_epoch);
    g_test_add_func("/sphinxtranscriber/transcripts are posted when asked for",
                    transcripts_are_posted_when_asked_for);
    addSphinxStateTests();
    const int status = g_test_run();
    gst_deinit();
    return status;
}
