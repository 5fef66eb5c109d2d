// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmpserversrc: many elements, few threads.
#include "tests/elements/rtmpserversrc_rig.h"

#include <array>
#include <atomic>
#include <memory>

using namespace rtmpserversrc_test;

namespace {

/// Counts what it is asked for, else the pool that GStreamer takes by itself.
struct CountingPool {
    GstTaskPool parent;
};
struct CountingPoolClass {
    GstTaskPoolClass parent;
};
std::atomic<int> pushed = 0;

} // namespace

static GType counting_pool_get_type(void);
G_DEFINE_TYPE(CountingPool, counting_pool, GST_TYPE_TASK_POOL)

static gpointer counting_pool_push(GstTaskPool *pool, GstTaskPoolFunction function, gpointer data,
                                   GError **error) {
    pushed++;
    return GST_TASK_POOL_CLASS(counting_pool_parent_class)->push(pool, function, data, error);
}

static void counting_pool_class_init(CountingPoolClass *klass) {
    GST_TASK_POOL_CLASS(klass)->push = counting_pool_push;
}

static void counting_pool_init(CountingPool *) {}

static GstBusSyncReply givePool(GstBus *, GstMessage *message, gpointer pool) {
    GstStreamStatusType type{};
    GstElement *owner = nullptr;
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_STREAM_STATUS)
        return GST_BUS_PASS;
    gst_message_parse_stream_status(message, &type, &owner);
    if (type == GST_STREAM_STATUS_TYPE_CREATE)
        gst_task_set_pool(GST_TASK(g_value_get_object(gst_message_get_stream_status_object(message))),
                          GST_TASK_POOL(pool));
    return GST_BUS_PASS;
}

static GstPadProbeReturn hold(GstPad *, GstPadProbeInfo *, gpointer) {
    return GST_PAD_PROBE_OK;
}

static void who_blocks_downstream_holds_back_no_other() {
    constexpr std::size_t kBlocked = 4;
    Rig free;
    free.play();
    std::array<Rig, kBlocked> blocked;
    std::array<gulong, kBlocked> probes{};
    std::vector<std::unique_ptr<RtmpPublisher>> publishers;
    const auto join = [&](const std::string &stream) {
        auto &publisher = *publishers.emplace_back(std::make_unique<RtmpPublisher>(free.port()));
        g_assert_true(publisher.publish("live", stream).accepted);
        publisher.sendConfig();
        publisher.sendFrames(2);
    };
    for (std::size_t i = 0; i < kBlocked; i++) {
        const std::string stream = "blocked" + std::to_string(i);
        g_object_set(blocked[i].element, "port", free.port(), "stream", stream.c_str(), nullptr);
        blocked[i].play();
        const ObjectRef<GstPad> pad(gst_element_get_static_pad(blocked[i].element, "src"));
        probes[i] = gst_pad_add_probe(
            pad.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
            hold, nullptr, nullptr);
        join(stream);
    }
    join("demo");
    for (int i = 0; i < 4; i++) // header, configuration and two frames
        free.pull();
    for (std::size_t i = 0; i < kBlocked; i++) {
        g_assert_cmpuint(gst_harness_buffers_in_queue(blocked[i].h), ==, 0);
        const ObjectRef<GstPad> pad(gst_element_get_static_pad(blocked[i].element, "src"));
        gst_pad_remove_probe(pad.get(), probes[i]);
        for (int frame = 0; frame < 4; frame++)
            blocked[i].pull();
    }
}

static void an_application_ends_a_stream_in_any_moment() {
    for (const bool published : {false, true}) {
        Rig rig;
        rig.play();
        RtmpPublisher publisher(rig.port());
        if (published) {
            g_assert_true(publisher.publish("live", "demo").accepted);
            publisher.sendConfig();
            publisher.sendFrames(1);
            for (int i = 0; i < 3; i++)
                rig.pull();
        }
        g_assert_true(gst_element_send_event(rig.element, gst_event_new_eos()));
        rig.event(GST_EVENT_EOS);
    }
}

static void a_flush_in_the_middle_loses_nothing_that_comes_later() {
    Rig rig;
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1);
    for (int i = 0; i < 3; i++)
        rig.pull();
    g_assert_true(gst_element_send_event(rig.element, gst_event_new_flush_start()));
    g_assert_true(gst_element_send_event(rig.element, gst_event_new_flush_stop(FALSE)));
    publisher.sendFrame(23);
    rig.pull();
}

static void a_number_of_buffers_is_the_end_without_another_frame() {
    Rig rig;
    g_object_set(rig.element, "num-buffers", 3, nullptr);
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1);
    rig.event(GST_EVENT_EOS);
}

static void an_application_may_bring_its_own_threads() {
    const ObjectRef<GstTaskPool> pool(
        GST_TASK_POOL(gst_object_ref_sink(g_object_new(counting_pool_get_type(), nullptr))));
    gst_task_pool_prepare(pool.get(), nullptr);
    pushed = 0;
    {
        Rig rig;
        gst_bus_set_sync_handler(rig.bus.get(), givePool, pool.get(), nullptr);
        rig.play();
        g_assert_cmpint(pushed, ==, 1);
        RtmpPublisher publisher(rig.port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendConfig();
        publisher.sendFrames(2);
        for (int i = 0; i < 4; i++)
            rig.pull();
    }
    gst_task_pool_cleanup(pool.get());
}

void rtmpserversrc_test::addThreadTests() {
    g_test_add_func("/rtmpserversrc/threads/blocked", who_blocks_downstream_holds_back_no_other);
    g_test_add_func("/rtmpserversrc/threads/eos", an_application_ends_a_stream_in_any_moment);
    g_test_add_func("/rtmpserversrc/threads/flush", a_flush_in_the_middle_loses_nothing_that_comes_later);
    g_test_add_func("/rtmpserversrc/threads/count", a_number_of_buffers_is_the_end_without_another_frame);
    g_test_add_func("/rtmpserversrc/threads/own", an_application_may_bring_its_own_threads);
}
