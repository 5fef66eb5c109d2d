// SPDX-License-Identifier: LGPL-2.1-or-later
// EOS, flushes, state changes, new caps: in every phase of a session, and always back to where it was.
#include "tests/elements/gladia_tests.h"

#include <filesystem>
#include <thread>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

namespace {

std::size_t entries(const char *directory) {
    std::size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(directory)) {
        (void)entry;
        count++;
    }
    return count;
}

std::size_t threads() {
    return entries("/proc/self/task");
}
std::size_t descriptors() {
    return entries("/proc/self/fd");
}

GstEvent *withSeqnum(GstEvent *event, guint32 seqnum) {
    gst_event_set_seqnum(event, seqnum);
    return event;
}

ObjectRef<GstElement> launch(const std::string &description) {
    ErrorOut error;
    ObjectRef<GstElement> pipeline(
        GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(description.c_str(), error.out()))));
    g_assert_no_error(error.get());
    return pipeline;
}

std::string source(const char *more) {
    return std::string("audiotestsrc samplesperbuffer=800 ") + more +
           " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! ";
}

std::string sink(const GladiaEmulator &emulator) {
    return "gladiasink name=g endpoint=" + emulator.url() + " api-key=" + kKey + " ";
}

void waitForEos(GstElement *pipeline) {
    const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline));
    const MessageRef message(gst_bus_timed_pop_filtered(
        bus.get(), 20 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    g_assert_nonnull(message.get());
    g_assert_cmpint(GST_MESSAGE_TYPE(message.get()), ==, GST_MESSAGE_EOS);
}

} // namespace

static void eos_without_audio_makes_no_session() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.pushEos();
    g_assert_true(rig.hearUntilEos().empty());
    g_assert_nonnull(rig.message(GST_MESSAGE_EOS).get());
    g_assert_cmpuint(emulator.report().posts, ==, 0);
}

static void eos_keeps_its_seqnum_and_is_posted_once() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    const guint32 seqnum = gst_util_seqnum_next();
    gst_harness_push_event(rig.harness(), withSeqnum(gst_event_new_eos(), seqnum));
    gst_harness_push_event(rig.harness(), gst_event_new_eos()); // twice
    bool ended = false;
    while (!ended) {
        const EventRef event(gst_harness_pull_event(rig.harness()));
        g_assert_nonnull(event.get());
        ended = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
        if (ended)
            g_assert_cmpuint(gst_event_get_seqnum(event.get()), ==, seqnum);
    }
    const MessageRef message = rig.message(GST_MESSAGE_EOS);
    g_assert_nonnull(message.get());
    g_assert_cmpuint(gst_message_get_seqnum(message.get()), ==, seqnum);
    gst_element_set_state(rig.element(), GST_STATE_NULL);
    g_assert_null(rig.message(GST_MESSAGE_EOS, std::chrono::milliseconds(0)).get());
}

static void eos_is_posted_in_playing_only() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    gst_element_set_state(rig.element(), GST_STATE_PAUSED);
    rig.pushEos();
    rig.hearUntilEos();
    g_assert_null(rig.message(GST_MESSAGE_EOS, std::chrono::milliseconds(0)).get());
    gst_element_set_state(rig.element(), GST_STATE_PLAYING);
    g_assert_nonnull(rig.message(GST_MESSAGE_EOS).get());
}

static void eos_while_connecting_loses_nothing() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRefusePost, .status = 503}); // connecting takes a while
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("123"));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("123"));
}

