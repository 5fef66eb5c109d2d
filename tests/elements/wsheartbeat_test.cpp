// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/livetranscript/livetranscript.h"
#include "tests/elements/broadcast_rig.h"

#include <optional>
#include <string>
#include <utility>

#include <glib.h>

using namespace broadcast_test;

namespace {

/// "interval/missed" of a heartbeat event.
std::string shown(GstEvent *event) {
    guint interval = 0, missed = 0;
    g_assert_true(gst_event_parse_livetranscript_heartbeat(event, nullptr, &interval, &missed));
    return std::to_string(interval) + "/" + std::to_string(missed);
}

/// The element in a harness; tells which heartbeats have come out on either side.
class Harness {
public:
    Harness() : h(gst_harness_new("wsheartbeat")) {}
    ~Harness() { gst_harness_teardown(h); }
    Harness(const Harness &) = delete;
    Harness &operator=(const Harness &) = delete;

    /// The heartbeats that have come since the last call: "15000/3 100/2".
    std::string downstream() { return collect(gst_harness_try_pull_event); }
    std::string upstream() { return collect(gst_harness_try_pull_upstream_event); }
    void start() {
        gst_harness_set_src_caps_str(h, kJsonCaps);
        downstream();
        upstream();
    }
    void setState(GstState state) {
        g_assert_cmpint(gst_element_set_state(h->element, state), ==, GST_STATE_CHANGE_SUCCESS);
    }

