// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults of the emulator as a whole: requests, restarts, outages.
#include "tests/support/gladia_client.h"

#include <atomic>
#include <memory>
#include <string>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

static void requests_are_refused_with_the_documented_body() {
    for (const int status : {400, 401, 402, 403, 422, 429, 500, 503}) {
        GladiaEmulator emulator;
        emulator.faults().add({.kind = FaultKind::kRefusePost, .status = status});
        const HttpAnswer answer = postLive(emulator, "{}");
        g_assert_cmpint(answer.status, ==, status);
        const auto body = parsed(answer.body);
        g_assert_cmpint(json_object_get_int_member(body.get(), "statusCode"), ==, status);
        g_assert_false(textOf(body.get(), "message").empty());
        g_assert_true(json_object_has_member(body.get(), "validation_errors") == (status == 400));
        g_assert_cmpint(postLive(emulator, "{}").status, ==, 201);
    }
}

static void an_ignored_request_is_never_answered() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, "{}");
    emulator.faults().add({.kind = FaultKind::kIgnorePost});
    g_assert_cmpint(httpRequest("POST", emulator.url() + "/v2/live", kGladiaKey, "{}", 1).status, ==, 0);
    emulator.faults().add({.kind = FaultKind::kIgnoreUpgrade});
    g_assert_cmpint(WebSocketClient({.url = client.url, .timeoutSeconds = 1}).status(), ==, 0);
    client.connect();
}

static bool refused(const GladiaEmulator &emulator) {
    return httpRequest("GET", emulator.url() + "/v2/live", kGladiaKey).status == 0;
}

static void a_restart_keeps_or_forgets_the_sessions() {
    for (const bool forget : {false, true}) {
        GladiaEmulator emulator;
        GladiaClient client(emulator, kPlainRequest);
        client.send(Bytes(3200), 3200);
        g_assert_true(client.waitFor("audio_chunk"));
        emulator.faults().add({.kind = FaultKind::kRestart, .forMs = 500, .forgetSessions = forget});
        g_assert_true(refused(emulator));
        g_assert_true(client.socket->waitForClose());
        while (refused(emulator))
            ;
        const WebSocketClient again({.url = client.url});
        g_assert_cmpint(again.status(), ==, forget ? 403 : 101);
        g_assert_cmpint(postLive(emulator, "{}").status, ==, 201);
    }
}

static void an_outage_ends_by_itself_and_loses_nothing() {
    GladiaEmulator emulator;
    const Bytes audio = toneBytes("246");
    emulator.faults().add({.kind = FaultKind::kOutage, .atByte = 12000, .forMs = 50});
    GladiaClient client(emulator, kPlainRequest);
    client.send(audio, 1000);
    g_assert_true(client.socket->waitForClose());
    while (refused(emulator))
        ;
    const gint64 owned = ackRanges(client.socket->frames()).back().end;
    g_assert_cmpint(owned, ==, 12000);
    client.connect();
    client.send(Bytes(audio.begin() + owned, audio.end()), 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(emulator.report().sessions[0].text(), "2 4 6");
    g_assert_cmpuint(emulator.report().recoveriesMs.size(), ==, 1);
}

static void of_outages_that_overlap_the_longest_counts() {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.clock = {.monotonicMilliseconds = [now] {
                                 return now->load();
                             }}});
    emulator.faults().add({.kind = FaultKind::kOutage, .forMs = 3000});
    emulator.faults().add({.kind = FaultKind::kRestart, .forMs = 1000});
    emulator.faults().add({.kind = FaultKind::kOutage, .forMs = 2000, .silent = true});
    *now += 2999;
    emulator.timeMoved();
    g_assert_true(refused(emulator));
    *now += 1;
    emulator.timeMoved();
    g_assert_false(refused(emulator));
}

static void in_a_silent_outage_nothing_moves_and_nothing_breaks() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const gint64 before = g_get_monotonic_time();
    emulator.faults().add({.kind = FaultKind::kOutage, .forMs = 100, .silent = true});
    client.send(toneBytes("35"), 4000);
    const HttpAnswer late = postLive(emulator, "{}");
    g_assert_cmpint(late.status, ==, 201);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 100000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), " 3 5");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/server-faults/" #function, function)
    ADD(requests_are_refused_with_the_documented_body);
    ADD(an_ignored_request_is_never_answered);
    ADD(a_restart_keeps_or_forgets_the_sessions);
    ADD(an_outage_ends_by_itself_and_loses_nothing);
    ADD(of_outages_that_overlap_the_longest_counts);
    ADD(in_a_silent_outage_nothing_moves_and_nothing_breaks);
#undef ADD
    return g_test_run();
}
