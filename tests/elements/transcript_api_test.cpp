// SPDX-License-Identifier: LGPL-2.1-or-later
// The installed C API and the session context, as an application and as elements use them.
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"

#include <cstring>
#include <vector>

#include <gst/check/gstharness.h>

using namespace lt;

namespace {

constexpr const char *kJson =
    R"({"kind":"transcript","epoch":"e","utteranceId":"00_00000001","revision":3,"isFinal":true,"language":"en","channel":0,"text":"one two","start":1,"end":2.5,"confidence":0.5,"words":[{"text":"one","start":1,"end":1.5,"confidence":0.25},{"text":"two"}]})";

struct TranscriptUnref {
    void operator()(GstTranscript *transcript) const { gst_transcript_unref(transcript); }
};
using TranscriptRef = std::unique_ptr<GstTranscript, TranscriptUnref>;

BufferRef bufferOf(const char *text) {
    return BufferRef(*text ? gst_buffer_new_memdup(text, std::strlen(text)) : gst_buffer_new());
}

BufferRef bufferWithMeta() {
    BufferRef buffer = bufferOf(kJson);
    const TranscriptRef transcript(gst_transcript_new_from_json(kJson, -1, nullptr));
    const GstTranscriptStamps stamps = {1, 2, 3, 4};
    gst_buffer_add_transcript_meta(buffer.get(), transcript.get(), &stamps);
    return buffer;
}

} // namespace

static void each_field_can_be_read() {
    ErrorOut error;
    const TranscriptRef transcript(gst_transcript_new_from_json(kJson, -1, error.out()));
    g_assert_nonnull(transcript.get());
    g_assert_cmpint(gst_transcript_get_kind(transcript.get()), ==, GST_TRANSCRIPT_KIND_TRANSCRIPT);
    g_assert_cmpstr(gst_transcript_get_kind_name(transcript.get()), ==, "transcript");
    g_assert_cmpstr(gst_transcript_get_epoch(transcript.get()), ==, "e");
    g_assert_cmpstr(gst_transcript_get_utterance_id(transcript.get()), ==, "00_00000001");
    g_assert_cmpuint(gst_transcript_get_revision(transcript.get()), ==, 3);
    g_assert_true(gst_transcript_is_final(transcript.get()));
    g_assert_cmpstr(gst_transcript_get_language(transcript.get()), ==, "en");
    g_assert_cmpint(gst_transcript_get_channel(transcript.get()), ==, 0);
    g_assert_cmpstr(gst_transcript_get_speaker(transcript.get()), ==, "");
    g_assert_cmpstr(gst_transcript_get_participant_id(transcript.get()), ==, "");
    g_assert_cmpstr(gst_transcript_get_text(transcript.get()), ==, "one two");
    g_assert_cmpuint(gst_transcript_get_start(transcript.get()), ==, GST_SECOND);
    g_assert_cmpuint(gst_transcript_get_end(transcript.get()), ==, 2500 * GST_MSECOND);
    g_assert_cmpfloat(gst_transcript_get_confidence(transcript.get()), ==, 0.5);
    g_assert_cmpuint(gst_transcript_get_n_words(transcript.get()), ==, 2);
    const gchar *word;
    GstClockTime start, end;
    gdouble confidence;
    g_assert_true(gst_transcript_get_word(transcript.get(), 0, &word, &start, &end, &confidence));
    g_assert_cmpstr(word, ==, "one");
    g_assert_cmpuint(end - start, ==, 500 * GST_MSECOND);
    g_assert_cmpfloat(confidence, ==, 0.25);
    g_assert_true(gst_transcript_get_word(transcript.get(), 1, nullptr, &start, nullptr, nullptr));
    g_assert_cmpuint(start, ==, GST_CLOCK_TIME_NONE);
    g_assert_false(gst_transcript_get_word(transcript.get(), 2, nullptr, nullptr, nullptr, nullptr));
    const CharPtr json(gst_transcript_to_json(transcript.get()));
    g_assert_cmpstr(json.get(), ==, kJson);
}

