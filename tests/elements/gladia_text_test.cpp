// SPDX-License-Identifier: LGPL-2.1-or-later
// Text output: finals only, in sync within the latency that the element reports.
#include "tests/elements/gladia_tests.h"

#include <atomic>
#include <thread>

#include <gst/check/gsttestclock.h>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

namespace {

constexpr const char *kTextCaps = "text/x-raw,format=utf8";

} // namespace

static void text_gaps_stay_behind_the_clock_by_the_latency() {
    GladiaEmulator emulator;
    const ObjectRef<GstClock> clock(gst_test_clock_new());
    GladiaRig rig(
        emulator.url(), [](GstElement *e) { g_object_set(e, "latency-ms", 2000, nullptr); }, kTextCaps);
    gst_element_set_clock(rig.element(), clock.get());
    gst_element_set_base_time(rig.element(), 0);
    rig.setCaps();
    for (const GstClockTime now : {GST_SECOND, 3 * GST_SECOND, 10 * GST_SECOND}) {
        gst_test_clock_set_time(GST_TEST_CLOCK(clock.get()), now);
        const GstClockTime limit = now > 2 * GST_SECOND ? now - 2 * GST_SECOND : 0;
        GstClockTime reached = 0;
        do {
            const EventRef gap = rig.event(GST_EVENT_GAP);
            GstClockTime start = 0, duration = 0;
            gst_event_parse_gap(gap.get(), &start, &duration);
            reached = start + duration;
            g_assert_cmpuint(reached, <=, limit);
        } while (reached < limit);
    }
}

static void late_text_is_shown_now_marked_and_counted() {
    GladiaEmulator emulator;
    const ObjectRef<GstClock> clock(gst_test_clock_new_with_start_time(10 * GST_SECOND));
    GladiaRig rig(
        emulator.url(), [](GstElement *e) { g_object_set(e, "latency-ms", 1000, nullptr); }, kTextCaps);
    gst_harness_set_live(rig.harness(), TRUE);
    gst_element_set_clock(rig.element(), clock.get());
    gst_element_set_base_time(rig.element(), 0);
    rig.setCaps();
    GstClockTime reached = 0;
    while (reached < 9 * GST_SECOND) { // the promise that nothing older follows
        GstClockTime start = 0, duration = 0;
        gst_event_parse_gap(rig.event(GST_EVENT_GAP).get(), &start, &duration);
        reached = start + duration;
    }
    const auto say = [&rig](const char *digits, GstClockTime at) {
        rig.push(support::makeDtmf(digits), at);
        return rig.hear();
    };
    const Heard late = say("12,", 0);
    assertSame(late.text, "1 2");
    g_assert_cmpuint(late.pts, ==, 9 * GST_SECOND);
    g_assert_cmpuint(late.duration, ==, late.end - late.start); // shown as long as it was spoken
    g_assert_true(late.discont);
    g_assert_true(eventually([&] { return rig.stat("late-finals") == 1; })); // counted behind the push
    const MessageRef warning = rig.message(GST_MESSAGE_WARNING);
    GError *raw = nullptr;
    gst_message_parse_warning(warning.get(), &raw, nullptr);
    const ErrorRef error(raw);
    g_assert_error(raw, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK);
    guint delay = 0;
    g_object_get(rig.element(), "max-observed-delay", &delay, nullptr);
    g_assert_cmpuint(delay, >, 9900);

    const Heard inTime = say("34,", 9500 * GST_MSECOND);
    g_assert_cmpuint(inTime.pts, ==, inTime.start);
    g_assert_cmpuint(rig.stat("late-finals"), ==, 1);
}

