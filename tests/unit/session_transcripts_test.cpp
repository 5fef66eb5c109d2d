// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/session_transcripts.h"
#include "elements/gladiasink/utterance_book.h"

#include <string>
#include <vector>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};
using Verdict = UtteranceBook::Verdict;

/// 100 ms of audio.
constexpr std::uint64_t kChunk = 3200;

} // namespace

static void every_utterance_has_one_final_and_rising_revisions() {
    UtteranceBook book;
    g_assert_cmpuint(book.note("a", false, true).revision, ==, 1);
    g_assert_cmpuint(book.note("b", false, true).revision, ==, 1);
    g_assert_cmpuint(book.note("a", false, true).revision, ==, 2);
    g_assert_cmpuint(book.open(), ==, 2);
    g_assert_cmpuint(book.note("a", true, true).revision, ==, 3);
    g_assert_true(book.note("a", true, true).verdict == Verdict::Repeated);
    g_assert_true(book.note("a", false, true).verdict == Verdict::Repeated);
    g_assert_cmpuint(book.note("c", true, true).revision, ==, 1);
    g_assert_cmpuint(book.open(), ==, 1);
}

static void emptiness_passes_only_where_it_takes_something_back() {
    UtteranceBook book;
    g_assert_true(book.note("a", false, false).verdict == Verdict::Empty);
    g_assert_true(book.note("a", true, false).verdict == Verdict::Empty);
    book.note("b", false, true);
    g_assert_true(book.note("b", false, false).verdict == Verdict::Empty);
    g_assert_true(book.note("b", true, false).verdict == Verdict::Pass);
    g_assert_true(book.note("b", true, true).verdict == Verdict::Repeated);
}

static void hostile_ids_do_not_fill_memory() {
    UtteranceBook book;
    for (int i = 0; i < 100'000; i++) {
        book.note("p" + std::to_string(i), false, true);
        book.note("f" + std::to_string(i), true, true);
    }
    g_assert_cmpuint(book.open(), <=, 256);
    g_assert_true(book.note("f99999", true, true).verdict == Verdict::Repeated);
}

static void a_transcript_carries_session_times_and_stamps() {
    SessionTranscripts transcripts;
    transcripts.reset("epoch", kFormat);
    for (std::uint64_t i = 0; i < 20; i++)
        transcripts.timeline().append(kChunk, (70 + i) * 100 * kMs, 500 * kSecond, 501 * kSecond);
    Utterance said;
    said.id = "x";
    said.isFinal = true;
    said.start = 0.5;
    said.end = 1.5;
    said.text = "a b";
    said.words = {{"a", 0.5, 0.9, 1}, {"b", 1.0, 0.2, 1}};
    const auto spoken = transcripts.make(said, 502 * kSecond);
    g_assert_true(spoken.has_value());
    g_assert_true(spoken->transcript.epoch == "epoch");
    g_assert_cmpuint(spoken->transcript.startNs, ==, 7500 * kMs);
    g_assert_cmpuint(spoken->transcript.endNs, ==, 8500 * kMs);
    g_assert_cmpuint(spoken->transcript.words[0].startNs, ==, 7500 * kMs);
    g_assert_cmpuint(spoken->transcript.words[1].endNs, ==, 8000 * kMs); // never before its start
    g_assert_cmpuint(spoken->stamps.audio_sent, ==, 501 * kSecond);
    g_assert_cmpuint(spoken->stamps.received, ==, 502 * kSecond);
    g_assert_false(transcripts.make(said, 0).has_value());
    g_assert_cmpuint(transcripts.counts().repeated, ==, 1);
    transcripts.reset("next", kFormat); // the same id in another session is another utterance
    g_assert_true(transcripts.make(said, 0).has_value());
}

namespace {

Utterance final(const std::string &id, int channel, double start) {
    Utterance said;
    said.id = id;
    said.isFinal = true;
    said.channel = channel;
    said.start = start;
    said.end = start + 0.5;
    said.text = "word";
    return said;
}

AddOnResult translation(const std::string &id, int channel, double start, const std::string &language) {
    AddOnResult result;
    result.utteranceId = id;
    result.utterance = final("", channel, start);
    result.utterance.language = language;
    result.originalLanguage = "en";
    result.originalStart = start;
    return result;
}

SessionTranscripts tenSeconds() {
    SessionTranscripts transcripts;
    transcripts.reset("epoch", kFormat);
    for (std::uint64_t i = 0; i < 100; i++)
        transcripts.timeline().append(kChunk, kSecond + i * 100 * kMs, 500 * kSecond, 501 * kSecond);
    return transcripts;
}

} // namespace

