// SPDX-License-Identifier: LGPL-2.1-or-later
// The source pad: events, GAPs, text, latency, messages; and what must never show up anywhere.
#include "tests/elements/gladia_tests.h"

#include <atomic>
#include <mutex>
#include <regex>
#include <thread>

#include <gst/check/gsttestclock.h>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

namespace {

constexpr const char *kTextCaps = "text/x-raw,format=utf8";

/// The next event of this type; fails the test when none comes.
EventRef eventOf(GladiaRig &rig, GstEventType type) {
    const gint64 end = g_get_monotonic_time() + std::chrono::microseconds(kPatience).count();
    while (g_get_monotonic_time() < end)
        if (EventRef event{gst_harness_pull_event(rig.harness())};
            event && GST_EVENT_TYPE(event.get()) == type)
            return event;
    g_assert_not_reached();
}

struct Log {
    std::mutex mutex;
    std::string text;
};
Log theLog; // the log function has no other way in

void keepLog(GstDebugCategory *, GstDebugLevel, const gchar *, const gchar *, gint, GObject *,
             GstDebugMessage *message, gpointer) {
    const std::string line = gst_debug_message_get(message); // may log itself
    std::lock_guard lock(theLog.mutex);
    theLog.text += line + '\n';
}

} // namespace

static void the_stream_begins_in_order() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    for (const GstEventType type :
         {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT, GST_EVENT_GAP}) {
        const EventRef event(gst_harness_pull_event(rig.harness()));
        g_assert_nonnull(event.get());
        g_assert_cmpstr(GST_EVENT_TYPE_NAME(event.get()), ==, gst_event_type_get_name(type));
        if (type == GST_EVENT_SEGMENT) {
            const GstSegment *segment = nullptr;
            gst_event_parse_segment(event.get(), &segment);
            g_assert_cmpint(segment->format, ==, GST_FORMAT_TIME);
            g_assert_cmpuint(segment->start, ==, 0);
            g_assert_cmpuint(segment->base, ==, 0);
        }
    }
    eventOf(rig, GST_EVENT_GAP); // and they go on
}

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
            const EventRef gap = eventOf(rig, GST_EVENT_GAP);
            GstClockTime start = 0, duration = 0;
            gst_event_parse_gap(gap.get(), &start, &duration);
            reached = start + duration;
            g_assert_cmpuint(reached, <=, limit);
        } while (reached < limit);
    }
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
        eventOf(rig, GST_EVENT_GAP);
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

static void what_the_element_does_not_know_goes_on() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    gst_harness_push_event(rig.harness(),
                           gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("x")));
    g_assert_true(gst_event_has_name(eventOf(rig, GST_EVENT_CUSTOM_DOWNSTREAM).get(), "x"));
    gst_harness_push_event(rig.harness(), gst_event_new_livetranscript_heartbeat("up", 15000, 3));
    eventOf(rig, GST_EVENT_CUSTOM_BOTH_OOB);
    gst_harness_push_upstream_event(rig.harness(), gst_event_new_livetranscript_heartbeat("down", 15000, 3));
    bool reached = false;
    while (const EventRef event{gst_harness_try_pull_upstream_event(rig.harness())})
        reached |= gst_event_parse_livetranscript_heartbeat(event.get(), nullptr, nullptr, nullptr);
    g_assert_true(reached);
    // A tag of the audio is none of the transcripts.
    gst_harness_push_event(rig.harness(), gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "t", nullptr)));
    rig.pushEos();
    bool ended = false;
    while (!ended) {
        const EventRef event(gst_harness_pull_event(rig.harness()));
        g_assert_cmpint(GST_EVENT_TYPE(event.get()), !=, GST_EVENT_TAG);
        ended = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
    }
}

static void a_full_live_backlog_drops_and_announces_the_gap() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRefusePost, .status = 503});
    GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "max-backlog-ms", 1000, nullptr); });
    gst_harness_set_live(rig.harness(), TRUE);
    rig.setCaps();
    support::DtmfTiming timing;
    timing.leadMs = 2000;
    rig.push(support::makeDtmf("123", timing)); // 2.6 s: at least 1.6 s of it are dropped before the retry
    const MessageRef gap = rig.elementMessage("gladiasink/gap");
    g_assert_nonnull(gap.get());
    rig.pushEos();
    bool announced = false;
    for (const Heard &one : rig.hearUntilEos()) {
        announced |= one.kind == GST_TRANSCRIPT_KIND_GAP && one.start == 0 && one.end >= 1600 * GST_MSECOND;
        if (one.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT) {
            assertSame(one.text.substr(0, 1), "1");
            g_assert_cmpuint(one.start + 50 * GST_MSECOND, >=, 2 * GST_SECOND); // the hole does not shift it
            g_assert_cmpuint(one.start, <=, 2050 * GST_MSECOND);
        }
    }
    g_assert_true(announced);
    g_assert_cmpuint(rig.stat("dropped-audio-ms"), ==, 1600);
}

