// SPDX-License-Identifier: LGPL-2.1-or-later
// How connections and sessions of the emulator end, and go on.
#include "tests/support/gladia_client.h"

#include <cstring>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

static void a_bad_token_is_refused_before_the_upgrade() {
    const GladiaEmulator emulator;
    const WebSocketClient without({.url = emulator.url() + "/v2/live"});
    g_assert_cmpint(without.status(), ==, 403);
    const WebSocketClient wrong({.url = emulator.url() + "/v2/live?token=abc"});
    g_assert_cmpint(wrong.status(), ==, 403);
    g_assert_false(wrong.connected());
}

static void a_resumed_session_goes_on_at_the_acknowledged_byte() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const Bytes audio = toneBytes("1593570");
    emulator.faults().add({.kind = FaultKind::kDrop, .atByte = audio.size() / 2});
    client.send(audio, 1000);
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 0);
    const auto before = ackRanges(client.socket->frames());
    const gint64 owned = before.back().end;
    g_assert_cmpint(owned, ==, static_cast<gint64>(audio.size() / 2 / 1000 * 1000));
    client.connect();
    client.send(Bytes(audio.begin() + owned, audio.end()), 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(ackRanges(client.socket->frames()).front().start, ==, owned);
    const SessionReport report = emulator.report().sessions.at(0);
    assertText(report.text(), "1 5 9 3 5 7 0");
    g_assert_cmpuint(report.bytes, ==, audio.size());
    g_assert_cmpuint(report.connections, ==, 2);
}

static void held_audio_is_forgotten_by_a_drop_and_acknowledged_by_a_release() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const Bytes audio = toneBytes("48");
    const auto held = emulator.faults().add({.kind = FaultKind::kHoldAcknowledgements});
    client.send(audio, 4000);
    const auto allPending = [&](const EmulatorReport &r) {
        return r.sessions[0].pendingBytes == audio.size();
    };
    g_assert_true(emulator.waitFor(allPending));
    emulator.faults().add({.kind = FaultKind::kDrop});
    g_assert_true(client.socket->waitForClose());
    g_assert_true(client.socket->frames().empty());
    client.connect();
    client.send(audio, 4000);
    g_assert_true(emulator.waitFor(allPending));
    emulator.faults().remove(held);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), " 4 8");
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, audio.size());
}

static void a_reset_leaves_the_session_to_be_resumed() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    client.send(Bytes(6400), 3200);
    g_assert_true(client.waitFor("audio_chunk", 2));
    emulator.faults().add({.kind = FaultKind::kReset});
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 0);
    client.connect();
    client.send(Bytes(3200), 3200);
    g_assert_true(client.waitFor("audio_chunk"));
    g_assert_cmpint(ackRanges(client.socket->frames()).front().start, ==, 6400);
}

static void a_stop_is_remembered_over_a_drop() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    emulator.faults().add({.kind = FaultKind::kDrop, .atStop = true});
    client.send(toneBytes("66"), 4000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 0);
    g_assert_cmpuint(client.count("stop_recording"), ==, 0);
    client.connect();
    const std::vector<std::string> expected = {"stop_recording", "post_transcript", "post_final_transcript"};
    g_assert_true(client.typesToTheEnd() == expected);
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
    // It is over now.
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));
    const WebSocketClient again({.url = client.url});
    g_assert_cmpint(again.status(), ==, 403);
}

static void the_newest_connection_wins() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const std::unique_ptr<WebSocketClient> older = std::move(client.socket);
    client.connect();
    g_assert_true(older->waitForClose());
    g_assert_cmpint(older->closeCode(), ==, 4409);
    client.send(toneBytes("9"), 4000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), " 9");
}

static void a_message_above_one_mebibyte_is_answered_1009() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    client.socket->sendBinary(Bytes(1 << 20));
    g_assert_true(client.waitFor("audio_chunk"));
    client.socket->sendBinary(Bytes((1 << 20) + 1));
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1009);
    client.connect(); // the session survives it
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
}

static void audio_after_the_stop_is_not_taken() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    emulator.faults().add({.kind = FaultKind::kMute}); // so that it does not close at once
    client.stop();
    client.send(Bytes(3200), 3200);
    g_assert_true(
        emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].receivedBytes == 3200; }));
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, 0);
}

static void a_session_without_audio_is_ended_with_4408() {
    const GladiaEmulator emulator({.idleMs = 50});
    GladiaClient idle(emulator, kPlainRequest);
    g_assert_true(idle.socket->waitForClose());
    g_assert_cmpint(idle.socket->closeCode(), ==, 4408);
    g_assert_cmpuint(idle.count("post_final_transcript"), ==, 1);
}

static void a_session_without_a_connection_ends_by_itself() {
    const GladiaEmulator emulator({.resumeMs = 50});
    g_assert_cmpint(postLive(emulator, kPlainRequest).status, ==, 201);
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));
}

static void a_session_ends_at_its_longest_duration() {
    const GladiaEmulator emulator({.audioSeconds = 1});
    GladiaClient longest(emulator, kPlainRequest);
    longest.send(Bytes(64000), 1000);
    g_assert_true(longest.socket->waitForClose());
    g_assert_cmpint(longest.socket->closeCode(), ==, 1000);
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, 32000);
}

static void a_client_that_closes_normally_ends_its_session() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    client.send(toneBytes("5"), 4000);
    g_assert_true(client.waitFor("transcript"));
    client.socket->close(1000);
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].ended; }));
    const HttpAnswer job = httpRequest("GET", emulator.url() + "/v2/live/" + client.id, kGladiaKey);
    assertText(textOf(parsed(job.body).get(), "status"), "done");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/resume/" #function, function)
    ADD(a_bad_token_is_refused_before_the_upgrade);
    ADD(a_resumed_session_goes_on_at_the_acknowledged_byte);
    ADD(held_audio_is_forgotten_by_a_drop_and_acknowledged_by_a_release);
    ADD(a_reset_leaves_the_session_to_be_resumed);
    ADD(a_stop_is_remembered_over_a_drop);
    ADD(the_newest_connection_wins);
    ADD(a_message_above_one_mebibyte_is_answered_1009);
    ADD(audio_after_the_stop_is_not_taken);
    ADD(a_session_without_audio_is_ended_with_4408);
    ADD(a_session_without_a_connection_ends_by_itself);
    ADD(a_session_ends_at_its_longest_duration);
    ADD(a_client_that_closes_normally_ends_its_session);
#undef ADD
    return g_test_run();
}
