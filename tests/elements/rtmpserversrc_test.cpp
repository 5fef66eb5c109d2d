// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmpserversrc with a publisher that lives in the test.
#include "lib/gst/refs.h"
#include "tests/support/rtmp_publisher.h"

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

using lt::BufferRef;
using lt::EventRef;
using lt::MiniRef;
using lt::ObjectRef;
using lt::StructureRef;
using lt::support::Raw;
using lt::support::RtmpPublisher;

namespace {

constexpr GstClockTime kPatience = 30 * GST_SECOND;
constexpr guint8 kAudioTag = 8;
constexpr guint8 kVideoTag = 9;

using Message = MiniRef<GstMessage>;

/// The element in a harness, with a bus and, if wanted, a clock that stands still.
class Rig {
public:
    explicit Rig(bool testClock = false) {
        element = gst_element_factory_make("rtmpserversrc", nullptr);
        g_assert_nonnull(element);
        g_object_set(element, "port", 0, "stream", "demo", nullptr);
        bus.reset(gst_bus_new());
        gst_element_set_bus(element, bus.get());
        h = gst_harness_new_with_element(element, nullptr, "src");
        if (testClock)
            gst_harness_use_testclock(h);
    }
    ~Rig() {
        gst_element_set_state(element, GST_STATE_NULL);
        gst_element_set_bus(element, nullptr);
        gst_harness_teardown(h);
        gst_object_unref(element);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    void play() { gst_harness_play(h); }
    std::uint16_t port() const {
        guint port = 0;
        g_object_get(element, "current-port", &port, nullptr);
        g_assert_cmpuint(port, !=, 0);
        return static_cast<std::uint16_t>(port);
    }
    Message message(GstMessageType type) {
        Message found(gst_bus_timed_pop_filtered(bus.get(), kPatience, type));
        g_assert_nonnull(found.get());
        return found;
    }
    /// The next element message of that name.
    Message news(const char *name) {
        for (;;) {
            auto found = message(GST_MESSAGE_ELEMENT);
            if (gst_structure_has_name(gst_message_get_structure(found.get()), name))
                return found;
        }
    }
    BufferRef pull() {
        BufferRef buffer(gst_harness_pull(h));
        g_assert_nonnull(buffer.get());
        return buffer;
    }
    /// Type of the next tag.
    guint8 pullTag() {
        auto buffer = pull();
        return lt::BufferMap(buffer.get()).data()[0];
    }
    EventRef event(GstEventType type) {
        for (;;) {
            EventRef found(gst_harness_pull_event(h));
            g_assert_nonnull(found.get());
            if (GST_EVENT_TYPE(found.get()) == type)
                return found;
        }
    }
    guint64 stat(const char *name) {
        GstStructure *raw = nullptr;
        g_object_get(element, "stats", &raw, nullptr);
        StructureRef stats(raw);
        guint64 value = 0;
        g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
        return value;
    }
    void setTime(GstClockTime time) {
        ObjectRef<GstTestClock> clock(gst_harness_get_testclock(h));
        gst_test_clock_set_time(clock.get(), time);
    }

    GstElement *element;
    ObjectRef<GstBus> bus;
    GstHarness *h;
};

GstSegment segmentOf(const EventRef &event) {
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    return *segment;
}

std::string errorText(const Message &message, GQuark domain, gint code) {
    GError *raw = nullptr;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message.get(), &raw, nullptr);
    else
        gst_message_parse_warning(message.get(), &raw, nullptr);
    lt::ErrorRef error(raw);
    g_assert_true(g_error_matches(error.get(), domain, code));
    return error->message;
}

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

static void flv_comes_out_in_time_with_the_clock() {
    Rig rig(true);
    rig.play();
    rig.setTime(60 * GST_SECOND);
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo?token=x").accepted);
    publisher.sendConfig();
    publisher.sendFrames(3, 777000);
    auto header = rig.pull();
    g_assert_cmpint(gst_buffer_memcmp(header.get(), 0, "FLV\1\4\0\0\0\11\0\0\0\0", 13), ==, 0);
    g_assert_cmpuint(GST_BUFFER_OFFSET(header.get()), ==, 0);
    guint64 offset = 13;
    const GstClockTime times[] = {0, 0, 23, 46};
    for (const auto time : times) {
        auto buffer = rig.pull();
        g_assert_cmpuint(GST_BUFFER_OFFSET(buffer.get()), ==, offset);
        g_assert_cmpuint(GST_BUFFER_PTS(buffer.get()), ==, time * GST_MSECOND);
        lt::BufferMap map(buffer.get());
        g_assert_cmpuint(map.data()[0], ==, kAudioTag);
        g_assert_cmpuint(map.data()[6], ==, time);
        offset += map.size();
    }
    for (const auto type : {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT}) {
        EventRef event(gst_harness_pull_event(rig.h));
        g_assert_cmpint(GST_EVENT_TYPE(event.get()), ==, type);
        if (type != GST_EVENT_SEGMENT)
            continue;
        const auto segment = segmentOf(event);
        g_assert_cmpint(segment.format, ==, GST_FORMAT_TIME);
        g_assert_cmpuint(segment.start, ==, 0);
        // The base is the clock's time less the moments since the frame arrived.
        g_assert_cmpuint(segment.base, <=, 60 * GST_SECOND);
        g_assert_cmpuint(segment.base, >, 59 * GST_SECOND);
    }
    publisher.unpublish();
    rig.event(GST_EVENT_EOS);
    auto gone = rig.news("rtmpserversrc/unpublish");
    const auto *structure = gst_message_get_structure(gone.get());
    g_assert_cmpstr(gst_structure_get_string(structure, "end"), ==, "clean");
    g_assert_cmpuint(rig.stat("audio-frames"), ==, 3);
}

static void publishers_are_announced() {
    Rig rig;
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo?token=geheim").accepted);
    auto come = rig.news("rtmpserversrc/publish");
    const auto *structure = gst_message_get_structure(come.get());
    g_assert_cmpstr(gst_structure_get_string(structure, "stream"), ==, "demo");
    g_assert_cmpstr(gst_structure_get_string(structure, "software"), ==, "test publisher");
    g_assert_true(g_str_has_prefix(gst_structure_get_string(structure, "peer"), "127.0.0.1:"));
    lt::CharPtr text(gst_structure_to_string(structure));
    g_assert_null(g_strstr_len(text.get(), -1, "geheim"));
    publisher.drop();
    auto gone = rig.news("rtmpserversrc/unpublish");
    g_assert_cmpstr(gst_structure_get_string(gst_message_get_structure(gone.get()), "end"), ==, "lost");
}

static void a_publisher_without_audio_makes_way_for_the_next() {
    Rig rig;
    rig.play();
    for (int i = 0; i < 3; i++) {
        RtmpPublisher silent(rig.port());
        g_assert_true(silent.publish("live", "demo").accepted);
        silent.sendConfig();
        silent.unpublish();
        rig.news("rtmpserversrc/unpublish");
    }
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1);
    publisher.unpublish();
    rig.event(GST_EVENT_EOS);
    g_assert_cmpuint(gst_harness_buffers_in_queue(rig.h), ==, 3);
}

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
        publisher.drop();
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
    g_assert_true(text == "Cannot listen on 0.0.0.0:" + std::to_string(port) + ": Address already in use.");

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