static void text_gaps_go_on_while_partials_keep_coming() {
    GladiaEmulator emulator;
    GladiaRig rig(
        emulator.url(), [](GstElement *e) { g_object_set(e, "latency-ms", 0, nullptr); }, kTextCaps);
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    g_assert_true(eventually([&] { return rig.state() == "streaming"; }));
    std::atomic<bool> done = false;
    std::thread talker([&] {
        for (int i = 0; !done; i++) {
            emulator.faults().add({.kind = FaultKind::kSend,
                                   .text = R"({"type":"transcript","data":{"id":"x","utterance":{"text":")" +
                                           std::to_string(i) + "\"}}}"});
            std::this_thread::sleep_for(std::chrono::milliseconds(5)); // the pace of the load, not a wait
        }
    });
    const guint64 before = rig.stat("partials");
    g_assert_true(eventually([&] { return rig.stat("partials") > before + 5; }));
    while (const EventRef event{gst_harness_try_pull_event(rig.harness())}) {
    }
    for (int i = 0; i < 5; i++)
        rig.event(GST_EVENT_GAP);
    done = true;
    talker.join();
}

static void text_downstream_gets_the_finals_text() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), {}, kTextCaps);
    rig.setCaps();
    rig.push(support::makeDtmf("12,34"));
    rig.pushEos();
    std::string all;
    bool ended = false;
    while (!ended) {
        while (const BufferRef buffer{gst_harness_try_pull(rig.harness())}) {
            const BufferMap map(buffer.get());
            all += std::string(reinterpret_cast<const char *>(map.data()), map.size()) + "|";
            g_assert_true(GST_BUFFER_PTS_IS_VALID(buffer.get()) &&
                          GST_BUFFER_DURATION_IS_VALID(buffer.get()));
            g_assert_false(GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DROPPABLE));
        }
        const EventRef event(gst_harness_pull_event(rig.harness()));
        g_assert_nonnull(event.get());
        ended = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
    }
    while (const BufferRef buffer{gst_harness_try_pull(rig.harness())}) {
        const BufferMap map(buffer.get());
        all += std::string(reinterpret_cast<const char *>(map.data()), map.size()) + "|";
    }
    assertSame(all, "1 2|3 4|");
}

static void latency_is_added_to_live_text_only() {
    GladiaEmulator emulator;
    struct {
        const char *caps;
        bool live;
        GstClockTime expected;
    } table[] = {{nullptr, true, 30 * GST_MSECOND},
                 {kTextCaps, true, 2030 * GST_MSECOND},
                 {nullptr, false, 30 * GST_MSECOND},
                 {kTextCaps, false, 30 * GST_MSECOND}};
    for (const auto &row : table) {
        GladiaRig rig(
            emulator.url(), [](GstElement *e) { g_object_set(e, "latency-ms", 2000, nullptr); }, row.caps);
        gst_harness_set_live(rig.harness(), row.live);
        gst_harness_set_upstream_latency(rig.harness(), 30 * GST_MSECOND);
        rig.setCaps();
        const QueryRef query(gst_query_new_latency());
        g_assert_true(gst_pad_peer_query(rig.harness()->sinkpad, query.get()));
        gboolean live = FALSE;
        GstClockTime min = 0;
        gst_query_parse_latency(query.get(), &live, &min, nullptr);
        g_assert_true(live == row.live);
        g_assert_cmpuint(min, ==, row.expected);
        if (row.caps) {
            g_assert_nonnull(rig.message(GST_MESSAGE_LATENCY).get());
            g_object_set(rig.element(), "latency-ms", 1000, nullptr);
            g_assert_nonnull(rig.message(GST_MESSAGE_LATENCY).get());
        }
    }
}

void lt::test::addGladiaTextTests() {
    add("text GAPs stay behind the clock by the latency", text_gaps_stay_behind_the_clock_by_the_latency);
    add("late text is shown now, marked and counted", late_text_is_shown_now_marked_and_counted);
    add("text GAPs go on while partials keep coming", text_gaps_go_on_while_partials_keep_coming);
    add("text downstream gets the finals' text", text_downstream_gets_the_finals_text);
    add("latency is added to live text only", latency_is_added_to_live_text_only);
}
