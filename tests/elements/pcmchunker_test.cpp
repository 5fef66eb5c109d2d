// SPDX-License-Identifier: LGPL-2.1-or-later
// Where and when the audio is cut, and what time the chunks carry.
#include "tests/elements/pcmchunker_rig.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace chunker_test;

static void full_chunks_leave_at_once_and_share_the_memory_of_the_input() {
    Rig rig;
    auto input = audio(120, GST_SECOND);
    lt::BufferMap whole(input.get());
    g_assert_cmpint(gst_harness_push(rig.h, gst_buffer_ref(input.get())), ==, GST_FLOW_OK);
    for (guint i = 0; i < 2; i++) {
        const auto chunk = rig.expect(50, GST_SECOND + i * 50 * GST_MSECOND);
        g_assert_cmpuint(GST_BUFFER_DURATION(chunk.get()), ==, 50 * GST_MSECOND);
        g_assert_true(GST_BUFFER_IS_DISCONT(chunk.get()) == (i == 0));
        lt::BufferMap part(chunk.get());
        g_assert_true(part.data() == whole.data() + i * 50 * kBytesPerMs);
    }
    rig.expectNothing();
    g_assert_cmpuint(rig.stat("full-chunks"), ==, 2);
    g_assert_cmpuint(rig.stat("bytes-in"), ==, 120 * kBytesPerMs);
    g_assert_cmpuint(rig.stat("bytes-out"), ==, 100 * kBytesPerMs);
}

static void two_aac_frames_make_a_chunk_with_the_defaults() {
    constexpr double kFrameMs = 21.3125; // 341 samples at 16 kHz
    constexpr auto kFrame = static_cast<GstClockTime>(kFrameMs * 1e6);
    Rig rig;
    // Counting starts with the first frame, so the first time there are three.
    for (guint i = 0; i < 11; i++) {
        rig.setTime(kFrameMs * i);
        g_assert_cmpint(rig.push(kFrameMs, i * kFrame), ==, GST_FLOW_OK);
        rig.settle();
        const guint before = gst_harness_buffers_in_queue(rig.h);
        if (i < 2)
            g_assert_cmpuint(before, ==, 0);
        else if (i == 2) {
            rig.expect(50, 0);
            rig.expect(3 * kFrameMs - 50, 50 * GST_MSECOND);
        } else if (i % 2 == 1)
            g_assert_cmpuint(before, ==, 0);
        else
            rig.expect(2 * kFrameMs, (i - 1) * kFrame);
    }
    g_assert_cmpuint(rig.stat("timer-chunks"), ==, 0);
    g_assert_cmpuint(rig.stat("arrival-chunks"), ==, 5);
}

static void with_20_and_5_every_frame_leaves_as_it_arrives() {
    constexpr double kFrameMs = 21.3125;
    Rig rig;
    rig.set("chunk-ms", 20);
    rig.set("flush-ms", 5);
    rig.push(kFrameMs, 0);
    rig.expect(20, 0);
    for (guint i = 1; i < 5; i++) {
        rig.setTime(kFrameMs * i);
        const auto before = rig.stat("bytes-out");
        rig.push(kFrameMs, static_cast<GstClockTime>(i * kFrameMs * 1e6));
        rig.settle();
        if (i > 1)
            g_assert_cmpuint(rig.stat("bytes-out") - before, ==, 341 * 2);
    }
    g_assert_cmpuint(rig.stat("bytes-out"), ==, rig.stat("bytes-in"));
}

static void a_chunk_by_the_timer_does_not_keep_the_next_frame_back() {
    Rig rig;
    rig.set("chunk-ms", 20);
    rig.set("flush-ms", 5);
    rig.push(23, 0); // nothing has left yet, so the rest of the very first one waits
    rig.expect(20, 0);
    g_assert_true(gst_harness_crank_single_clock_wait(rig.h));
    rig.expect(3, 20 * GST_MSECOND);
    rig.setTime(23);
    rig.push(23, 23 * GST_MSECOND);
    rig.expect(20, 23 * GST_MSECOND);
    rig.expect(3, 43 * GST_MSECOND); // without a timer
    g_assert_cmpuint(rig.stat("timer-chunks"), ==, 1);
    g_assert_cmpuint(rig.stat("arrival-chunks"), ==, 1);
}