    GstHarness *h;

private:
    std::string collect(GstEvent *(*pull)(GstHarness *)) {
        std::string all;
        while (lt::EventRef event{pull(h)})
            if (GST_EVENT_TYPE(event.get()) == GST_EVENT_CUSTOM_BOTH_OOB)
                all += (all.empty() ? "" : " ") + shown(event.get());
        return all;
    }
};

void expectText(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

void transcripts_pass_untouched() {
    for (const char *caps : {kJsonCaps, "text/x-raw,format=utf8"}) {
        Harness harness;
        gst_harness_set_src_caps_str(harness.h, caps);
        lt::BufferRef in = bufferOf(transcript("u1", "hello"));
        GST_BUFFER_FLAG_SET(in.get(), GST_BUFFER_FLAG_DROPPABLE);
        GstBuffer *const same = in.get();
        g_assert_cmpint(gst_harness_push(harness.h, in.release()), ==, GST_FLOW_OK);
        const lt::BufferRef out(gst_harness_pull(harness.h));
        g_assert_true(out.get() == same);
        g_assert_true(GST_BUFFER_FLAG_IS_SET(out.get(), GST_BUFFER_FLAG_DROPPABLE));
        const lt::CapsRef outCaps(gst_pad_get_current_caps(harness.h->sinkpad));
        const lt::CapsRef wanted(gst_caps_from_string(caps));
        g_assert_true(gst_caps_is_equal(outCaps.get(), wanted.get()));
    }
}

void the_policy_goes_both_ways_when_the_stream_starts() {
    Harness harness;
    gst_harness_set_src_caps_str(harness.h, kJsonCaps);
    expectText(harness.downstream().substr(0, 7), "15000/3");
    expectText(harness.upstream().substr(0, 7), "15000/3");
}

void a_change_is_told_at_once() {
    Harness harness;
    harness.start();
    g_object_set(harness.h->element, "interval-ms", 200, nullptr);
    expectText(harness.downstream(), "200/3");
    expectText(harness.upstream(), "200/3");
    g_object_set(harness.h->element, "max-missed", 7, nullptr);
    expectText(harness.downstream(), "200/7");
    expectText(harness.upstream(), "200/7");
}

void before_it_starts_nothing_is_told() {
    Harness harness;
    harness.setState(GST_STATE_READY);
    harness.downstream();
    harness.upstream();
    g_object_set(harness.h->element, "interval-ms", 200, nullptr);
    expectText(harness.downstream(), "");
    expectText(harness.upstream(), "");
}

void playing_tells_again_and_leaving_paused_withdraws() {
    Harness harness;
    harness.start();
    harness.setState(GST_STATE_PAUSED);
    expectText(harness.downstream(), "");
    harness.setState(GST_STATE_PLAYING);
    expectText(harness.downstream(), "15000/3");
    expectText(harness.upstream(), "15000/3");
    harness.setState(GST_STATE_PAUSED);
    harness.setState(GST_STATE_READY);
    expectText(harness.downstream(), "0/3");
    expectText(harness.upstream(), "0/3");
}

void new_neighbours_are_told() {
    Harness harness;
    harness.start();
    g_assert_true(gst_harness_push_upstream_event(harness.h, gst_event_new_reconfigure()));
    expectText(harness.downstream(), "15000/3");
    // The pads themselves linked anew.
    const lt::ObjectRef<GstPad> source(gst_element_get_static_pad(harness.h->element, "src"));
    g_assert_true(gst_pad_unlink(source.get(), harness.h->sinkpad));
    g_assert_cmpint(gst_pad_link(source.get(), harness.h->sinkpad), ==, GST_PAD_LINK_OK);
    expectText(harness.downstream().substr(0, 7), "15000/3");
    const lt::ObjectRef<GstPad> sink(gst_element_get_static_pad(harness.h->element, "sink"));
    g_assert_true(gst_pad_unlink(harness.h->srcpad, sink.get()));
    harness.upstream();
    g_assert_cmpint(gst_pad_link(harness.h->srcpad, sink.get()), ==, GST_PAD_LINK_OK);
    expectText(harness.upstream().substr(0, 7), "15000/3");
}

void a_neighbour_that_was_not_ready_is_told_with_the_next_transcript() {
    Harness harness;
    harness.start();
    gst_pad_set_active(harness.h->sinkpad, FALSE);
    g_object_set(harness.h->element, "interval-ms", 300, nullptr);
    expectText(harness.downstream(), "");
    gst_pad_set_active(harness.h->sinkpad, TRUE);
    g_assert_cmpint(gst_harness_push(harness.h, bufferOf(transcript("u1", "a")).release()), ==, GST_FLOW_OK);
    expectText(harness.downstream(), "300/3");
    g_assert_cmpint(gst_harness_push(harness.h, bufferOf(transcript("u2", "b")).release()), ==, GST_FLOW_OK);
    expectText(harness.downstream(), "");
}

void policies_of_others_pass() {
    Harness harness;
    harness.start();
    g_assert_true(gst_harness_push_event(harness.h, gst_event_new_livetranscript_heartbeat("other", 1, 2)));
    expectText(harness.downstream(), "1/2");
    gst_harness_push_upstream_event(harness.h, gst_event_new_livetranscript_heartbeat("other", 3, 4));
    expectText(harness.upstream(), "3/4");
}

void foreign_caps_are_refused() {
    Harness harness;
    const lt::CapsRef caps(gst_caps_from_string("application/x-json,format=other"));
    const lt::CapsRef accepted(gst_pad_peer_query_caps(harness.h->srcpad, nullptr));
    g_assert_false(gst_caps_can_intersect(caps.get(), accepted.get()));
}

void in_a_pipeline_a_silent_viewer_is_closed_and_the_policy_can_be_changed_in_playing() {
    const lt::ObjectRef<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(
        gst_parse_launch("appsrc name=in format=time is-live=true caps=application/x-json,format=transcript "
                         "! wsheartbeat name=beat ! transcriptbroadcast name=out port=0 session=demo",
                         nullptr))));
    const lt::ObjectRef<GstElement> in(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
    const lt::ObjectRef<GstElement> beat(gst_bin_get_by_name(GST_BIN(pipeline.get()), "beat"));
    const lt::ObjectRef<GstElement> out(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
    const lt::ObjectRef<GstBus> bus(gst_element_get_bus(pipeline.get()));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    // No message ever flows: it beats all the same.
    g_assert_cmpint(gst_element_get_state(pipeline.get(), nullptr, nullptr, kPatience), !=,
                    GST_STATE_CHANGE_FAILURE);
    guint port = 0;
    g_object_get(out.get(), "current-port", &port, nullptr);
    lt::test::RawViewer silent(static_cast<std::uint16_t>(port), "/ws/demo");
    const auto waitForElement = [&](const char *name) {
        for (;;) {
            auto message = waitFor(bus.get(), GST_MESSAGE_ELEMENT);
            if (gst_structure_has_name(gst_message_get_structure(message.get()), name))
                return message;
        }
    };
    waitForElement("transcriptbroadcast/viewer-added");
    g_object_set(beat.get(), "interval-ms", 50, "max-missed", 2, nullptr);
    const auto removed = waitForElement("transcriptbroadcast/viewer-removed");
    g_assert_cmpstr(gst_structure_get_string(gst_message_get_structure(removed.get()), "reason"), ==,
                    "heartbeat-timeout");
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/wsheartbeat/passes", transcripts_pass_untouched);
    g_test_add_func("/wsheartbeat/start", the_policy_goes_both_ways_when_the_stream_starts);
    g_test_add_func("/wsheartbeat/change", a_change_is_told_at_once);
    g_test_add_func("/wsheartbeat/ready", before_it_starts_nothing_is_told);
    g_test_add_func("/wsheartbeat/states", playing_tells_again_and_leaving_paused_withdraws);
    g_test_add_func("/wsheartbeat/neighbours", new_neighbours_are_told);
    g_test_add_func("/wsheartbeat/late", a_neighbour_that_was_not_ready_is_told_with_the_next_transcript);
    g_test_add_func("/wsheartbeat/others", policies_of_others_pass);
    g_test_add_func("/wsheartbeat/caps", foreign_caps_are_refused);
    g_test_add_func("/wsheartbeat/pipeline",
                    in_a_pipeline_a_silent_viewer_is_closed_and_the_policy_can_be_changed_in_playing);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