static void a_pipeline_ends_with_the_source_pad_unlinked() {
    GladiaEmulator emulator;
    const auto pipeline = launch(source("num-buffers=20") + sink(emulator));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    waitForEos(pipeline.get());
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

static void a_pipeline_ends_with_sinks_that_preroll_downstream() {
    GladiaEmulator emulator;
    for (const char *more : {"num-buffers=20", "num-buffers=0", "num-buffers=20 is-live=true"}) {
        const auto pipeline =
            launch(source(more) + sink(emulator) + "! identity ! queue ! identity ! identity ! fakesink");
        gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
        waitForEos(pipeline.get());
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    }
}

static void a_flush_is_quick_in_every_phase_and_starts_anew() {
    GladiaEmulator emulator;
    const std::function<void(GladiaRig &)> phases[] = {
        [](GladiaRig &) {},                                         // nothing yet
        [](GladiaRig &rig) { rig.push(support::makeDtmf("123")); }, // connecting
        [](GladiaRig &rig) {
            rig.push(support::makeDtmf("123"));
            rig.hear();
        },                    // streaming
        [&](GladiaRig &rig) { // draining
            rig.push(support::makeDtmf("123"));
            rig.hear();
            emulator.faults().add({.kind = FaultKind::kMute});
            rig.pushEos();
        },
    };
    for (const auto &phase : phases) {
        GladiaRig rig(emulator.url());
        rig.setCaps();
        phase(rig);
        const gint64 before = g_get_monotonic_time();
        gst_harness_push_event(rig.harness(), gst_event_new_flush_start());
        g_assert_cmpint(gst_harness_push(rig.harness(), gst_buffer_new()), ==, GST_FLOW_FLUSHING);
        gst_harness_push_event(rig.harness(), gst_event_new_flush_stop(TRUE));
        g_test_message("flush took %" G_GINT64_FORMAT " us", g_get_monotonic_time() - before);
        emulator.faults().clear();
        // What was not said before the flush is forgotten; what comes after it is heard whole.
        while (const BufferRef stale{gst_harness_try_pull(rig.harness())})
            ;
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_harness_push_event(rig.harness(), gst_event_new_segment(&segment));
        rig.push(support::makeDtmf("456"));
        rig.pushEos();
        assertSame(finalTexts(rig.hearUntilEos()), spoken("456"));
    }
}

static void a_flush_frees_a_producer_that_waits() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kIgnorePost, .times = 0});
    GladiaRig rig(emulator.url(), [](GstElement *e) {
        gst_util_set_object_arg(G_OBJECT(e), "backpressure", "block");
        g_object_set(e, "max-backlog-ms", 200, nullptr);
    });
    rig.setCaps();
    std::thread producer([&] {
        rig.push(std::vector<std::int16_t>(16000));
        g_assert_cmpint(rig.lastFlow(), ==, GST_FLOW_FLUSHING);
    });
    g_assert_true(eventually([&] { return rig.stat("backlog-ms") == 200; }));
    gst_pad_push_event(rig.harness()->srcpad, gst_event_new_flush_start());
    producer.join();
    gst_pad_push_event(rig.harness()->srcpad, gst_event_new_flush_stop(TRUE));
}

static void new_caps_end_one_session_and_start_another() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    GstClockTime at = rig.push(support::makeDtmf("123"));
    rig.setCaps(); // the same again: nothing happens
    at = rig.push(support::makeDtmf("45"), at);
    rig.setCaps("audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2");
    support::DtmfTiming timing;
    timing.sampleRate = 48000;
    rig.push(support::spreadToChannels(support::makeDtmf("678", timing), 2), at, 48000, 2);
    rig.pushEos();
    std::string left, epoch;
    for (const Heard &one : rig.hearUntilEos())
        if (one.isFinal && one.id.starts_with("00"))
            left += one.text + (one.epoch == epoch || epoch.empty() ? "|" : "/"), epoch = one.epoch;
    assertSame(left, "1 2 3 4 5|6 7 8/");
    const auto report = emulator.report();
    g_assert_cmpuint(report.sessions.size(), ==, 2);
    g_assert_true(report.sessions[1].requestBody.find("48000") != std::string::npos);
}