static void audio_that_stopped_coming_leaves_when_its_oldest_byte_has_waited_chunk_ms() {
    Rig rig;
    rig.push(10, 0);
    rig.settle();
    rig.setTime(20);
    rig.push(5, 10 * GST_MSECOND);
    g_assert_true(gst_harness_crank_single_clock_wait(rig.h));
    rig.expect(15, 0);
    ObjectRef<GstTestClock> clock(gst_harness_get_testclock(rig.h));
    g_assert_cmpuint(gst_clock_get_time(GST_CLOCK(clock.get())), ==, 50 * GST_MSECOND);
    g_assert_cmpuint(rig.stat("timer-chunks"), ==, 1);
    rig.settle();
    g_assert_cmpuint(rig.timers(), ==, 0);
    rig.push(50, 15 * GST_MSECOND); // and the stream goes on
    rig.expectDiscont(false, 50, 15 * GST_MSECOND);
}

static void the_first_audio_of_a_stream_waits_for_nothing() {
    Rig rig(kCaps, Rig::Clock::TestFresh);
    rig.push(10, 0);
    rig.expect(10, 0);
    rig.push(10, 10 * GST_MSECOND); // the second does
    rig.expectNothing();
    rig.setTime(25);
    rig.push(10, 20 * GST_MSECOND);
    rig.expect(20, 10 * GST_MSECOND);
}

static void without_a_live_source_time_means_nothing() {
    Rig rig(kCaps, Rig::Clock::TestFresh);
    gst_harness_set_live(rig.h, FALSE);
    rig.push(10, 0);
    rig.settle();
    rig.setTime(1000);
    rig.push(10, 10 * GST_MSECOND);
    rig.expectNothing();
    g_assert_cmpuint(rig.timers(), ==, 0);
    rig.event(gst_event_new_eos());
    rig.expect(20, 0);
}

static void the_timer_rests_outside_playing() {
    Rig rig;
    rig.push(10, 0);
    rig.settle();
    g_assert_true(gst_harness_wait_for_clock_id_waits(rig.h, 1, 60));
    gst_element_set_state(rig.h->element, GST_STATE_PAUSED);
    rig.setTime(1000);
    rig.expectNothing();
    g_assert_cmpuint(rig.timers(), ==, 0);
    gst_element_set_state(rig.h->element, GST_STATE_PLAYING);
    g_assert_true(gst_harness_crank_single_clock_wait(rig.h)); // it waits chunk-ms from now
    rig.expect(10, 0);
    ObjectRef<GstTestClock> clock(gst_harness_get_testclock(rig.h));
    g_assert_cmpuint(gst_clock_get_time(GST_CLOCK(clock.get())), ==, 1050 * GST_MSECOND);
}

static void without_a_clock_nothing_waits_for_one() {
    Rig rig(kCaps, Rig::Clock::None);
    gst_element_set_clock(rig.h->element, nullptr); // a harness brings one of its own
    rig.push(60, 0);
    rig.expect(50, 0);
    rig.expectNothing();
    gst_harness_use_testclock(rig.h); // one comes in PLAYING
    g_assert_true(gst_harness_crank_single_clock_wait(rig.h));
    rig.expect(10, 50 * GST_MSECOND);
}

static void flush_ms_0_lets_only_full_chunks_leave() {
    Rig rig;
    rig.set("flush-ms", 0);
    rig.push(40, 0);
    rig.settle();
    rig.setTime(500);
    rig.push(9, 40 * GST_MSECOND);
    rig.expectNothing();
    g_assert_cmpuint(rig.timers(), ==, 0);
    rig.push(2, 49 * GST_MSECOND);
    rig.expect(50, 0);
}

