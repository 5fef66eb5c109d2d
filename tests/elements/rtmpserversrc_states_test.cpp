// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmpserversrc: settings, states, sharing.
#include "tests/elements/rtmpserversrc_rig.h"

#include <atomic>
#include <filesystem>

using namespace rtmpserversrc_test;

namespace {

std::size_t openDescriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator("/proc/self/fd"))
        count++;
    return count;
}

std::size_t threads() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator("/proc/self/task"))
        count++;
    return count;
}

} // namespace

static void after_eos_ready_and_playing_begin_anew() {
    Rig rig;
    g_object_set(rig.element, "port", 0, nullptr);
    rig.play();
    for (int round = 0; round < 3; round++) {
        const auto port = rig.port();
        g_object_set(rig.element, "port", port, nullptr); // refused with a warning in the log: not in READY
        RtmpPublisher publisher(port);
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendConfig();
        publisher.sendFrames(2);
        publisher.unpublish();
        rig.event(GST_EVENT_EOS);
        for (int i = 0; i < 4; i++)
            rig.pull();
        gst_element_set_state(rig.element, GST_STATE_READY);
        guint closed = 1;
        g_object_get(rig.element, "current-port", &closed, nullptr);
        g_assert_cmpuint(closed, ==, 0);
        rig.play();
    }
}

