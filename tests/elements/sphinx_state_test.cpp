// SPDX-License-Identifier: LGPL-2.1-or-later
// sphinxtranscriber: states, broken input, broken settings, latency.
#include "lib/livetranscript/livetranscript.h"
#include "tests/elements/sphinx_rig.h"
#include "tests/elements/sphinx_tests.h"
#include "tests/support/speech.h"

#include <algorithm>
#include <thread>

#include <glib/gstdio.h>

using namespace lt;
using namespace lt::test;
using namespace lt::support;

namespace {

ErrorRef errorOf(GstMessage *message) {
    GError *error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    return ErrorRef(error);
}

bool contains(const char *text, const char *part) {
    return g_strstr_len(text, -1, part) != nullptr;
}

/// The element alone, with a bus.
struct Alone {
    Alone() { gst_element_set_bus(element.get(), bus.get()); }
    ~Alone() {
        gst_element_set_state(element.get(), GST_STATE_NULL);
        gst_element_set_bus(element.get(), nullptr);
    }
    MiniRef<GstMessage> message(int types) {
        return MiniRef<GstMessage>(
            gst_bus_timed_pop_filtered(bus.get(), 50 * GST_SECOND, static_cast<GstMessageType>(types)));
    }

    ObjectRef<GstElement> element{
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("sphinxtranscriber", nullptr)))};
    ObjectRef<GstBus> bus{gst_bus_new()};
};

/// Types of the events that came, without those that keep time.
std::vector<GstEventType> typesOf(const std::vector<EventRef> &events) {
    std::vector<GstEventType> types;
    for (const EventRef &event : events)
        if (GST_EVENT_TYPE(event.get()) != GST_EVENT_GAP)
            types.push_back(GST_EVENT_TYPE(event.get()));
    return types;
}

} // namespace

