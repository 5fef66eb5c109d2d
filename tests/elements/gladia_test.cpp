// SPDX-License-Identifier: LGPL-2.1-or-later
// gladiasink against the emulator: what is said comes out, in order and on time.
#include "tests/elements/gladia_tests.h"

#include <map>
#include <set>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

static void every_digit_comes_out_once_and_in_order() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    const std::string sequence = "159#,26A0,7,3*84,D";
    rig.push(support::makeDtmf(sequence));
    g_assert_cmpint(rig.lastFlow(), ==, GST_FLOW_OK);
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    assertSame(finalTexts(heard), spoken(sequence));
    const auto report = emulator.report();
    g_assert_cmpuint(report.sessions.size(), ==, 1);
    g_assert_cmpuint(report.sessions[0].stops, ==, 1);
}

static void partials_precede_their_final_under_one_id_with_rising_revisions() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("1234,5678"));
    rig.pushEos();
    std::map<std::string, guint64> revisions;
    std::set<std::string> finished;
    std::size_t partials = 0;
    for (const Heard &one : rig.hearUntilEos()) {
        g_assert_false(finished.contains(one.id));
        g_assert_cmpuint(one.revision, >, revisions[one.id]);
        revisions[one.id] = one.revision;
        g_assert_true(one.droppable == !one.isFinal);
        assertSame(one.epoch, emulator.report().sessions[0].id);
        partials += !one.isFinal;
        if (one.isFinal)
            finished.insert(one.id);
    }
    g_assert_cmpuint(finished.size(), ==, 2);
    g_assert_cmpuint(partials, >=, 2);
}

static void without_partials_only_finals_come() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "partials", FALSE, nullptr); });
    rig.setCaps();
    rig.push(support::makeDtmf("123,456"));
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    g_assert_cmpuint(heard.size(), ==, 2);
    g_assert_true(heard[0].isFinal && heard[1].isFinal);
}

static void timestamps_are_the_utterances_running_time() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    support::DtmfTiming timing;
    timing.leadMs = 500;
    rig.push(support::makeDtmf("12,34", timing), 7 * GST_SECOND);
    rig.pushEos();
    std::vector<Heard> finals;
    GstClockTime last = 0;
    for (const Heard &one : rig.hearUntilEos()) {
        g_assert_cmpuint(one.pts, >=, last);
        g_assert_cmpuint(one.pts, ==, one.start);
        g_assert_cmpuint(one.pts + one.duration, ==, one.end);
        last = one.pts;
        if (one.isFinal)
            finals.push_back(one);
    }
    g_assert_cmpuint(finals.size(), ==, 2);
    const auto near = [](GstClockTime time, GstClockTime truth) {
        return time + 50 * GST_MSECOND > truth && time < truth + 50 * GST_MSECOND;
    };
    g_assert_true(near(finals[0].pts, 7500 * GST_MSECOND));
    g_assert_true(near(finals[1].pts, 8900 * GST_MSECOND));
}

static void stage_stamps_are_in_order() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    rig.pushEos();
    for (const Heard &one : rig.hearUntilEos()) {
        g_assert_cmpuint(one.stamps.audio_entered, <=, one.stamps.audio_sent);
        g_assert_cmpuint(one.stamps.audio_sent, <=, one.stamps.received);
        g_assert_cmpuint(one.stamps.received, <=, one.stamps.pushed);
        g_assert_true(GST_CLOCK_TIME_IS_VALID(one.stamps.pushed));
    }
}

static void audio_from_before_the_session_is_ready_is_sent() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kIgnorePost, .times = 0});
    GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "connect-timeout-ms", 300, nullptr); });
    rig.setCaps();
    const GstClockTime next = rig.push(support::makeDtmf("12345"));
    g_assert_nonnull(rig.elementMessage("gladiasink/retrying").get());
    emulator.faults().clear();
    rig.push(support::makeDtmf("67890"), next);
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("1234567890"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    add("every digit comes out once and in order", every_digit_comes_out_once_and_in_order);
    add("partials precede their final under one id with rising revisions",
        partials_precede_their_final_under_one_id_with_rising_revisions);
    add("without partials only finals come", without_partials_only_finals_come);
    add("timestamps are the utterance's running time", timestamps_are_the_utterances_running_time);
    add("stage stamps are in order", stage_stamps_are_in_order);
    add("audio from before the session is ready is sent", audio_from_before_the_session_is_ready_is_sent);
    addGladiaOutputTests();
    addGladiaTextTests();
    addGladiaOptionTests();
    addGladiaTlsTests();
    addGladiaProxyTests();
    addGladiaStateTests();
    addGladiaTroubleTests();
    const int status = g_test_run();
    gst_deinit();
    return status;
}