static void transcripts_are_also_messages_when_asked_for() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), [](GstElement *e) {
        g_object_set(e, "post-messages", TRUE, "session", "hall-7", nullptr);
    });
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    const MessageRef message = rig.elementMessage("gladiasink/transcript");
    g_assert_nonnull(message.get());
    const GstStructure *structure = gst_message_get_structure(message.get());
    g_assert_cmpstr(gst_structure_get_string(structure, "session"), ==, "hall-7");
    g_assert_true(gst_structure_has_field_typed(structure, "transcript", GST_TYPE_TRANSCRIPT));
    g_assert_nonnull(gst_structure_get_string(structure, "json"));
}

static void several_channels_are_told_apart() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps(
        "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=2,channel-mask=(bitmask)0x3");
    rig.push(support::spreadToChannels(support::makeDtmf("123"), 2), 0, 16000, 2);
    rig.pushEos();
    std::size_t finals = 0;
    for (const Heard &one : rig.hearUntilEos())
        if (one.isFinal) {
            assertSame(one.text, "1 2 3");
            finals++;
        }
    g_assert_cmpuint(finals, ==, 2);
}

static void the_log_tells_once_a_second_how_it_goes() {
    GladiaEmulator emulator;
    (gst_debug_remove_log_function)(gst_debug_log_default);
    (gst_debug_add_log_function)(keepLog, nullptr, nullptr);
    gst_debug_set_threshold_from_string("gladiasink:4", TRUE);
    {
        GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "session", "hall-7", nullptr); });
        rig.setCaps();
        GstClockTime at = 0;
        const std::regex received(
            R"(\[RX\] mode=(normal|drain) fps_in=\d+\.\d q=\d+ drops=0 write_ms=\d+\.\d{3} session=hall-7)");
        const std::regex sent(R"(\[TX\] fps=\d+\.\d q=\d+ drops=0 session=hall-7)");
        g_assert_true(eventually([&] {
            at = rig.push(support::makeDtmf("12"), at); // partials keep coming
            std::lock_guard lock(theLog.mutex);
            return std::regex_search(theLog.text, received) && std::regex_search(theLog.text, sent);
        }));
    }
    gst_debug_set_threshold_from_string("GST_TRACER:7", TRUE);
    (gst_debug_remove_log_function)(keepLog);
    (gst_debug_add_log_function)(gst_debug_log_default, nullptr, nullptr);
    std::lock_guard lock(theLog.mutex);
    theLog.text = {};
}

static void neither_key_nor_token_is_ever_logged() {
    GladiaEmulator emulator;
    (gst_debug_remove_log_function)(gst_debug_log_default);
    (gst_debug_add_log_function)(keepLog, nullptr, nullptr);
    gst_debug_set_threshold_from_string("*:9", TRUE);
    std::vector<std::string> messages;
    for (const int fault : {0, 401, 403}) {
        if (fault == 401)
            emulator.faults().add({.kind = FaultKind::kRefusePost, .status = 401});
        else if (fault == 403)
            emulator.faults().add({.kind = FaultKind::kRefuseUpgrade, .times = 5, .status = 403});
        GladiaRig rig(emulator.url());
        rig.setCaps();
        rig.push(support::makeDtmf("1"));
        rig.pushEos();
        bool over = false;
        while (!over) {
            const MessageRef message = rig.message(GST_MESSAGE_ANY);
            g_assert_nonnull(message.get());
            over = GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS ||
                   GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR;
            if (const GstStructure *structure = gst_message_get_structure(message.get()))
                messages.push_back(CharPtr(gst_structure_to_string(structure)).get());
        }
    }
    gst_debug_set_threshold_from_string("GST_TRACER:7", TRUE);
    (gst_debug_remove_log_function)(keepLog);
    (gst_debug_add_log_function)(gst_debug_log_default, nullptr, nullptr);

    std::lock_guard lock(theLog.mutex);
    g_assert_true(theLog.text.find("gladiasink") != std::string::npos); // it was listening
    std::vector<std::string> secrets{kKey};
    for (const auto &session : emulator.report().sessions)
        secrets.push_back(session.token);
    g_assert_cmpuint(secrets.size(), >, 2);
    for (const std::string &secret : secrets) {
        g_assert_true(theLog.text.find(secret) == std::string::npos);
        for (const std::string &message : messages)
            g_assert_true(message.find(secret) == std::string::npos);
    }
    theLog.text = {};
}

void lt::test::addGladiaOutputTests() {
    add("the stream begins in order", the_stream_begins_in_order);
    add("text GAPs stay behind the clock by the latency", text_gaps_stay_behind_the_clock_by_the_latency);
    add("text GAPs go on while partials keep coming", text_gaps_go_on_while_partials_keep_coming);
    add("text downstream gets the finals' text", text_downstream_gets_the_finals_text);
    add("latency is added to live text only", latency_is_added_to_live_text_only);
    add("what the element does not know goes on", what_the_element_does_not_know_goes_on);
    add("a full live backlog drops and announces the gap", a_full_live_backlog_drops_and_announces_the_gap);
    add("transcripts are also messages when asked for", transcripts_are_also_messages_when_asked_for);
    add("several channels are told apart", several_channels_are_told_apart);
    add("the log tells once a second how it goes", the_log_tells_once_a_second_how_it_goes);
    add("neither key nor token is ever logged", neither_key_nor_token_is_ever_logged);
}