static void a_taken_port_or_stream_is_an_error_that_names_it() {
    Rig first;
    first.play();
    const guint port = first.port();
    Rig same;
    g_object_set(same.element, "port", port, nullptr);
    g_assert_cmpint(gst_element_set_state(same.element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    auto text = errorText(same.message(GST_MESSAGE_ERROR), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
    g_assert_true(text ==
                  "Another element receives /live/demo on 127.0.0.1:" + std::to_string(port) + " already.");

    Rig other; // another address of the same port is another socket
    g_object_set(other.element, "port", port, "address", "0.0.0.0", nullptr);
    g_assert_cmpint(gst_element_set_state(other.element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    text = errorText(other.message(GST_MESSAGE_ERROR), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
    g_assert_true(text.find("port " + std::to_string(port) + " on 0.0.0.0 is already in use") !=
                  std::string::npos);

    Rig nowhere;
    g_object_set(nowhere.element, "address", "example.invalid", nullptr);
    g_assert_cmpint(gst_element_set_state(nowhere.element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    errorText(nowhere.message(GST_MESSAGE_ERROR), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
}

static void elements_share_a_port() {
    Rig one, two;
    one.play();
    g_object_set(two.element, "port", one.port(), "stream", "other", nullptr);
    two.play();
    g_assert_cmpuint(two.port(), ==, one.port());
    RtmpPublisher publisher(one.port());
    g_assert_true(publisher.publish("live", "other").accepted);
    two.news("rtmpserversrc/publish");
    gst_element_set_state(one.element, GST_STATE_NULL); // takes nothing from the other
    publisher.sendConfig();
    publisher.sendFrames(1);
    for (int i = 0; i < 3; i++)
        two.pull();
}

static void bad_names_and_late_settings_are_not_taken() {
    Rig rig;
    for (const char *name : {"stream", "session", "app"}) {
        lt::CharPtr before, after;
        gchar *text = nullptr;
        g_object_get(rig.element, name, &text, nullptr);
        before.reset(text);
        g_object_set(rig.element, name, "not/a name", nullptr);
        g_object_get(rig.element, name, &text, nullptr);
        after.reset(text);
        g_assert_cmpstr(before.get(), ==, after.get());
    }
    rig.play();
    g_object_set(rig.element, "audio-only", FALSE, "stream", "late", nullptr);
    gboolean audio_only = FALSE;
    gchar *stream = nullptr;
    g_object_get(rig.element, "audio-only", &audio_only, "stream", &stream, nullptr);
    lt::CharPtr owned(stream);
    g_assert_true(audio_only);
    g_assert_cmpstr(stream, ==, "demo");
}

static void an_unset_stream_is_called_after_the_session() {
    Rig rig;
    g_object_set(rig.element, "stream", nullptr, "session", "meeting", nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "meeting").accepted);

    Rig named;
    g_object_set(named.element, "stream", nullptr, nullptr);
    MiniRef<GstContext> context(gst_context_new("livetranscript.session", TRUE));
    gst_structure_set(gst_context_writable_structure(context.get()), "session", G_TYPE_STRING, "board",
                      nullptr);
    gst_element_set_context(named.element, context.get());
    named.play();
    RtmpPublisher second(named.port());
    g_assert_true(second.publish("live", "board").accepted);

    Rig nameless;
    g_object_set(nameless.element, "stream", nullptr, nullptr);
    nameless.play();
    RtmpPublisher third(nameless.port());
    g_assert_true(third.publish("live", "default").accepted);
}

static void a_publisher_may_come_before_playing() {
    Rig rig;
    g_assert_cmpint(gst_element_set_state(rig.element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_NO_PREROLL);
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(5);
    while (rig.stat("frames") < 5)
        g_thread_yield();
    g_assert_cmpuint(gst_harness_buffers_received(rig.h), ==, 0);
    rig.play();
    for (int i = 0; i < 7; i++)
        rig.pull();
}

static void latency_is_live_and_bounded_by_the_queue() {
    Rig rig;
    g_object_set(rig.element, "max-queue-ms", 3000, nullptr);
    lt::QueryRef query(gst_query_new_latency());
    ObjectRef<GstPad> pad(gst_element_get_static_pad(rig.element, "src"));
    g_assert_true(gst_pad_query(pad.get(), query.get()));
    gboolean live = FALSE;
    GstClockTime min = 1, max = 0;
    gst_query_parse_latency(query.get(), &live, &min, &max);
    g_assert_true(live);
    g_assert_cmpuint(min, ==, 0);
    g_assert_cmpuint(max, ==, 3 * GST_SECOND);
}

static void who_tries_too_often_is_refused_and_counted() {
    Rig rig, other;
    g_object_set(rig.element, "max-publish-rate-per-address", 1, nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port()), rival(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    // Within the same second, unless this machine is very slow: then it is refused for another reason.
    const auto verdict = rival.publish("live", "demo");
    g_assert_false(verdict.accepted);
    const bool late = verdict.code == "NetStream.Publish.BadName";
    g_assert_cmpuint(rig.stat("rate-limited"), ==, late ? 0 : 1);
    g_object_set(other.element, "port", rig.port(), "stream", "other", nullptr);
    g_assert_cmpint(gst_element_set_state(other.element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    const auto text =
        errorText(other.message(GST_MESSAGE_ERROR), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
    g_assert_true(text.find("other limits of publishers a second") != std::string::npos);
}

/// 4000 bytes a second and 40,000 at once: of 160 frames of 300 bytes about twenty come late.
static void who_sends_more_than_it_may_is_slowed_down_and_told_of() {
    Rig rig;
    g_object_set(rig.element, "max-bitrate", 32000, nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    Raw frame(300, 0);
    frame[0] = 0xaf;
    frame[1] = 1;
    for (unsigned i = 0; i < 160; i++)
        publisher.sendMessage(lt::rtmp::kAudio, i * 23, frame);
    const auto text =
        errorText(rig.message(GST_MESSAGE_WARNING), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
    g_assert_true(text.find("sends more than max-bitrate, 32000 bits per second") != std::string::npos);
    for (unsigned frames = 0; frames < 160;)
        frames += rig.pullTag() == kAudioTag;
    g_assert_cmpuint(rig.stat("throttled-ms"), >, 0);
    g_assert_cmpuint(rig.stat("audio-frames"), >, 0);
    g_assert_cmpuint(rig.stat("frames-dropped"), ==, 0);
    publisher.unpublish();
    rig.event(GST_EVENT_EOS);
}

static void statistics_are_there_in_every_state() {
    Rig rig;
    g_assert_cmpuint(rig.stat("publishers"), ==, 0);
    rig.play();
    {
        RtmpPublisher publisher(rig.port()), rival(rig.port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        g_assert_false(rival.publish("live", "demo").accepted);
        g_assert_cmpuint(rig.stat("publishers"), ==, 1);
        g_assert_cmpuint(rig.stat("refused"), ==, 1);
        publisher.sendConfig();
        while (rig.stat("bitrate") == 0)
            publisher.sendFrame(0); // counted from one look at the counters to the next
    }
    gst_element_set_state(rig.element, GST_STATE_NULL);
    g_assert_cmpuint(rig.stat("publishers"), ==, 1);
}

static void many_starts_and_stops_leave_nothing_behind() {
    {
        Rig warm; // what stays for the life of the process is there now
        warm.play();
    }
    const auto descriptors = openDescriptors();
    const auto running = threads();
    {
        Rig rig;
        for (int i = 0; i < 100; i++) {
            gst_element_set_state(rig.element, i % 3 == 0 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
            if (i % 5 == 0) {
                RtmpPublisher publisher(rig.port());
                g_assert_true(publisher.publish("live", "demo").accepted);
                publisher.sendConfig();
                publisher.sendFrames(10);
            }
            gst_element_set_state(rig.element, GST_STATE_NULL);
        }
    }
    // The last connections part within a second, in the background.
    while (openDescriptors() > descriptors || threads() > running)
        g_thread_yield();
}

static void an_address_can_be_a_uri() {
    Rig rig;
    auto *handler = GST_URI_HANDLER(rig.element);
    g_assert_true(gst_uri_handler_set_uri(handler, "rtmpserver://*:1940/on/air", nullptr));
    lt::CharPtr uri(gst_uri_handler_get_uri(handler));
    g_assert_cmpstr(uri.get(), ==, "rtmpserver://[::]:1940/on/air");
    g_assert_true(gst_uri_handler_set_uri(handler, "rtmpserver://127.0.0.1/live", nullptr));
    g_object_set(rig.element, "port", 0, nullptr);
    uri.reset(gst_uri_handler_get_uri(handler));
    g_assert_cmpstr(uri.get(), ==, "rtmpserver://127.0.0.1:0/live/air");
    for (const char *bad :
         {"rtmp://h/live/a", "rtmpserver://h/a/b/c", "rtmpserver://h/a b/c", "rtmpserver://h/a?t=1"}) {
        GError *raw = nullptr;
        g_assert_false(gst_uri_handler_set_uri(handler, bad, &raw));
        const lt::ErrorRef error(raw);
        g_assert_true(error && error->domain == GST_URI_ERROR);
    }
    rig.play();
    GError *raw = nullptr;
    g_assert_false(gst_uri_handler_set_uri(handler, "rtmpserver://127.0.0.1/live/b", &raw));
    const lt::ErrorRef error(raw);
    g_assert_error(error.get(), GST_URI_ERROR, GST_URI_ERROR_BAD_STATE);
    const ObjectRef<GstElement> made(GST_ELEMENT(gst_object_ref_sink(
        gst_element_make_from_uri(GST_URI_SRC, "rtmpserver:///live/x", nullptr, nullptr))));
    g_assert_cmpstr(G_OBJECT_TYPE_NAME(made.get()), ==, "GstRtmpServerSrc");
}

static gchar *onRequest(GstElement *, const gchar *app, const gchar *stream, GstStructure *query,
                        const gchar *peer, gpointer calls) {
    ++*static_cast<std::atomic<int> *>(calls);
    g_assert_cmpstr(app, ==, "live");
    g_assert_cmpstr(stream, ==, "demo");
    g_assert_true(g_str_has_prefix(peer, "127.0.0.1:"));
    const gchar *name = gst_structure_get_string(query, "name");
    return g_strcmp0(name, "alice") == 0 ? nullptr : g_strdup("Only Alice may publish.");
}

static void an_application_decides_who_may_publish() {
    Rig rig;
    std::atomic<int> calls = 0;
    g_signal_connect(rig.element, "publish-request", G_CALLBACK(onRequest), &calls);
    rig.play();
    RtmpPublisher bob(rig.port());
    const auto verdict = bob.publish("live", "demo?name=bob");
    g_assert_cmpstr(verdict.description.c_str(), ==, "UNAUTHENTICATED: Only Alice may publish.");
    RtmpPublisher alice(rig.port());
    g_assert_true(alice.publish("live", "demo?name=alice&na%20me=%ff").accepted);
    g_assert_cmpint(calls, ==, 2);
}

static void tokens_come_from_the_environment() {
    Rig rig;
    g_setenv("LT_TEST_PUBLISH_TOKEN", "geheim", TRUE);
    g_object_set(rig.element, "auth-token-env", "LT_TEST_PUBLISH_TOKEN", nullptr);
    rig.play();
    RtmpPublisher without(rig.port()), with(rig.port());
    g_assert_true(without.publish("live", "demo").code == "NetStream.Publish.Denied");
    g_assert_true(with.publish("live", "demo?token=geheim").accepted);
    Rig missing;
    g_object_set(missing.element, "auth-token-env", "LT_TEST_NO_SUCH_VARIABLE", nullptr);
    g_assert_cmpint(gst_element_set_state(missing.element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    errorText(missing.message(GST_MESSAGE_ERROR), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
}

void rtmpserversrc_test::addStateTests() {
    g_test_add_func("/rtmpserversrc/uri", an_address_can_be_a_uri);
    g_test_add_func("/rtmpserversrc/request", an_application_decides_who_may_publish);
    g_test_add_func("/rtmpserversrc/tokens", tokens_come_from_the_environment);
    g_test_add_func("/rtmpserversrc/anew", after_eos_ready_and_playing_begin_anew);
    g_test_add_func("/rtmpserversrc/taken", a_taken_port_or_stream_is_an_error_that_names_it);
    g_test_add_func("/rtmpserversrc/shared", elements_share_a_port);
    g_test_add_func("/rtmpserversrc/settings", bad_names_and_late_settings_are_not_taken);
    g_test_add_func("/rtmpserversrc/session", an_unset_stream_is_called_after_the_session);
    g_test_add_func("/rtmpserversrc/before-playing", a_publisher_may_come_before_playing);
    g_test_add_func("/rtmpserversrc/latency", latency_is_live_and_bounded_by_the_queue);
    g_test_add_func("/rtmpserversrc/rate", who_tries_too_often_is_refused_and_counted);
    g_test_add_func("/rtmpserversrc/throttled", who_sends_more_than_it_may_is_slowed_down_and_told_of);
    g_test_add_func("/rtmpserversrc/stats", statistics_are_there_in_every_state);
    g_test_add_func("/rtmpserversrc/states", many_starts_and_stops_leave_nothing_behind);
}
