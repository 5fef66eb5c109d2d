// SPDX-License-Identifier: LGPL-2.1-or-later
// The source pad: events, order, messages, log lines; and what must never show up anywhere.
#include "tests/elements/gladia_tests.h"

#include <mutex>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

namespace {

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
    rig.event(GST_EVENT_GAP); // and they go on
}

static void a_final_that_comes_twice_is_one() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRepeatFinal, .times = 2});
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("12,34,56"));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), "1 2 3 4 5 6");
    g_assert_cmpuint(rig.stat("repeated-transcripts"), ==, 2);
}

static void finals_out_of_order_do_not_turn_back_the_stream() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kReorderFinals});
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("12,34,56"));
    rig.pushEos();
    GstClockTime last = 0, firstStart = 0;
    std::string finals;
    for (const Heard &one : rig.hearUntilEos()) {
        g_assert_cmpuint(one.pts, >=, last);
        last = one.pts;
        if (!one.isFinal)
            continue;
        finals += one.text + "|";
        if (one.text == "1 2")
            firstStart = one.start;
    }
    assertSame(finals, "3 4|1 2|5 6|");
    g_assert_cmpuint(firstStart, <, 100 * GST_MSECOND); // in JSON it keeps its own time
}

static void what_the_element_does_not_know_goes_on() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    gst_harness_push_event(rig.harness(),
                           gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("x")));
    g_assert_true(gst_event_has_name(rig.event(GST_EVENT_CUSTOM_DOWNSTREAM).get(), "x"));
    gst_harness_push_event(rig.harness(), gst_event_new_livetranscript_heartbeat("up", 15000, 3));
    rig.event(GST_EVENT_CUSTOM_BOTH_OOB);
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
        const auto logged = [](const char *line) {
            return g_regex_match_simple(line, theLog.text.c_str(), GRegexCompileFlags{}, GRegexMatchFlags{});
        };
        g_assert_true(eventually([&] {
            at = rig.push(support::makeDtmf("12"), at); // partials keep coming
            std::lock_guard lock(theLog.mutex);
            return logged(
                       R"(\[RX\] mode=(normal|drain) fps_in=\d+\.\d q=\d+ drops=0 write_ms=\d+\.\d{3} session=hall-7)") &&
                   logged(R"(\[TX\] fps=\d+\.\d q=\d+ drops=\d+ session=hall-7)");
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
    add("a final that comes twice is one", a_final_that_comes_twice_is_one);
    add("finals out of order do not turn back the stream", finals_out_of_order_do_not_turn_back_the_stream);
    add("what the element does not know goes on", what_the_element_does_not_know_goes_on);
    add("a full live backlog drops and announces the gap", a_full_live_backlog_drops_and_announces_the_gap);
    add("transcripts are also messages when asked for", transcripts_are_also_messages_when_asked_for);
    add("several channels are told apart", several_channels_are_told_apart);
    add("the log tells once a second how it goes", the_log_tells_once_a_second_how_it_goes);
    add("neither key nor token is ever logged", neither_key_nor_token_is_ever_logged);
}