static void both_properties_change_in_playing() {
    Rig rig;
    rig.push(40, 0);
    rig.expectNothing();
    rig.message(GST_MESSAGE_LATENCY, false);
    rig.set("chunk-ms", 30);
    rig.message(GST_MESSAGE_LATENCY);
    rig.expect(30, 0);
    rig.settle();
    rig.set("chunk-ms", 30);
    rig.message(GST_MESSAGE_LATENCY, false);
    rig.set("flush-ms", 1);
    rig.message(GST_MESSAGE_LATENCY, false);
    rig.setTime(2);
    rig.push(1, 40 * GST_MSECOND);
    rig.expect(11, 30 * GST_MSECOND);
    guint chunk = 0;
    gint flush = 0;
    g_object_get(rig.h->element, "chunk-ms", &chunk, "flush-ms", &flush, nullptr);
    g_assert_cmpuint(chunk, ==, 30);
    g_assert_cmpint(flush, ==, 1);
}

static void latency_is_reported_when_live() {
    Rig rig;
    gst_harness_set_upstream_latency(rig.h, 30 * GST_MSECOND);
    g_assert_cmpuint(gst_harness_query_latency(rig.h), ==, 80 * GST_MSECOND);
    rig.set("chunk-ms", 200);
    g_assert_cmpuint(gst_harness_query_latency(rig.h), ==, 230 * GST_MSECOND);

    ObjectRef<GstPad> src(gst_element_get_static_pad(rig.h->element, "src"));
    gst_harness_set_live(rig.h, FALSE);
    QueryRef query(gst_query_new_latency());
    g_assert_true(gst_pad_query(src.get(), query.get()));
    gboolean live = TRUE;
    GstClockTime min = 0, max = 0;
    gst_query_parse_latency(query.get(), &live, &min, &max);
    g_assert_false(live);
    g_assert_cmpuint(min, <=, 30 * GST_MSECOND);
}

static void what_may_be_held_at_most_is_added_to_a_bounded_latency() {
    Rig rig;
    gst_pad_set_query_function(rig.h->srcpad,
                               [](GstPad *pad, GstObject *parent, GstQuery *query) -> gboolean {
                                   if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
                                       return gst_pad_query_default(pad, parent, query);
                                   gst_query_set_latency(query, TRUE, 10 * GST_MSECOND, 40 * GST_MSECOND);
                                   return TRUE;
                               });
    ObjectRef<GstPad> src(gst_element_get_static_pad(rig.h->element, "src"));
    QueryRef query(gst_query_new_latency());
    g_assert_true(gst_pad_query(src.get(), query.get()));
    gboolean live = FALSE;
    GstClockTime min = 0, max = 0;
    gst_query_parse_latency(query.get(), &live, &min, &max);
    g_assert_true(live);
    g_assert_cmpuint(min, ==, 60 * GST_MSECOND);
    g_assert_cmpuint(max, ==, 290 * GST_MSECOND); // a chunk and the queue

    gst_pad_set_query_function(rig.h->srcpad,
                               [](GstPad *, GstObject *, GstQuery *) -> gboolean { return FALSE; });
    g_assert_false(gst_pad_query(src.get(), query.get()));
}

static void eos_follows_the_rest_and_keeps_its_number() {
    Rig rig;
    rig.push(70, 0);
    GstEvent *eos = gst_event_new_eos();
    const auto seqnum = gst_event_get_seqnum(eos);
    rig.event(eos);
    rig.expect(50, 0);
    rig.expect(20, 50 * GST_MSECOND);
    g_assert_cmpuint(gst_event_get_seqnum(rig.untilEvent(GST_EVENT_EOS).get()), ==, seqnum);
    g_assert_cmpuint(rig.stat("boundary-chunks"), ==, 1);
}

static void eos_without_audio_passes() {
    Rig rig(kCaps, Rig::Clock::TestFresh);
    rig.event(gst_event_new_eos());
    rig.untilEvent(GST_EVENT_EOS);
    g_assert_cmpuint(gst_harness_buffers_received(rig.h), ==, 0);
}