static void results_find_their_utterance_by_id_counter_or_time() {
    SessionTranscripts transcripts = tenSeconds();
    transcripts.make(final("00_00000003", 0, 1), 0);
    transcripts.make(final("01_00000003", 1, 2), 0);
    transcripts.make(final("01-00000014", 1, 3), 0);
    struct {
        const char *named;
        int channel;
        double start;
        const char *id;
    } table[] = {
        {"00_00000003", 0, 1, "00_00000003"},
        {"3", 1, 2, "01_00000003"},
        {"14", 1, 9, "01-00000014"},
        {"", 1, 3, "01-00000014"},
        {"x", 0, 1, "00_00000003"},
        {"99", 0, 5, "0_99"},
        {"", 2, 5.25, "2_5250ms"},
        {"3", 0, 1, "00_00000003"},
    };
    int languages = 0;
    for (const auto &row : table) {
        const auto spoken = transcripts.make(
            translation(row.named, row.channel, row.start, "l" + std::to_string(languages++)), 0);
        g_assert_true(spoken.has_value());
        g_assert_cmpstr(spoken->transcript.utteranceId.c_str(), ==, row.id);
    }
}

static void a_translation_comes_once_per_language_and_not_in_its_own() {
    SessionTranscripts transcripts = tenSeconds();
    transcripts.make(final("00_00000000", 0, 1), 0);
    const auto french = transcripts.make(translation("0", 0, 1, "fr"), 502 * kSecond);
    g_assert_true(french.has_value());
    g_assert_true(french->transcript.kind == GST_TRANSCRIPT_KIND_TRANSLATION);
    g_assert_true(french->transcript.isFinal && french->transcript.epoch == "epoch");
    g_assert_cmpuint(french->transcript.startNs, ==, 2 * kSecond);
    g_assert_cmpuint(french->stamps.received, ==, 502 * kSecond);
    g_assert_true(transcripts.make(translation("0", 0, 1, "de"), 0).has_value());
    g_assert_false(transcripts.make(translation("0", 0, 1, "en"), 0).has_value());
    g_assert_false(transcripts.make(translation("00_00000000", 0, 1, "fr"), 0).has_value());
    g_assert_cmpuint(transcripts.counts().repeated, ==, 1);
    g_assert_cmpuint(transcripts.counts().addOns, ==, 2);
}

static void findings_are_put_on_the_pipelines_clock() {
    SessionTranscripts transcripts = tenSeconds();
    transcripts.make(final("00_00000000", 0, 1), 0);
    AddOnResult result = translation("0", 0, 1, "en"); // of no language of its own: en is the utterance's
    result.kind = AddOnResult::Kind::Entities;
    result.findings = {{"NAME_GIVEN", "", "Ada", 1.25, 1.5}};
    const auto spoken = transcripts.make(result, 0);
    g_assert_true(spoken && spoken->transcript.kind == GST_TRANSCRIPT_KIND_ENTITIES);
    g_assert_true(spoken->transcript.findings ==
                  std::vector<lt::Finding>({{"NAME_GIVEN", "", "Ada", 2250 * kMs, 2500 * kMs}}));
    result.kind = AddOnResult::Kind::Sentiment;
    g_assert_true(transcripts.make(result, 0)->transcript.kind == GST_TRANSCRIPT_KIND_SENTIMENT);
    const auto summary = transcripts.make(Summary{"All was well."}, 0);
    g_assert_true(summary.transcript.kind == GST_TRANSCRIPT_KIND_SUMMARY && summary.transcript.isFinal);
    g_assert_cmpuint(summary.transcript.startNs, ==, kSecond);
    g_assert_cmpuint(summary.transcript.endNs, ==, 11 * kSecond);
    g_assert_cmpint(summary.transcript.channel, ==, -1);
}

static void hostile_results_do_not_fill_memory() {
    AddOnBook book;
    for (int i = 0; i < 100'000; i++) {
        book.noteFinal(std::to_string(i), 0, i);
        g_assert_true(book.isNew(AddOnResult::Kind::Translation, std::to_string(i), "fr"));
    }
    g_assert_false(book.isNew(AddOnResult::Kind::Translation, "99999", "fr"));
    g_assert_true(book.isNew(AddOnResult::Kind::Translation, "1", "fr")); // forgotten
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/session-transcripts/every utterance has one final and rising revisions",
                    every_utterance_has_one_final_and_rising_revisions);
    g_test_add_func("/session-transcripts/emptiness passes only where it takes something back",
                    emptiness_passes_only_where_it_takes_something_back);
    g_test_add_func("/session-transcripts/hostile ids do not fill memory", hostile_ids_do_not_fill_memory);
    g_test_add_func("/session-transcripts/a transcript carries session, times and stamps",
                    a_transcript_carries_session_times_and_stamps);
    g_test_add_func("/session-transcripts/results find their utterance by id, counter or time",
                    results_find_their_utterance_by_id_counter_or_time);
    g_test_add_func("/session-transcripts/a translation comes once per language and not in its own",
                    a_translation_comes_once_per_language_and_not_in_its_own);
    g_test_add_func("/session-transcripts/findings are put on the pipeline's clock",
                    findings_are_put_on_the_pipelines_clock);
    g_test_add_func("/session-transcripts/hostile results do not fill memory",
                    hostile_results_do_not_fill_memory);
    return g_test_run();
}
