// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes wrong, what blocks, what starts and stops.
#include "tests/elements/pcmchunker_rig.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace chunker_test;

static void input_that_cannot_be_timed_is_an_error() {
    {
        Rig rig;
        g_assert_cmpint(rig.push(50, GST_CLOCK_TIME_NONE), ==, GST_FLOW_ERROR);
        rig.expectFormatError();
    }
    {
        Rig rig(nullptr);
        rig.event(gst_event_new_stream_start("none"));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        rig.event(gst_event_new_segment(&segment));
        g_assert_cmpint(rig.push(50, 0), ==, GST_FLOW_NOT_NEGOTIATED);
        rig.expectFormatError();
    }
    {
        Rig rig;
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_BYTES);
        gst_harness_push_event(rig.h, gst_event_new_segment(&segment)); // sticky: TRUE whatever became of it
        rig.expectFormatError();
        g_assert_cmpint(rig.push(50, 0), !=, GST_FLOW_OK);
        rig.message(GST_MESSAGE_ERROR, false); // told once
    }
}

static void an_empty_buffer_is_nothing() {
    Rig rig;
    g_assert_cmpint(rig.push(0, 0), ==, GST_FLOW_OK);
    rig.expectNothing();
}

static void what_downstream_says_goes_back_upstream() {
    for (const GstFlowReturn said :
         {GST_FLOW_EOS, GST_FLOW_FLUSHING, GST_FLOW_NOT_LINKED, GST_FLOW_NOT_NEGOTIATED, GST_FLOW_ERROR}) {
        static std::atomic<GstFlowReturn> answer; // a chain function has no place for more
        answer = said;
        Rig rig;
        gst_pad_set_chain_function(rig.h->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
            gst_buffer_unref(buffer);
            return answer.load();
        });
        g_assert_cmpint(pushUntilRefused(rig).get(), ==, said);
        // A flush gives downstream another chance.
        answer = GST_FLOW_OK;
        rig.event(gst_event_new_flush_start());
        rig.event(gst_event_new_flush_stop(TRUE));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        rig.event(gst_event_new_segment(&segment));
        g_assert_cmpint(rig.push(50, 0), ==, GST_FLOW_OK);
        rig.settle();
        g_assert_cmpint(rig.push(50, 0), ==, GST_FLOW_OK);
    }
}

static void a_new_stream_after_eos_from_downstream_is_tried() {
    static std::atomic<GstFlowReturn> answer;
    answer = GST_FLOW_EOS;
    Rig rig;
    gst_pad_set_chain_function(rig.h->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
        gst_buffer_unref(buffer);
        return answer.load();
    });
    g_assert_cmpint(pushUntilRefused(rig).get(), ==, GST_FLOW_EOS);
    answer = GST_FLOW_OK;
    restartStream(rig.h);
    g_assert_cmpint(rig.push(50, 0), ==, GST_FLOW_OK);
    rig.settle();
    g_assert_cmpint(rig.push(50, 50 * GST_MSECOND), ==, GST_FLOW_OK);
    rig.message(GST_MESSAGE_ERROR, false);
}

static void an_error_that_no_buffer_can_carry_upstream_is_posted() {
    Rig rig;
    gst_pad_set_chain_function(rig.h->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
        gst_buffer_unref(buffer);
        return GST_FLOW_ERROR;
    });
    rig.push(50, 0);
    rig.event(gst_event_new_eos());
    rig.untilEvent(GST_EVENT_EOS);
    rig.message(GST_MESSAGE_ERROR);
}

static void a_full_queue_makes_upstream_wait() {
    Rig rig;
    Block block(rig.h);
    auto pushing = pushUntilRefused(rig);
    block.untilBlocked();
    while (rig.stat("queued-ms") < 200)
        std::this_thread::yield();
    // One chunk is on its way, less than one waits to be full, one buffer waits for room.
    g_assert_cmpuint(rig.stat("bytes-in"), <=, (50 + 50 + 200 + 20) * kBytesPerMs);
    g_assert_cmpuint(rig.stat("queued-ms"), ==, 200);
    rig.event(gst_event_new_flush_start());
    g_assert_cmpint(pushing.get(), ==, GST_FLOW_FLUSHING);
}