static void bytes_that_are_no_transcript_give_an_error() {
    for (const char *text : {"", "not json", "{\"text\":\"\xff\"}", "{\"kind\":\"transcript\"}"}) {
        ErrorOut error;
        g_assert_null(gst_transcript_from_buffer(bufferOf(text).get(), nullptr, error.out()));
        g_assert_error(error.get(), GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE);
    }
    ErrorOut error;
    const CapsRef caps(gst_caps_from_string(GST_TRANSCRIPT_CAPS_TEXT));
    g_assert_null(gst_transcript_from_buffer(bufferOf("\xff").get(), caps.get(), error.out()));
    g_assert_error(error.get(), GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE);
}

static void plain_text_is_read_as_a_final() {
    const CapsRef caps(gst_caps_from_string(GST_TRANSCRIPT_CAPS_TEXT));
    BufferRef buffer = bufferOf("{hello}");
    GST_BUFFER_PTS(buffer.get()) = GST_SECOND;
    GST_BUFFER_DURATION(buffer.get()) = GST_SECOND;
    const TranscriptRef transcript(gst_transcript_from_buffer(buffer.get(), caps.get(), nullptr));
    g_assert_nonnull(transcript.get());
    g_assert_true(gst_transcript_is_final(transcript.get()));
    g_assert_cmpstr(gst_transcript_get_text(transcript.get()), ==, "{hello}");
    g_assert_cmpuint(gst_transcript_get_end(transcript.get()), ==, 2 * GST_SECOND);
}

static void the_meta_goes_with_whole_copies_only() {
    const BufferRef buffer = bufferWithMeta();
    const BufferRef copy(gst_buffer_copy(buffer.get()));
    GstTranscriptMeta *original = gst_buffer_get_transcript_meta(buffer.get());
    GstTranscriptMeta *copied = gst_buffer_get_transcript_meta(copy.get());
    g_assert_nonnull(copied);
    g_assert_true(copied != original);
    g_assert_true(copied->transcript == original->transcript);
    g_assert_cmpuint(copied->stamps.received, ==, 3);

    const BufferRef part(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 1, 5));
    g_assert_null(gst_buffer_get_transcript_meta(part.get()));
}

static void the_parse_in_the_meta_is_used_and_absence_is_fine() {
    const BufferRef buffer = bufferWithMeta();
    const TranscriptRef fromMeta(gst_transcript_from_buffer(buffer.get(), nullptr, nullptr));
    g_assert_true(fromMeta.get() == gst_buffer_get_transcript_meta(buffer.get())->transcript);
    const TranscriptRef parsed(gst_transcript_from_buffer(bufferOf(kJson).get(), nullptr, nullptr));
    g_assert_true(parsed.get() != fromMeta.get());
    const CharPtr one(gst_transcript_to_json(fromMeta.get())), two(gst_transcript_to_json(parsed.get()));
    g_assert_cmpstr(one.get(), ==, two.get());
}

static void the_meta_survives_tee_and_a_writable_branch() {
    GstHarness *harness =
        gst_harness_new_parse("tee name=t ! queue ! identity drop-probability=0 t. ! fakesink async=false");
    gst_harness_set_src_caps_str(harness, GST_TRANSCRIPT_CAPS_JSON);
    g_assert_cmpint(gst_harness_push(harness, bufferWithMeta().release()), ==, GST_FLOW_OK);
    BufferRef out(gst_harness_pull(harness));
    out.reset(gst_buffer_make_writable(out.release()));
    GstTranscriptMeta *meta = gst_buffer_get_transcript_meta(out.get());
    g_assert_nonnull(meta);
    g_assert_cmpuint(meta->stamps.pushed, ==, 4);
    out.reset();
    gst_harness_teardown(harness);
}