static void a_missing_model_is_not_found_and_named() {
    Alone alone;
    g_object_set(alone.element.get(), "model-dir", "/nowhere/model", nullptr);
    g_assert_true(gst_element_set_state(alone.element.get(), GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
    const auto error = errorOf(alone.message(GST_MESSAGE_ERROR).get());
    g_assert_error(error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
    g_assert_true(contains(error->message, "/nowhere/model"));
}

static void a_bad_session_name_is_refused() {
    Alone alone;
    g_object_set(alone.element.get(), "session", "no spaces", nullptr);
    g_assert_true(gst_element_set_state(alone.element.get(), GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
    const auto error = errorOf(alone.message(GST_MESSAGE_ERROR).get());
    g_assert_error(error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
}

static void a_grammar_that_is_none_is_an_error_and_ends_the_stream() {
    if (!canHear())
        return;
    gchar *name = nullptr;
    g_close(g_file_open_tmp("grammar-XXXXXX.gram", &name, nullptr), nullptr);
    const CharPtr path(name);
    g_file_set_contents(path.get(), "#JSGF V1.0;\ngrammar g;\npublic <a> = xyzzyplugh;\n", -1, nullptr);
    {
        SphinxRig rig([&](GstElement *e) { g_object_set(e, "grammar", path.get(), nullptr); });
        const auto error = errorOf(rig.message(GST_MESSAGE_ERROR).get());
        g_assert_error(error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
        g_assert_true(contains(error->message, path.get()));
        rig.setCaps();
        // Whoever still comes is told, and nobody waits.
        while (rig.lastFlow() == GST_FLOW_OK)
            rig.push(silence(0.1));
        g_assert_cmpint(rig.lastFlow(), ==, GST_FLOW_ERROR);
        rig.pushEos();
        rig.hearUntilEos();
    }
    g_unlink(path.get());
}

static void loading_is_told_as_progress() {
    if (!canHear())
        return;
    Alone alone;
    g_assert_true(gst_element_set_state(alone.element.get(), GST_STATE_PAUSED) == GST_STATE_CHANGE_SUCCESS);
    for (const GstProgressType expected : {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_COMPLETE}) {
        const auto message = alone.message(GST_MESSAGE_PROGRESS);
        g_assert_nonnull(message.get());
        GstProgressType type = GST_PROGRESS_TYPE_ERROR;
        gst_message_parse_progress(message.get(), &type, nullptr, nullptr);
        g_assert_cmpint(type, ==, expected);
    }
}

static void eos_without_audio_ends_at_once() {
    SphinxRig rig;
    rig.setCaps();
    EventRef eos(gst_event_new_eos());
    const guint32 seqnum = gst_event_get_seqnum(eos.get());
    rig.event(eos.release());
    g_assert_cmpuint(rig.hearUntilEos().size(), ==, 0);
    const auto types = typesOf(rig.events());
    const std::vector<GstEventType> expected = {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT,
                                                GST_EVENT_TAG, GST_EVENT_EOS};
    g_assert_true(types == expected);
    g_assert_cmpuint(gst_event_get_seqnum(rig.events().back().get()), ==, seqnum);
}

static void the_stream_says_who_recognised_it() {
    SphinxRig rig;
    rig.setCaps();
    rig.event(gst_event_new_eos());
    rig.hearUntilEos();
    GstTagList *tags = nullptr;
    for (const auto &event : rig.events())
        if (GST_EVENT_TYPE(event.get()) == GST_EVENT_TAG)
            gst_event_parse_tag(event.get(), &tags);
    g_assert_nonnull(tags);
    const gchar *name = nullptr;
    g_assert_true(gst_tag_list_peek_string_index(tags, GST_TAG_TRANSCRIPT_RECOGNISER, 0, &name));
    g_assert_cmpstr(name, ==, "offline recogniser (PocketSphinx)");
}

static void gaps_leave_before_the_first_word() {
    SphinxRig rig;
    rig.setCaps();
    for (bool gap = false; !gap;) {
        const EventRef event(gst_harness_pull_event(rig.harness()));
        g_assert_nonnull(event.get());
        gap = GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP;
    }
}

static void broken_streams_are_errors_and_no_crash() {
    {
        SphinxRig rig;
        rig.setCaps();
        GstBuffer *odd = gst_buffer_new_allocate(nullptr, 7, nullptr);
        g_assert_cmpint(gst_harness_push(rig.harness(), odd), ==, GST_FLOW_ERROR); // no timestamp
        const auto error = errorOf(rig.message(GST_MESSAGE_ERROR).get());
        g_assert_error(error.get(), GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
    }
    {
        SphinxRig rig;
        rig.setCaps();
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_BYTES);
        rig.event(gst_event_new_segment(&segment));
        const auto error = errorOf(rig.message(GST_MESSAGE_ERROR).get());
        g_assert_error(error.get(), GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
    }
}

static void any_bytes_are_audio() {
    if (!canHear())
        return;
    SphinxRig rig;
    rig.setCaps();
    std::vector<std::int16_t> wild(16000 * 3);
    guint32 state = 12345;
    for (auto &sample : wild)
        sample = static_cast<std::int16_t>((state = state * 1664525 + 1013904223) >> 16);
    GstClockTime next = rig.push(wild, 0, 33);
    std::fill(wild.begin(), wild.end(), G_MINSHORT);
    rig.push(wild, next, 1);
    g_assert_cmpint(rig.lastFlow(), ==, GST_FLOW_OK);
    rig.pushEos();
    rig.hearUntilEos(); // whatever it heard in it
}

static void latency_is_reported_in_text_form_only() {
    if (!canHear())
        return;
    for (const bool text : {false, true}) {
        SphinxRig rig([](GstElement *e) { g_object_set(e, "latency-ms", 3000u, nullptr); },
                      text ? "text/x-raw,format=utf8" : nullptr);
        gst_harness_set_live(rig.harness(), TRUE);
        gst_harness_set_upstream_latency(rig.harness(), 20 * GST_MSECOND);
        rig.setCaps();
        g_assert_cmpuint(gst_harness_query_latency(rig.harness()), ==, (text ? 3020 : 20) * GST_MSECOND);
        if (text) {
            g_object_set(rig.element(), "latency-ms", 5000u, nullptr);
            g_assert_cmpuint(gst_harness_query_latency(rig.harness()), ==, 5020 * GST_MSECOND);
        }
    }
}

static void states_can_be_changed_at_any_moment() {
    if (!canHear())
        return;
    Alone alone;
    // Half of the rounds leave while the model is loading; from PAUSED and from PLAYING.
    for (int round = 0; round < 24; round++) {
        const bool keepsModel = round % 8 != 0;
        gst_element_set_state(alone.element.get(), round % 2 ? GST_STATE_PLAYING : GST_STATE_PAUSED);
        gst_element_set_state(alone.element.get(), keepsModel ? GST_STATE_READY : GST_STATE_NULL);
    }
}

static void every_start_is_a_clean_stream() {
    if (!canHear())
        return;
    SphinxRig rig;
    const auto speech = speak("good morning everybody");
    std::string epoch;
    for (const GstState below : {GST_STATE_READY, GST_STATE_NULL, GST_STATE_READY}) {
        rig.setCaps();
        rig.push(speech);
        rig.pushEos();
        const auto heard = rig.hearUntilEos();
        assertSame(finalTexts(heard), "good morning everybody");
        g_assert_cmpstr(heard.back().epoch.c_str(), !=, epoch.c_str());
        g_assert_cmpstr(heard.back().id.c_str(), ==, "00_00000001");
        epoch = heard.back().epoch;
        gst_element_set_state(rig.element(), below);
        gst_element_set_state(rig.element(), GST_STATE_PLAYING);
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        rig.event(gst_event_new_stream_start("again"));
        rig.setCaps();
        rig.event(gst_event_new_segment(&segment));
    }
}

static void a_blocked_push_is_freed_by_a_state_change() {
    if (!canHear())
        return;
    SphinxRig rig([](GstElement *e) { g_object_set(e, "max-backlog-ms", 100u, nullptr); });
    rig.setCaps();
    const auto audio = speak("the children were playing in the garden all afternoon");
    std::thread pusher([&] {
        for (GstClockTime at = 0; rig.lastFlow() == GST_FLOW_OK;)
            at = rig.push(audio, at);
    });
    rig.hear(); // it runs
    gst_element_set_state(rig.element(), GST_STATE_READY);
    pusher.join();
    g_assert_cmpint(rig.lastFlow(), ==, GST_FLOW_FLUSHING);
}

static void an_unlinked_source_pad_is_an_error() {
    if (!canHear())
        return;
    const ObjectRef<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(
        "appsrc name=in format=time caps=audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1 "
        "! sphinxtranscriber",
        nullptr))));
    const ObjectRef<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    const auto speech = inARow({speak("good morning everybody")}, 1);
    GstBuffer *buffer = gst_buffer_new_memdup(speech.data(), speech.size() * sizeof(std::int16_t));
    GST_BUFFER_PTS(buffer) = 0;
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source.get(), "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline.get()));
    const MiniRef<GstMessage> message(
        gst_bus_timed_pop_filtered(bus.get(), 50 * GST_SECOND, GST_MESSAGE_ERROR));
    g_assert_nonnull(message.get());
    g_assert_error(errorOf(message.get()).get(), GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

void lt::test::addSphinxStateTests() {
    g_test_add_func("/sphinxtranscriber/a missing model is not found, and named",
                    a_missing_model_is_not_found_and_named);
    g_test_add_func("/sphinxtranscriber/a bad session name is refused", a_bad_session_name_is_refused);
    g_test_add_func("/sphinxtranscriber/a grammar that is none is an error and ends the stream",
                    a_grammar_that_is_none_is_an_error_and_ends_the_stream);
    g_test_add_func("/sphinxtranscriber/loading is told as progress", loading_is_told_as_progress);
    g_test_add_func("/sphinxtranscriber/EOS without audio ends at once", eos_without_audio_ends_at_once);
    g_test_add_func("/sphinxtranscriber/the stream says who recognised it",
                    the_stream_says_who_recognised_it);
    g_test_add_func("/sphinxtranscriber/GAPs leave before the first word", gaps_leave_before_the_first_word);
    g_test_add_func("/sphinxtranscriber/broken streams are errors and no crash",
                    broken_streams_are_errors_and_no_crash);
    g_test_add_func("/sphinxtranscriber/any bytes are audio", any_bytes_are_audio);
    g_test_add_func("/sphinxtranscriber/latency is reported in text form only",
                    latency_is_reported_in_text_form_only);
    g_test_add_func("/sphinxtranscriber/states can be changed at any moment",
                    states_can_be_changed_at_any_moment);
    g_test_add_func("/sphinxtranscriber/every start is a clean stream", every_start_is_a_clean_stream);
    g_test_add_func("/sphinxtranscriber/a blocked push is freed by a state change",
                    a_blocked_push_is_freed_by_a_state_change);
    g_test_add_func("/sphinxtranscriber/an unlinked source pad is an error",
                    an_unlinked_source_pad_is_an_error);
}
