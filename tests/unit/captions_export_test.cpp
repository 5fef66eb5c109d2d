// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/export/captions.h"
#include "tests/unit/store_samples.h"

#include <string>
#include <vector>

using namespace lt::store;
using namespace store_test;

namespace {

StoredMessage cue(const std::string &text, std::uint64_t startMs, std::uint64_t endMs,
                  const Origin &origin = kOrigin) {
    lt::Transcript transcript = spoken("u" + text, text);
    transcript.startNs = startMs * 1000000;
    transcript.endNs = endMs * 1000000;
    return stored(transcript, origin);
}

void expectCaptions(CaptionFormat format, const std::vector<StoredMessage> &messages,
                    const std::string &wanted) {
    CaptionWriter writer(format);
    std::string file = writer.head();
    for (const auto &message : messages)
        file += writer.add(message);
    expectText(file + writer.finish(), wanted);
}

void webvtt_has_a_voice_per_speaker_and_escapes_what_is_markup() {
    StoredMessage markup = cue("a < b & c --> d\n\nnext", 3723456, 3725000);
    markup.transcript.speaker = "Zoë <Z>";
    expectCaptions(CaptionFormat::WebVtt, {cue("Good morning.", 1000, 2500), markup},
                   "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGood morning.\n\n"
                   "01:02:03.456 --> 01:02:05.000\n<v Zoë &lt;Z&gt;>a &lt; b &amp; c --&gt; d  next\n\n");
}

void srt_is_numbered_and_has_commas() {
    StoredMessage second = cue("two", 2000, 3000);
    second.transcript.participantId = "p-2";
    expectCaptions(
        CaptionFormat::Srt, {cue("one <i>", 1000, 1500), second},
        "1\n00:00:01,000 --> 00:00:01,500\none <i>\n\n2\n00:00:02,000 --> 00:00:03,000\np-2: two\n\n");
}

void text_is_a_line_per_utterance_and_json_is_the_stored_message() {
    StoredMessage message = cue("one\ntwo", 1000, 2000);
    message.transcript.speaker = "Zoë";
    expectCaptions(CaptionFormat::Text, {message, cue("three", 0, 0)}, "Zoë: one two\nthree\n");
    expectCaptions(CaptionFormat::JsonLines, {message}, toSpoolLine(message));
}

void a_cue_without_an_end_lasts_until_the_next_but_not_for_long() {
    StoredMessage open = cue("open", 1000, 0);
    open.transcript.endNs = lt::kNoTime;
    expectCaptions(CaptionFormat::Srt, {open, cue("b", 1700, 1700), cue("c", 9000, 9000)},
                   "1\n00:00:01,000 --> 00:00:01,700\nopen\n\n2\n00:00:01,700 --> 00:00:03,700\nb\n\n"
                   "3\n00:00:09,000 --> 00:00:11,000\nc\n\n");
}

void later_runs_are_shifted_by_the_time_between_their_starts() {
    const Origin later{"demo", "run-2", kOrigin.runStartedMs + 60000};
    expectCaptions(CaptionFormat::Srt, {cue("first", 1000, 2000), cue("second", 500, 900, later)},
                   "1\n00:00:01,000 --> 00:00:02,000\nfirst\n\n2\n00:01:00,500 --> 00:01:00,900\nsecond\n\n");
}

void what_has_no_time_or_no_words_is_no_cue() {
    StoredMessage timeless = cue("when?", 0, 0);
    timeless.transcript.startNs = lt::kNoTime;
    CaptionWriter writer(CaptionFormat::WebVtt);
    expectText(writer.add(timeless) + writer.add(cue(" \n", 1000, 2000)) + writer.finish(), "");
    g_assert_cmpuint(writer.leftOut(), ==, 1);
    expectCaptions(CaptionFormat::Text, {timeless}, "when?\n");
}

void formats_have_names() {
    g_assert_true(captionFormatOf("vtt") == CaptionFormat::WebVtt);
    g_assert_true(captionFormatOf("jsonl") == CaptionFormat::JsonLines);
    g_assert_false(captionFormatOf("docx").has_value());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/captions-export/webvtt", webvtt_has_a_voice_per_speaker_and_escapes_what_is_markup);
    g_test_add_func("/captions-export/srt", srt_is_numbered_and_has_commas);
    g_test_add_func("/captions-export/text", text_is_a_line_per_utterance_and_json_is_the_stored_message);
    g_test_add_func("/captions-export/open", a_cue_without_an_end_lasts_until_the_next_but_not_for_long);
    g_test_add_func("/captions-export/runs", later_runs_are_shifted_by_the_time_between_their_starts);
    g_test_add_func("/captions-export/no-cue", what_has_no_time_or_no_words_is_no_cue);
    g_test_add_func("/captions-export/names", formats_have_names);
    return g_test_run();
}