static void a_flush_ends_a_blocked_push_at_once_and_discards_what_waits() {
    Rig rig;
    {
        Block block(rig.h);
        auto pushing = pushUntilRefused(rig);
        block.untilBlocked();
        rig.event(gst_event_new_flush_start());
        g_assert_cmpint(pushing.get(), ==, GST_FLOW_FLUSHING);
    }
    rig.event(gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    rig.event(gst_event_new_segment(&segment));
    g_assert_cmpuint(rig.stat("queued-ms"), ==, 0);
    while (BufferRef old{gst_harness_try_pull(rig.h)})
        ;
    rig.push(55, 9 * GST_SECOND);
    rig.expectDiscont(true, 50, 9 * GST_SECOND);
    rig.event(gst_event_new_flush_start());
    rig.event(gst_event_new_flush_stop(TRUE)); // the 5 ms are gone
    rig.event(gst_event_new_segment(&segment));
    rig.expectNothing();
    g_assert_cmpuint(rig.timers(), ==, 0);
}

static void null_is_reached_while_downstream_blocks() {
    for (const auto state : {GST_STATE_READY, GST_STATE_NULL}) {
        Rig rig;
        Block block(rig.h);
        auto pushing = pushUntilRefused(rig);
        block.untilBlocked();
        g_assert_cmpint(gst_element_set_state(rig.h->element, state), ==, GST_STATE_CHANGE_SUCCESS);
        g_assert_cmpint(pushing.get(), ==, GST_FLOW_FLUSHING);
    }
}

static void a_waiting_timer_does_not_delay_a_state_change() {
    Rig rig;
    rig.push(10, 0);
    g_assert_true(gst_harness_wait_for_clock_id_waits(rig.h, 1, 60)); // nobody will crank it
    g_assert_cmpint(gst_element_set_state(rig.h->element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
}

static void a_hundred_rounds_through_the_states_start_clean_streams() {
    Rig rig(kCaps, Rig::Clock::TestFresh);
    for (guint round = 0; round < 100; round++) {
        const auto half = round % 3 == 0 ? GST_STATE_READY : GST_STATE_NULL;
        gst_element_set_state(rig.h->element, half);
        if (round % 4 == 0) { // half way, and back
            gst_element_set_state(rig.h->element, GST_STATE_PAUSED);
            gst_element_set_state(rig.h->element, half);
        }
        gst_element_set_state(rig.h->element, GST_STATE_PLAYING);
        restartStream(rig.h);
        rig.push(60, round * GST_SECOND);
        rig.expectDiscont(true, 50, round * GST_SECOND);
        rig.expectDiscont(false, 10, round * GST_SECOND + 50 * GST_MSECOND);
        g_assert_cmpuint(rig.stat("chunks"), ==, 2);
    }
    rig.push(10, 99 * GST_SECOND + 60 * GST_MSECOND);
    rig.expectNothing();
    for (guint round = 0; round < 20; round++) {
        gst_element_set_state(rig.h->element, GST_STATE_PAUSED);
        gst_element_set_state(rig.h->element, GST_STATE_PLAYING);
    }
    rig.push(40, 99 * GST_SECOND + 70 * GST_MSECOND); // the 10 ms are still there
    rig.expectDiscont(false, 50, 99 * GST_SECOND + 60 * GST_MSECOND);
}

static void what_the_element_does_not_know_passes_through() {
    Rig rig;
    rig.push(10, 0);
    rig.event(customEvent(GST_EVENT_CUSTOM_DOWNSTREAM_OOB).release());
    rig.untilEvent(GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
    rig.expectNothing(); // out of band: no reason to cut

    ObjectRef<GstPad> src(gst_element_get_static_pad(rig.h->element, "src"));
    ObjectRef<GstPad> sink(gst_element_get_static_pad(rig.h->element, "sink"));
    g_assert_true(gst_harness_push_upstream_event(rig.h, customEvent(GST_EVENT_CUSTOM_UPSTREAM).release()));
    EventRef upstream;
    do {
        upstream.reset(gst_harness_pull_upstream_event(rig.h));
    } while (GST_EVENT_TYPE(upstream.get()) != GST_EVENT_CUSTOM_UPSTREAM);

    const auto answerQueries = [](GstPad *, GstPadProbeInfo *info, gpointer) {
        auto *query = GST_PAD_PROBE_INFO_QUERY(info);
        if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM && GST_QUERY_TYPE(query) != GST_QUERY_DRAIN)
            return GST_PAD_PROBE_OK;
        return GST_PAD_PROBE_HANDLED;
    };
    const auto id = gst_pad_add_probe(rig.h->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, answerQueries,
                                      nullptr, nullptr);
    QueryRef custom(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty("test/question")));
    g_assert_true(gst_pad_query(sink.get(), custom.get()));
    QueryRef drain(gst_query_new_drain());
    g_assert_true(gst_pad_query(sink.get(), drain.get()));
    g_assert_cmpuint(gst_harness_buffers_in_queue(rig.h), ==, 1); // drained before the answer
    gst_pad_remove_probe(rig.h->sinkpad, id);
}

/// A short stream with all it may bring. What the element says depends on the other threads.
static void streamForAWhile(GstHarness *h) {
    restartStream(h);
    for (guint i = 0; i < 30; i++) {
        gst_harness_push(h, audio(21, i * 21 * GST_MSECOND).release());
        if (i % 8 == 3)
            gst_harness_push_event(h, gst_event_new_gap(i * 21 * GST_MSECOND, GST_MSECOND));
        if (i % 8 == 5)
            gst_harness_push_event(h, customEvent(GST_EVENT_CUSTOM_DOWNSTREAM).release());
    }
    gst_harness_push_event(h, gst_event_new_flush_start());
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
}

static void stress_with_states_flushes_events_and_properties_at_once() {
    Rig rig(kCaps, Rig::Clock::None);
    gst_harness_use_systemclock(rig.h);
    gst_harness_set_drop_buffers(rig.h, TRUE);
    GValue flush = G_VALUE_INIT;
    g_value_init(&flush, G_TYPE_INT);
    g_value_set_int(&flush, 5);
    EventRef reconfigure(gst_event_new_reconfigure());
    const std::vector<GstHarnessThread *> threads{
        gst_harness_stress_property_start(rig.h, "flush-ms", &flush),
        gst_harness_stress_send_upstream_event_start(rig.h, reconfigure.get()),
    };
    std::atomic<bool> end = false;
    std::mutex streaming; // a harness does not send its events again to a pad that comes back in mid-stream
    std::thread stream([&] {
        while (!end) {
            std::unique_lock lock(streaming);
            streamForAWhile(rig.h);
            lock.unlock();
            std::this_thread::yield();
        }
    });
    std::thread settings([&] {
        for (guint i = 0; !end; i++) {
            rig.set("chunk-ms", 20 + i % 50);
            rig.stat("chunks");
            gst_bus_set_flushing(rig.bus.get(), TRUE); // messages of this test are nobody's
            gst_bus_set_flushing(rig.bus.get(), FALSE);
            std::this_thread::yield();
        }
    });
    for (int i = 0; i < 60; i++) {
        gst_element_set_state(rig.h->element, i % 3 ? GST_STATE_NULL : GST_STATE_PAUSED); // at any moment
        std::lock_guard lock(streaming);
        gst_element_set_state(rig.h->element, GST_STATE_PLAYING);
        streamForAWhile(rig.h);
    }
    end = true;
    stream.join();
    settings.join();
    for (auto *thread : threads)
        g_assert_cmpuint(gst_harness_stress_thread_stop(thread), >, 0);
    g_value_unset(&flush);
}

void chunker_test::addFlowTests() {
    const auto add = [](const char *name, GTestFunc test) {
        g_test_add_func((std::string("/pcmchunker/") + name).c_str(), test);
    };
    add("errors", input_that_cannot_be_timed_is_an_error);
    add("empty-buffer", an_empty_buffer_is_nothing);
    add("flow", what_downstream_says_goes_back_upstream);
    add("flow-eos", a_new_stream_after_eos_from_downstream_is_tried);
    add("flow-at-eos", an_error_that_no_buffer_can_carry_upstream_is_posted);
    add("backpressure", a_full_queue_makes_upstream_wait);
    add("flush", a_flush_ends_a_blocked_push_at_once_and_discards_what_waits);
    add("null-blocked", null_is_reached_while_downstream_blocks);
    add("null-timer", a_waiting_timer_does_not_delay_a_state_change);
    add("states", a_hundred_rounds_through_the_states_start_clean_streams);
    add("unknown", what_the_element_does_not_know_passes_through);
    add("stress", stress_with_states_flushes_events_and_properties_at_once);
}