static void a_pause_moves_the_stream_on_the_clock_not_in_itself() {
    Rig rig(true);
    rig.play();
    rig.setTime(10 * GST_SECOND);
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrame(0);
    for (int i = 0; i < 3; i++)
        rig.pull();
    const auto before = segmentOf(rig.event(GST_EVENT_SEGMENT));
    gst_element_set_state(rig.element, GST_STATE_PAUSED);
    rig.play();
    rig.setTime(100 * GST_SECOND);
    publisher.sendFrame(23);
    auto buffer = rig.pull();
    const auto after = segmentOf(rig.event(GST_EVENT_SEGMENT));
    g_assert_cmpuint(GST_BUFFER_PTS(buffer.get()), ==, 23 * GST_MSECOND);
    g_assert_cmpuint(after.start, ==, 23 * GST_MSECOND);
    g_assert_cmpuint(before.base, <=, 10 * GST_SECOND);
    g_assert_cmpuint(after.base, >, 99 * GST_SECOND);
    g_assert_cmpuint(after.base, <=, 100 * GST_SECOND);
}

static void a_codec_nobody_can_decode_is_a_warning_not_an_end() {
    Rig rig;
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendMessage(8, 0, {0x90, 'O', 'p', 'u', 's', 1, 2, 3});
    const auto text =
        errorText(rig.message(GST_MESSAGE_WARNING), GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND);
    g_assert_nonnull(std::strstr(text.c_str(), "sends Opus"));
    const auto verdict = publisher.awaitVerdict();
    g_assert_cmpstr(verdict.description.c_str(), ==, text.c_str());
    RtmpPublisher next(rig.port());
    g_assert_true(next.publish("live", "demo").accepted);
}

static GstPadProbeReturn hold(GstPad *, GstPadProbeInfo *, gpointer) {
    return GST_PAD_PROBE_OK;
}