static void a_heartbeat_event_says_what_was_put_in() {
    const EventRef event(gst_event_new_livetranscript_heartbeat("w0", 15000, 3));
    g_assert_true(GST_EVENT_IS_UPSTREAM(event.get()) && GST_EVENT_IS_DOWNSTREAM(event.get()));
    g_assert_false(GST_EVENT_IS_SERIALIZED(event.get()));
    const gchar *source;
    guint interval, missed;
    g_assert_true(gst_event_parse_livetranscript_heartbeat(event.get(), &source, &interval, &missed));
    g_assert_cmpstr(source, ==, "w0");
    g_assert_cmpuint(interval, ==, 15000);
    g_assert_cmpuint(missed, ==, 3);

    const EventRef other(gst_event_new_flush_start());
    g_assert_false(gst_event_parse_livetranscript_heartbeat(other.get(), nullptr, nullptr, nullptr));
    const EventRef malformed(gst_event_new_custom(
        GST_EVENT_CUSTOM_BOTH_OOB,
        gst_structure_new("livetranscript/heartbeat", "interval-ms", G_TYPE_STRING, "soon", nullptr)));
    g_assert_false(gst_event_parse_livetranscript_heartbeat(malformed.get(), nullptr, nullptr, nullptr));
}

static gboolean answer_as_demo(GstPad *pad, GstObject *parent, GstQuery *query) {
    return answerSessionQuery(query, "demo") || gst_pad_query_default(pad, parent, query);
}

static void the_session_is_asked_downstream_first() {
    const ObjectRef<GstElement> element(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("identity", nullptr))));
    const ObjectRef<GstPad> sink(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK))));
    gst_pad_set_query_function(sink.get(), answer_as_demo);
    gst_pad_set_active(sink.get(), TRUE);
    const ObjectRef<GstPad> src(gst_element_get_static_pad(element.get(), "src"));
    g_assert_true(resolveSession(element.get(), src.get()) == kDefaultSession);
    g_assert_cmpint(gst_pad_link(src.get(), sink.get()), ==, GST_PAD_LINK_OK);
    g_assert_true(resolveSession(element.get(), src.get()) == "demo");
    g_assert_true(resolveSession(element.get(), nullptr) == kDefaultSession);
    gst_pad_unlink(src.get(), sink.get());
    gst_pad_set_active(sink.get(), FALSE);
}

static void a_bin_tells_its_children_what_one_of_them_announced() {
    const ObjectRef<GstElement> bin(GST_ELEMENT(gst_object_ref_sink(gst_bin_new(nullptr))));
    GstElement *named = gst_element_factory_make("identity", nullptr);
    GstElement *asking = gst_element_factory_make("identity", nullptr);
    gst_bin_add_many(GST_BIN(bin.get()), named, asking, nullptr);
    announceSession(named, "room-1");
    g_assert_true(resolveSession(asking, nullptr) == "room-1");
    announceSession(named, "room-2"); // a later name replaces what the children already know
    g_assert_true(resolveSession(asking, nullptr) == "room-2");
    announceSession(named, "not a slug");
    g_assert_true(resolveSession(asking, nullptr) == kDefaultSession);
}

static void other_queries_and_unnamed_elements_do_not_answer() {
    const QueryRef other(gst_query_new_context("gst.gl.GLDisplay"));
    g_assert_false(answerSessionQuery(other.get(), "demo"));
    const QueryRef latency(gst_query_new_latency());
    g_assert_false(answerSessionQuery(latency.get(), "demo"));
    const QueryRef session(gst_query_new_context(kSessionContextType));
    g_assert_false(answerSessionQuery(session.get(), ""));
}

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/transcript-api/fields", each_field_can_be_read);
    g_test_add_func("/transcript-api/malformed", bytes_that_are_no_transcript_give_an_error);
    g_test_add_func("/transcript-api/text", plain_text_is_read_as_a_final);
    g_test_add_func("/transcript-meta/copies", the_meta_goes_with_whole_copies_only);
    g_test_add_func("/transcript-meta/optional", the_parse_in_the_meta_is_used_and_absence_is_fine);
    g_test_add_func("/transcript-meta/tee", the_meta_survives_tee_and_a_writable_branch);
    g_test_add_func("/heartbeat-event/parse", a_heartbeat_event_says_what_was_put_in);
    g_test_add_func("/session-context/downstream", the_session_is_asked_downstream_first);
    g_test_add_func("/session-context/bin", a_bin_tells_its_children_what_one_of_them_announced);
    g_test_add_func("/session-context/others", other_queries_and_unnamed_elements_do_not_answer);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
