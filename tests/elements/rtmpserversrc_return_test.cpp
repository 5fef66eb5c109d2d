// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmpserversrc: what becomes of its stream when a publisher is lost, comes back, or is replaced.
#include "tests/elements/rtmpserversrc_rig.h"

using namespace rtmpserversrc_test;

namespace {

/// Publishes, and sends `frames` frames from timestamp `first` on.
void publishFrames(RtmpPublisher &publisher, unsigned frames, std::uint32_t first = 0) {
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(frames, first);
}

std::string endOf(Rig &rig) {
    const auto gone = rig.news("rtmpserversrc/unpublish");
    return gst_structure_get_string(gst_message_get_structure(gone.get()), "end");
}

std::string state(Rig &rig) {
    GstStructure *raw = nullptr;
    g_object_get(rig.element, "stats", &raw, nullptr);
    const StructureRef stats(raw);
    return gst_structure_get_string(stats.get(), "state");
}

} // namespace

static void a_publisher_that_comes_back_goes_on_with_the_stream() {
    Rig rig;
    rig.play();
    {
        RtmpPublisher publisher(rig.port());
        publishFrames(publisher, 10, 5000);
        for (int i = 0; i < 12; i++)
            rig.pull();
        publisher.drop();
    }
    g_assert_true(endOf(rig) == "lost");
    g_assert_true(state(rig) == "awaiting-return");
    RtmpPublisher again(rig.port());
    publishFrames(again, 10); // from 0
    auto config = rig.pull();
    auto first = rig.pull();
    g_assert_true(GST_BUFFER_FLAG_IS_SET(first.get(), GST_BUFFER_FLAG_DISCONT));
    g_assert_cmpuint(GST_BUFFER_PTS(first.get()), >, 9 * 23 * GST_MSECOND);
    auto last = GST_BUFFER_PTS(first.get());
    for (int i = 0; i < 9; i++) {
        auto next = rig.pull();
        g_assert_false(GST_BUFFER_FLAG_IS_SET(next.get(), GST_BUFFER_FLAG_DISCONT));
        g_assert_cmpuint(GST_BUFFER_PTS(next.get()), >, last);
        g_assert_cmpuint(GST_BUFFER_PTS(next.get()), <, last + 30 * GST_MSECOND);
        last = GST_BUFFER_PTS(next.get());
    }
    const auto gap = rig.news("rtmpserversrc/gap");
    guint64 start = 0, stop = 0;
    const auto *record = gst_message_get_structure(gap.get());
    g_assert_true(gst_structure_get_uint64(record, "start", &start));
    g_assert_true(gst_structure_get_uint64(record, "stop", &stop));
    g_assert_cmpuint(start, <, stop);
    g_assert_cmpuint(rig.stat("reconnects"), ==, 1);
    g_assert_cmpuint(rig.stat("gaps"), ==, 1);
    again.unpublish();
    rig.event(GST_EVENT_EOS);
}

static void who_does_not_come_back_ends_the_stream() {
    Rig rig;
    g_object_set(rig.element, "reconnect-grace-ms", 300, nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port());
    publishFrames(publisher, 2);
    publisher.drop();
    rig.event(GST_EVENT_EOS);
    g_assert_true(endOf(rig) == "lost");
}

static void without_grace_a_loss_is_the_end() {
    Rig rig;
    g_object_set(rig.element, "reconnect-grace-ms", 0, nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port());
    publishFrames(publisher, 2);
    publisher.drop();
    rig.event(GST_EVENT_EOS);
}

static void a_publisher_that_falls_silent_is_lost_and_may_return() {
    Rig rig;
    g_object_set(rig.element, "idle-timeout-ms", 500, nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port());
    publishFrames(publisher, 2);
    g_assert_true(endOf(rig) == "lost");
    RtmpPublisher again(rig.port());
    publishFrames(again, 2);
    again.unpublish();
    rig.event(GST_EVENT_EOS);
    g_assert_true(endOf(rig) == "clean");
    g_assert_cmpuint(rig.stat("reconnects"), ==, 1);
}

static void a_takeover_goes_on_with_the_stream() {
    Rig rig;
    gst_util_set_object_arg(G_OBJECT(rig.element), "publisher-policy", "takeover");
    rig.play();
    RtmpPublisher first(rig.port()), second(rig.port());
    publishFrames(first, 2);
    publishFrames(second, 2);
    second.unpublish();
    rig.event(GST_EVENT_EOS);
    g_assert_true(endOf(rig) == "replaced");
    g_assert_true(endOf(rig) == "clean");
    g_assert_cmpuint(rig.stat("takeovers"), ==, 1);
}

static void an_element_that_stops_does_not_wait_for_its_publisher() {
    Rig rig;
    rig.play();
    RtmpPublisher publisher(rig.port());
    publishFrames(publisher, 2);
    publisher.drop();
    g_assert_true(endOf(rig) == "lost");
    gst_element_set_state(rig.element, GST_STATE_READY);
    g_assert_true(state(rig) == "awaiting-return" || state(rig) == "waiting");
}

void rtmpserversrc_test::addReturnTests() {
    g_test_add_func("/rtmpserversrc/return/again", a_publisher_that_comes_back_goes_on_with_the_stream);
    g_test_add_func("/rtmpserversrc/return/over", who_does_not_come_back_ends_the_stream);
    g_test_add_func("/rtmpserversrc/return/no-grace", without_grace_a_loss_is_the_end);
    g_test_add_func("/rtmpserversrc/return/silent", a_publisher_that_falls_silent_is_lost_and_may_return);
    g_test_add_func("/rtmpserversrc/return/takeover", a_takeover_goes_on_with_the_stream);
    g_test_add_func("/rtmpserversrc/return/stop", an_element_that_stops_does_not_wait_for_its_publisher);
}