static void rounds(int count) {
    GladiaEmulator emulator;
    for (int i = 0; i < count; i++) {
        const auto pipeline = launch(source("is-live=true") + sink(emulator) + "! fakesink async=false");
        const ObjectRef<GstElement> element(gst_bin_get_by_name(GST_BIN(pipeline.get()), "g"));
        gst_element_set_state(pipeline.get(), i % 3 == 1 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
        if (i % 3 == 2) // not half way, for once
            g_assert_true(eventually([&] {
                GstStructure *raw = nullptr;
                g_object_get(element.get(), "stats", &raw, nullptr);
                const StructureRef stats(raw);
                return g_strcmp0(gst_structure_get_string(stats.get(), "state"), "streaming") == 0;
            }));
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    }
}

static void null_to_playing_a_hundred_times_leaves_nothing_behind() {
    rounds(3); // what is made once and kept
    const std::size_t fds = descriptors(), tasks = threads();
    rounds(100);
    eventually([&] { return descriptors() <= fds && threads() <= tasks; });
    g_assert_cmpuint(descriptors(), <=, fds);
    g_assert_cmpuint(threads(), <=, tasks);
}

static void a_dead_endpoint_does_not_hold_up_null() {
    const std::size_t fds = descriptors(), tasks = threads();
    for (int i = 0; i < 30; i++) {
        const auto pipeline =
            launch(source("is-live=true") + "gladiasink endpoint=http://127.0.0.1:1 api-key=k");
        gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    }
    eventually([&] { return descriptors() <= fds && threads() <= tasks; });
    g_assert_cmpuint(descriptors(), <=, fds);
    g_assert_cmpuint(threads(), <=, tasks);
}

static void ready_and_playing_alternate_with_clean_streams() {
    GladiaEmulator emulator;
    const auto pipeline =
        launch(source("num-buffers=10 wave=silence") + sink(emulator) + "! fakesink async=false");
    for (int i = 0; i < 5; i++) {
        gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
        waitForEos(pipeline.get());
        gst_element_set_state(pipeline.get(), GST_STATE_READY);
    }
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    g_assert_cmpuint(emulator.report().sessions.size(), ==, 5);
}

static void null_is_reached_though_the_peer_never_says_goodbye() {
    GladiaEmulator emulator;
    const auto pipeline = launch(source("is-live=true") + sink(emulator) + "shutdown-timeout-ms=100");
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    g_assert_true(emulator.waitFor(
        [](const auto &report) { return !report.sessions.empty() && report.sessions[0].chunks > 0; }));
    emulator.faults().add({.kind = FaultKind::kMute});
    g_assert_cmpint(gst_element_set_state(pipeline.get(), GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
    emulator.faults().clear();
}

static void leaving_says_goodbye_with_1000() {
    GladiaEmulator emulator;
    {
        GladiaRig rig(emulator.url());
        rig.setCaps();
        rig.push(support::makeDtmf("1"));
        rig.hear();
    }
    g_assert_true(emulator.waitFor([](const auto &report) { return report.connections == 0; }));
    g_assert_cmpint(emulator.report().sessions[0].clientCloseCode, ==, 1000);
}

void lt::test::addGladiaStateTests() {
    add("EOS without audio makes no session", eos_without_audio_makes_no_session);
    add("EOS keeps its seqnum and is posted once", eos_keeps_its_seqnum_and_is_posted_once);
    add("EOS is posted in PLAYING only", eos_is_posted_in_playing_only);
    add("EOS while connecting loses nothing", eos_while_connecting_loses_nothing);
    add("a pipeline ends with the source pad unlinked", a_pipeline_ends_with_the_source_pad_unlinked);
    add("a pipeline ends with sinks that preroll downstream",
        a_pipeline_ends_with_sinks_that_preroll_downstream);
    add("a flush is quick in every phase and starts anew", a_flush_is_quick_in_every_phase_and_starts_anew);
    add("a flush frees a producer that waits", a_flush_frees_a_producer_that_waits);
    add("new caps end one session and start another", new_caps_end_one_session_and_start_another);
    add("NULL to PLAYING a hundred times leaves nothing behind",
        null_to_playing_a_hundred_times_leaves_nothing_behind);
    add("a dead endpoint does not hold up NULL", a_dead_endpoint_does_not_hold_up_null);
    add("READY and PLAYING alternate with clean streams", ready_and_playing_alternate_with_clean_streams);
    add("NULL is reached though the peer never says goodbye",
        null_is_reached_though_the_peer_never_says_goodbye);
    add("leaving says goodbye with 1000", leaving_says_goodbye_with_1000);
}
