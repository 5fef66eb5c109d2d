// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/recent_finals.h"
#include "lib/broadcast/viewer_messages.h"

#include <string>

#include <glib.h>

using namespace lt;
using namespace lt::broadcast;

namespace {

const Stamp kStamp{"demo", 17, 1767225600123};

Transcript spoken(bool isFinal) {
    Transcript transcript;
    transcript.epoch = "5f0e";
    transcript.utteranceId = "00_3";
    transcript.isFinal = isFinal;
    transcript.text = "Good \"morning\".";
    transcript.language = "en";
    transcript.channel = 0;
    transcript.startNs = 4120000000;
    transcript.endNs = 5060000000;
    transcript.confidence = 0.93;
    transcript.words = {{"Good", 4120000000, 4400000000, 0.95}};
    return transcript;
}

void expect(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

void the_first_form_is_what_old_clients_know() {
    expect(
        viewerMessage(spoken(true), "00_3", kStamp),
        R"({"type":"transcript","sessionSlug":"demo","text":"Good \"morning\".","isFinal":true,)"
        R"("utteranceId":"00_3","transcriptType":"final","seq":17,"epoch":"5f0e","language":"en","channel":0,)"
        R"("start":4.12,"end":5.06,"confidence":0.93,"serverTimestamp":1767225600123})");
    const std::string partial = viewerMessage(spoken(false), "00_3", kStamp);
    g_assert_true(partial.starts_with(
        R"({"type":"transcript","sessionSlug":"demo","text":"Good \"morning\".","isFinal":false,)"
        R"("utteranceId":"00_3","transcriptType":"partial","seq":17,)"));
}

void what_is_not_known_is_left_out() {
    Transcript bare;
    bare.text = "hi";
    bare.isFinal = true;
    expect(viewerMessage(bare, "n5", {"s", 5, 7}),
           R"({"type":"transcript","sessionSlug":"s","text":"hi","isFinal":true,"utteranceId":"n5",)"
           R"("transcriptType":"final","seq":5,"serverTimestamp":7})");
}

void what_was_found_is_told() {
    Transcript entities;
    entities.kind = GST_TRANSCRIPT_KIND_ENTITIES;
    entities.text = "Ada rose at six.";
    entities.isFinal = true;
    entities.findings = {{"NAME_GIVEN", "", "Ada", 4120000000, 4400000000}, {"TIME", "", "six"}};
    expect(
        viewerMessage(entities, "00_3", {"s", 5, 7}),
        R"({"type":"entities","sessionSlug":"s","text":"Ada rose at six.","isFinal":true,"utteranceId":"00_3",)"
        R"("transcriptType":"final","seq":5,"findings":[{"type":"NAME_GIVEN","text":"Ada","start":4.12,"end":4.4},)"
        R"({"type":"TIME","text":"six"}],"serverTimestamp":7})");
}

void the_split_form_differs_in_the_type_only() {
    for (const bool isFinal : {true, false}) {
        const std::string plain = viewerMessage(spoken(isFinal), "00_3", kStamp);
        std::string split = splitMessage(plain, isFinal);
        const std::string type = isFinal ? "transcript_final" : "transcript_partial";
        g_assert_true(split.starts_with("{\"type\":\"" + type + '"'));
        expect(split.replace(9, type.size(), "transcript"), plain.c_str());
    }
}

void other_kinds_have_types_of_their_own_that_never_split() {
    Transcript transcript = spoken(true);
    transcript.kind = GST_TRANSCRIPT_KIND_TRANSLATION;
    const std::string translation = viewerMessage(transcript, "00_3", kStamp);
    g_assert_true(translation.starts_with(R"({"type":"translation",)"));
    expect(splitMessage(translation, true), translation.c_str());
    transcript.kind = GST_TRANSCRIPT_KIND_ENTITIES;
    transcript.findings = {{"NAME_GIVEN", "", "Ann", kNoTime, kNoTime}};
    const std::string entities = viewerMessage(transcript, "00_3", kStamp);
    g_assert_true(entities.find(R"("findings":[{"type":"NAME_GIVEN","text":"Ann"}])") != entities.npos);
    transcript.findings.clear();
    transcript.kind = GST_TRANSCRIPT_KIND_GAP;
    transcript.reason = "overload";
    const std::string gap = viewerMessage(transcript, "00_3", kStamp);
    g_assert_true(gap.starts_with(R"({"type":"audio_gap",)"));
    g_assert_true(gap.find(R"("reason":"overload")") != gap.npos);
}

void a_final_is_known_while_it_is_in_the_window() {
    RecentFinals finals(2);
    g_assert_true(finals.insert("a"));
    g_assert_false(finals.insert("a"));
    g_assert_true(finals.insert("b"));
    g_assert_true(finals.contains("a"));
    g_assert_true(finals.insert("c")); // a falls out
    g_assert_false(finals.contains("a"));
    g_assert_true(finals.insert("a"));
    finals.clear();
    g_assert_true(finals.insert("a"));
    RecentFinals off(0);
    g_assert_true(off.insert("a"));
    g_assert_true(off.insert("a"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewer-messages/v1", the_first_form_is_what_old_clients_know);
    g_test_add_func("/viewer-messages/bare", what_is_not_known_is_left_out);
    g_test_add_func("/viewer-messages/what was found is told", what_was_found_is_told);
    g_test_add_func("/viewer-messages/split", the_split_form_differs_in_the_type_only);
    g_test_add_func("/viewer-messages/kinds", other_kinds_have_types_of_their_own_that_never_split);
    g_test_add_func("/viewer-messages/finals", a_final_is_known_while_it_is_in_the_window);
    return g_test_run();
}
