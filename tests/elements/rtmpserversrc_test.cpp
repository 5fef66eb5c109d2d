// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmpserversrc with a publisher that lives in the test: what comes out, and when.
#include "tests/elements/rtmpserversrc_rig.h"

#include <cstring>
#include <vector>

using namespace rtmpserversrc_test;

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
    g_object_set(rig.element, "max-queue-ms", 100, nullptr);
    rig.play();
    ObjectRef<GstPad> pad(gst_element_get_static_pad(rig.element, "src"));
    const gulong probe = gst_pad_add_probe(
        pad.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER), hold,
        nullptr, nullptr);
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1000); // 23 s of audio at once are kept, until they have waited
    guint sent = 1000;
    while (rig.stat("frames-dropped") < 900)
        publisher.sendFrame(sent++ * 23);
    while (rig.stat("frames") < sent)
        g_thread_yield();
    const guint64 dropped = rig.stat("frames-dropped");
    gst_pad_remove_probe(pad.get(), probe);
    publisher.unpublish();
    rig.event(GST_EVENT_EOS);
    guint64 told = 0;
    while (told < dropped) {
        auto warning = rig.message(GST_MESSAGE_WARNING);
        const auto text = errorText(warning, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK);
        const GstStructure *details = nullptr;
        gst_message_parse_warning_details(warning.get(), &details);
        guint64 frames = 0;
        g_assert_true(gst_structure_get_uint64(details, "frames", &frames));
        g_assert_true(text == "Downstream is too slow: " + std::to_string(frames) +
                                  " frames of the publisher were dropped.");
        told += frames;
    }
    g_assert_cmpuint(told, ==, dropped);
    guint audio = 0, disconts = 0;
    while (gst_harness_buffers_in_queue(rig.h) > 0) {
        auto buffer = rig.pull();
        audio++;
        disconts += GST_BUFFER_IS_DISCONT(buffer.get());
    }
    g_assert_cmpuint(audio, ==, sent - dropped + 2); // and header and configuration
    g_assert_cmpuint(disconts, >=, 2);               // the first buffer's and the hole's
    g_assert_cmpuint(disconts, <=, 3);               // another when the reader was slow from the start
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

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmpserversrc/flv", flv_comes_out_in_time_with_the_clock);
    g_test_add_func("/rtmpserversrc/announced", publishers_are_announced);
    g_test_add_func("/rtmpserversrc/without-audio", a_publisher_without_audio_makes_way_for_the_next);
    g_test_add_func("/rtmpserversrc/pause", a_pause_moves_the_stream_on_the_clock_not_in_itself);
    g_test_add_func("/rtmpserversrc/codec", a_codec_nobody_can_decode_is_a_warning_not_an_end);
    g_test_add_func("/rtmpserversrc/slow", a_slow_reader_costs_old_audio_never_the_publisher);
    g_test_add_func("/rtmpserversrc/video", video_comes_out_when_asked_for);
    addAudioTests();
    addReturnTests();
    addStateTests();
    addThreadTests();
    const int result = g_test_run();
    gst_deinit();
    return result;
}