static void a_hole_ends_a_chunk_and_is_flagged() {
    Rig rig;
    rig.push(10, 0);
    auto flagged = audio(60, 10 * GST_MSECOND); // no hole in time, but upstream says so
    GST_BUFFER_FLAG_SET(flagged.get(), GST_BUFFER_FLAG_DISCONT);
    gst_harness_push(rig.h, flagged.release());
    rig.expectDiscont(true, 10, 0);
    rig.expectDiscont(true, 50, 10 * GST_MSECOND);
    rig.push(10, 500 * GST_MSECOND); // upstream does not say so, time does
    rig.expectDiscont(false, 10, 60 * GST_MSECOND);
    rig.push(50, 511 * GST_MSECOND); // jitter
    rig.expectDiscont(true, 50, 500 * GST_MSECOND);
    g_assert_cmpuint(rig.stat("discontinuities"), ==, 3);
}

static void a_gap_comes_between_the_audio_before_and_after_it() {
    Rig rig;
    std::vector<std::string> order;
    ObjectRef<GstPad> src(gst_element_get_static_pad(rig.h->element, "src"));
    const auto id = gst_pad_add_probe(
        src.get(), GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM,
        [](GstPad *, GstPadProbeInfo *info, gpointer list) {
            auto *seen = static_cast<std::vector<std::string> *>(list);
            if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
                seen->push_back("audio");
            else
                seen->push_back(GST_EVENT_TYPE_NAME(GST_PAD_PROBE_INFO_EVENT(info)));
            return GST_PAD_PROBE_OK;
        },
        &order, nullptr);
    rig.push(10, 0);
    rig.event(gst_event_new_gap(10 * GST_MSECOND, 90 * GST_MSECOND));
    rig.push(60, 100 * GST_MSECOND);
    rig.event(customEvent(GST_EVENT_CUSTOM_DOWNSTREAM).release());
    rig.event(gst_event_new_eos());
    rig.expectDiscont(true, 10, 0);
    rig.expectDiscont(true, 50, 100 * GST_MSECOND);
    rig.expectDiscont(false, 10, 150 * GST_MSECOND);
    rig.untilEvent(GST_EVENT_EOS);
    gst_pad_remove_probe(src.get(), id);
    const std::vector<std::string> wanted{"stream-start", "caps",  "segment",           "audio", "gap",
                                          "audio",        "audio", "custom-downstream", "eos"};
    // The first three may have passed before the probe was there.
    g_assert_cmpuint(order.size(), <=, wanted.size());
    g_assert_true(std::equal(order.rbegin(), order.rend(), wanted.rbegin()));
    g_assert_cmpuint(order.size(), >=, wanted.size() - 3);
}

static void new_caps_end_a_chunk_and_the_same_caps_do_not() {
    Rig rig;
    MiniRef<GstCaps> same(gst_caps_from_string(kCaps));
    rig.push(10, 0);
    rig.event(gst_event_new_caps(same.get()));
    rig.expectNothing();
    MiniRef<GstCaps> wide(gst_caps_from_string(
        "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2,channel-mask=(bitmask)3"));
    rig.event(gst_event_new_caps(wide.get()));
    rig.expect(10, 0);
    gst_harness_push(rig.h, audio(50, 10 * GST_MSECOND, 192).release());
    BufferRef chunk(gst_harness_pull(rig.h));
    g_assert_cmpuint(gst_buffer_get_size(chunk.get()), ==, 50 * 192);
    g_assert_cmpuint(GST_BUFFER_PTS(chunk.get()), ==, 10 * GST_MSECOND);
    g_assert_cmpuint(GST_BUFFER_DURATION(chunk.get()), ==, 50 * GST_MSECOND);
}