static void a_slow_reader_costs_old_audio_never_the_publisher() {
    Rig rig;
    g_object_set(rig.element, "max-queue-ms", 1000, nullptr);
    rig.play();
    ObjectRef<GstPad> pad(gst_element_get_static_pad(rig.element, "src"));
    const gulong probe = gst_pad_add_probe(
        pad.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER), hold,
        nullptr, nullptr);
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1000); // 23 s of audio at once
    while (rig.stat("frames") < 1000)
        g_thread_yield();
    g_assert_cmpuint(rig.stat("queued-ms"), <=, 1000);
    const guint64 dropped = rig.stat("frames-dropped");
    g_assert_cmpuint(dropped, >, 900);
    gst_pad_remove_probe(pad.get(), probe);
    publisher.unpublish();
    rig.event(GST_EVENT_EOS);
    const auto text = errorText(rig.message(GST_MESSAGE_WARNING), GST_CORE_ERROR, GST_CORE_ERROR_CLOCK);
    g_assert_true(text == "Downstream is too slow: " + std::to_string(dropped) +
                              " frames of the publisher were dropped.");
    guint audio = 0, disconts = 0;
    while (gst_harness_buffers_in_queue(rig.h) > 0) {
        auto buffer = rig.pull();
        audio++;
        disconts += GST_BUFFER_IS_DISCONT(buffer.get());
    }
    g_assert_cmpuint(audio, ==, 1000 - dropped + 2); // and header and configuration
    g_assert_cmpuint(disconts, ==, 2);               // the first buffer's and the hole's
}

static void video_comes_out_when_asked_for() {
    for (const bool audio_only : {true, false}) {
        Rig rig;
        g_object_set(rig.element, "audio-only", audio_only, nullptr);
        rig.play();
        RtmpPublisher publisher(rig.port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendMessage(9, 0, {0x17, 0, 0, 0, 0, 1, 2, 3}, 6);
        publisher.sendConfig();
        publisher.sendMessage(9, 0, {0x17, 1, 0, 0, 0, 1, 2, 3}, 6);
        publisher.sendFrame(0);
        publisher.sendMessage(9, 33, {0x27, 1, 0, 0, 0, 1, 2, 3}, 6);
        publisher.unpublish();
        rig.event(GST_EVENT_EOS);
        rig.pull();
        std::vector<guint8> tags;
        while (gst_harness_buffers_in_queue(rig.h) > 0)
            tags.push_back(rig.pullTag());
        const std::vector<guint8> both = {kVideoTag, kAudioTag, kVideoTag, kAudioTag, kVideoTag};
        g_assert_true(tags == (audio_only ? std::vector<guint8>{kAudioTag, kAudioTag} : both));
        g_assert_cmpuint(rig.stat("video-frames"), ==, 3);
        g_assert_cmpuint(rig.stat("video-dropped"), ==, audio_only ? 3 : 0);
    }
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

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmpserversrc/flv", flv_comes_out_in_time_with_the_clock);
    g_test_add_func("/rtmpserversrc/announced", publishers_are_announced);
    g_test_add_func("/rtmpserversrc/without-audio", a_publisher_without_audio_makes_way_for_the_next);
    g_test_add_func("/rtmpserversrc/anew", after_eos_ready_and_playing_begin_anew);
    g_test_add_func("/rtmpserversrc/taken", a_taken_port_or_stream_is_an_error_that_names_it);
    g_test_add_func("/rtmpserversrc/shared", elements_share_a_port);
    g_test_add_func("/rtmpserversrc/settings", bad_names_and_late_settings_are_not_taken);
    g_test_add_func("/rtmpserversrc/session", an_unset_stream_is_called_after_the_session);
    g_test_add_func("/rtmpserversrc/before-playing", a_publisher_may_come_before_playing);
    g_test_add_func("/rtmpserversrc/pause", a_pause_moves_the_stream_on_the_clock_not_in_itself);
    g_test_add_func("/rtmpserversrc/codec", a_codec_nobody_can_decode_is_a_warning_not_an_end);
    g_test_add_func("/rtmpserversrc/slow", a_slow_reader_costs_old_audio_never_the_publisher);
    g_test_add_func("/rtmpserversrc/video", video_comes_out_when_asked_for);
    g_test_add_func("/rtmpserversrc/latency", latency_is_live_and_bounded_by_the_queue);
    g_test_add_func("/rtmpserversrc/stats", statistics_are_there_in_every_state);
    g_test_add_func("/rtmpserversrc/states", many_starts_and_stops_leave_nothing_behind);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