static void a_new_segment_ends_a_chunk_and_an_equal_one_does_not() {
    Rig rig;
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    rig.push(10, 0);
    segment.position = 5 * GST_MSECOND;
    rig.event(gst_event_new_segment(&segment));
    rig.expectNothing();
    segment.base = GST_SECOND;
    rig.event(gst_event_new_segment(&segment));
    rig.expect(10, 0);
    rig.push(50, 0);
    rig.expectDiscont(true, 50, 0);
}

static void telephone_audio_counts_one_byte_per_sample() {
    for (const char *caps : {"audio/x-alaw,rate=8000,channels=1", "audio/x-mulaw,rate=8000,channels=2"}) {
        Rig rig(caps);
        const gsize bytesPerMs = g_str_has_suffix(caps, "2") ? 16 : 8;
        gst_harness_push(rig.h, audio(60, 0, bytesPerMs).release());
        BufferRef chunk(gst_harness_pull(rig.h));
        g_assert_cmpuint(gst_buffer_get_size(chunk.get()), ==, 50 * bytesPerMs);
        g_assert_cmpuint(GST_BUFFER_DURATION(chunk.get()), ==, 50 * GST_MSECOND);
    }
}

static void part_of_a_frame_waits_for_the_other_part() {
    Rig rig("audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=2,channel-mask=(bitmask)3");
    const auto bytes = [](gsize size, GstClockTime pts) {
        BufferRef buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
        gst_buffer_memset(buffer.get(), 0, 0, size);
        GST_BUFFER_PTS(buffer.get()) = pts;
        return buffer.release();
    };
    gst_harness_push(rig.h, bytes(641, 0));
    BufferRef first(gst_harness_pull(rig.h));
    g_assert_cmpuint(gst_buffer_get_size(first.get()), ==, 640);
    rig.expectNothing(); // and no timer runs for the odd byte
    g_assert_cmpuint(rig.timers(), ==, 0);
    gst_harness_push(rig.h, bytes(3, 10 * GST_MSECOND));
    rig.event(gst_event_new_eos());
    BufferRef second(gst_harness_pull(rig.h));
    g_assert_cmpuint(gst_buffer_get_size(second.get()), ==, 4);
    g_assert_cmpuint(rig.stat("bytes-dropped"), ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    const auto add = [](const char *name, GTestFunc test) {
        g_test_add_func((std::string("/pcmchunker/") + name).c_str(), test);
    };
    add("first", the_first_audio_of_a_stream_waits_for_nothing);
    add("full", full_chunks_leave_at_once_and_share_the_memory_of_the_input);
    add("aac", two_aac_frames_make_a_chunk_with_the_defaults);
    add("aac-fast", with_20_and_5_every_frame_leaves_as_it_arrives);
    add("after-timer", a_chunk_by_the_timer_does_not_keep_the_next_frame_back);
    add("timer", audio_that_stopped_coming_leaves_when_its_oldest_byte_has_waited_chunk_ms);
    add("not-live", without_a_live_source_time_means_nothing);
    add("paused", the_timer_rests_outside_playing);
    add("no-clock", without_a_clock_nothing_waits_for_one);
    add("only-full", flush_ms_0_lets_only_full_chunks_leave);
    add("properties", both_properties_change_in_playing);
    add("latency", latency_is_reported_when_live);
    add("latency-max", what_may_be_held_at_most_is_added_to_a_bounded_latency);
    add("eos", eos_follows_the_rest_and_keeps_its_number);
    add("eos-empty", eos_without_audio_passes);
    add("holes", a_hole_ends_a_chunk_and_is_flagged);
    add("gap", a_gap_comes_between_the_audio_before_and_after_it);
    add("caps", new_caps_end_a_chunk_and_the_same_caps_do_not);
    add("segment", a_new_segment_ends_a_chunk_and_an_equal_one_does_not);
    add("telephone", telephone_audio_counts_one_byte_per_sample);
    add("part-of-frame", part_of_a_frame_waits_for_the_other_part);
    addFlowTests();
    addDirectTests();
    const int status = g_test_run();
    gst_deinit();
    return status;
}
