// SPDX-License-Identifier: LGPL-2.1-or-later
// Each fault of the emulator does what its name says, and nothing else goes wrong with it.
#include "tests/support/gladia_client.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

static constexpr char kRealtime[] =
    R"({"endpointing":0.3,"messages_config":{"receive_partial_transcripts":true}})";

static Bytes upTo(const Bytes &bytes, std::size_t end) {
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end)};
}

static Bytes from(const Bytes &bytes, gint64 start) {
    return {bytes.begin() + start, bytes.end()};
}

static std::size_t endOfAcks(const GladiaClient &client) {
    const auto acks = ackRanges(client.socket->frames());
    return acks.empty() ? 0 : static_cast<std::size_t>(acks.back().end);
}

/// Sends what is not acknowledged on a new connection, and stops. The service must have heard `digits`.
static void resumeAndStop(const GladiaEmulator &emulator, GladiaClient &client, const Bytes &audio,
                          const std::string &digits) {
    g_assert_true(client.socket->waitForClose());
    const std::size_t owned = endOfAcks(client);
    client.connect();
    client.send(from(audio, static_cast<gint64>(owned)), 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
    assertText(emulator.report().sessions.back().text(), digits);
    g_assert_cmpuint(emulator.report().sessions.back().bytes, ==, audio.size());
}

static std::size_t happened(GladiaEmulator &emulator) {
    return emulator.faults().list().back().happened;
}

static void a_connection_breaks_at_a_byte_and_the_session_goes_on() {
    const Bytes audio = toneBytes("159357");
    const std::vector<Fault> faults = {
        {.kind = FaultKind::kDrop, .atByte = 20000},
        {.kind = FaultKind::kClose, .atByte = 20000, .code = 1011, .reason = "internal"},
        {.kind = FaultKind::kClose, .atByte = 20000, .code = 4503},
        {.kind = FaultKind::kClose, .atByte = 20000, .code = 1005}};
    for (const Fault &fault : faults) {
        GladiaEmulator emulator;
        emulator.faults().add(fault);
        GladiaClient client(emulator, kPlainRequest);
        client.send(audio, 1000);
        g_assert_true(client.socket->waitForClose());
        g_assert_cmpint(client.socket->closeCode(), ==, fault.code);
        g_assert_cmpuint(endOfAcks(client), ==, 20000);
        g_assert_cmpuint(happened(emulator), ==, 1);
        resumeAndStop(emulator, client, audio, "1 5 9 3 5 7");
    }
}

static void a_reset_breaks_without_a_close_frame() {
    GladiaEmulator emulator;
    const Bytes audio = toneBytes("753");
    GladiaClient client(emulator, kPlainRequest);
    client.send(upTo(audio, 16000), 1000);
    g_assert_true(client.waitFor("audio_chunk", 16));
    emulator.faults().add({.kind = FaultKind::kReset});
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 0);
    resumeAndStop(emulator, client, audio, "7 5 3");
}

static void a_connection_dies_right_after_opening_as_often_as_asked() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kDrop, .connectedMs = 0, .times = 2});
    GladiaClient client(emulator, kPlainRequest);
    g_assert_true(client.socket->waitForClose());
    client.connect();
    const Bytes audio = toneBytes("4");
    resumeAndStop(emulator, client, audio, "4");
    g_assert_cmpuint(happened(emulator), ==, 2);
}

static void a_time_can_be_given_for_a_fault() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    emulator.faults().add({.kind = FaultKind::kClose, .afterMs = 30, .code = 1012});
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1012);
}

static void a_half_open_connection_takes_no_audio_and_a_new_one_does() {
    GladiaEmulator emulator;
    const Bytes audio = toneBytes("2468");
    GladiaClient client(emulator, kPlainRequest);
    client.send(upTo(audio, 10000), 1000);
    g_assert_true(client.waitFor("audio_chunk", 10));
    emulator.faults().add({.kind = FaultKind::kStopReading, .openConnections = true});
    client.send(Bytes(audio.begin() + 10000, audio.begin() + 20000), 1000);
    const std::unique_ptr<WebSocketClient> halfOpen = std::move(client.socket);
    client.connect(); // the newest wins; what the older one sent was never read
    client.send(from(audio, 10000), 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(emulator.report().sessions[0].text(), "2 4 6 8");
    g_assert_cmpuint(emulator.report().sessions[0].receivedBytes, ==, audio.size());
}

static void reading_goes_on_when_the_fault_is_removed_or_over() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const auto stopped = emulator.faults().add({.kind = FaultKind::kStopReading});
    client.send(Bytes(3200), 3200);
    emulator.faults().remove(stopped);
    g_assert_true(client.waitFor("audio_chunk", 1));
    emulator.faults().add({.kind = FaultKind::kStopReading, .forMs = 30});
    client.send(Bytes(3200), 3200);
    g_assert_true(client.waitFor("audio_chunk", 2));
    g_assert_true(emulator.faults().list().back().phase == Faults::Phase::kOver);
}

static void acknowledgements_can_be_held_for_the_open_connections_only() {
    GladiaEmulator emulator;
    const Bytes audio = toneBytes("13");
    GladiaClient client(emulator, kPlainRequest);
    emulator.faults().add({.kind = FaultKind::kHoldAcknowledgements, .openConnections = true});
    client.send(upTo(audio, 10000), 1000);
    g_assert_true(
        emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].pendingBytes == 10000; }));
    const std::unique_ptr<WebSocketClient> halfOpen = std::move(client.socket);
    g_assert_true(halfOpen->frames().empty());
    client.connect();
    client.send(audio, 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(emulator.report().sessions[0].text(), "1 3");
}

static void a_mute_service_says_nothing_not_even_goodbye() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const auto mute = emulator.faults().add({.kind = FaultKind::kMute});
    client.send(toneBytes("5"), 4000);
    client.stop();
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].stops == 1; }));
    g_assert_true(client.socket->frames().empty());
    emulator.faults().remove(mute);
    g_assert_true(client.socket->waitForClose()); // the end has waited
    g_assert_cmpuint(client.count("audio_chunk"), ==, 0);
    g_assert_cmpuint(client.count("stop_recording"), ==, 1);
}

static void a_throttled_connection_is_read_slowly_and_loses_nothing() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kThrottle, .bytesPerSecond = 400000});
    const Bytes audio = toneBytes("86");
    GladiaClient client(emulator, kPlainRequest);
    const gint64 before = g_get_monotonic_time();
    client.send(audio, 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    assertText(emulator.report().sessions[0].text(), "8 6");
    g_assert_cmpint(g_get_monotonic_time() - before, >=, static_cast<gint64>(audio.size()) * 5 / 4);
}

static void a_lost_acknowledgement_is_covered_by_the_next_one() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kLoseAcknowledgement});
    const Bytes audio = toneBytes("97");
    GladiaClient client(emulator, kPlainRequest);
    client.send(audio, 1000);
    client.stop();
    g_assert_true(client.socket->waitForClose());
    const auto acks = ackRanges(client.socket->frames());
    g_assert_cmpint(acks.front().start, ==, 1000);
    g_assert_cmpint(acks.back().end, ==, static_cast<gint64>(audio.size()));
    assertText(emulator.report().sessions[0].text(), "9 7");
}

static void a_refused_chunk_is_not_the_sessions() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRefuseChunk});
    GladiaClient client(emulator, kPlainRequest);
    client.send(Bytes(3200), 3200);
    g_assert_true(client.waitFor("audio_chunk"));
    const auto refusal = parsed(client.socket->frames().at(0).data);
    g_assert_false(json_object_get_boolean_member(refusal.get(), "acknowledged"));
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, 0);
    client.send(Bytes(3200), 3200);
    g_assert_true(client.waitFor("audio_chunk", 2));
    g_assert_cmpuint(emulator.report().sessions[0].bytes, ==, 3200);
}

static void finals_come_twice_or_in_the_wrong_order() {
    const Bytes audio = toneBytes("1,2,3,4");
    GladiaEmulator twice;
    twice.faults().add({.kind = FaultKind::kRepeatFinal, .times = 2});
    GladiaClient first(twice, kPlainRequest);
    first.send(audio, 4000);
    first.stop();
    g_assert_true(first.socket->waitForClose());
    assertText(finalTextOf(first.socket->frames()), " 1 1 2 2 3 4");
    GladiaEmulator mixed;
    mixed.faults().add({.kind = FaultKind::kReorderFinals, .times = 2});
    GladiaClient second(mixed, kPlainRequest);
    second.send(audio, 4000);
    second.stop();
    g_assert_true(second.socket->waitForClose());
    assertText(finalTextOf(second.socket->frames()), " 2 1 4 3");
}

static void a_final_that_nothing_overtakes_still_comes_before_the_end() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kReorderFinals});
    GladiaClient client(emulator, kPlainRequest);
    client.send(toneBytes("8"), 4000);
    client.stop();
    const auto types = client.typesToTheEnd();
    const auto final = std::find(types.begin(), types.end(), "transcript");
    g_assert_true(final < std::find(types.begin(), types.end(), "post_transcript"));
}

static void frames_of_any_bytes_can_be_sent() {
    GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    const std::string large(3 << 20, 'x');
    emulator.faults().add({.kind = FaultKind::kSend, .text = "not json"});
    emulator.faults().add({.kind = FaultKind::kSend, .text = large});
    g_assert_true(client.socket->waitForFrames([](const Frames &frames) { return frames.size() == 2; }));
    assertText(client.socket->frames()[0].data, "not json");
    g_assert_cmpuint(client.socket->frames()[1].data.size(), ==, large.size());
    emulator.faults().add({.kind = FaultKind::kSend, .text = "\xff\xfe"});
    g_assert_true(client.socket->waitForClose());
    g_assert_true(
        emulator.waitFor([](const EmulatorReport &r) { return r.sessions[0].clientCloseCode != 0; }));
    g_assert_cmpint(emulator.report().sessions[0].clientCloseCode, ==, 1007); // our own client's answer
}

static void results_that_were_not_sent_wait_for_the_next_connection() {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.delays = {.final = {80, 80}}, .clock = {.monotonicMilliseconds = [now] {
                                                                return now->load();
                                                            }}});
    const Bytes audio = toneBytes("6,");
    GladiaClient client(emulator, kRealtime);
    client.send(audio, 4000);
    g_assert_true(client.waitFor("speech_end"));
    emulator.faults().add({.kind = FaultKind::kDrop});
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), "");
    client.connect();
    client.stop();
    g_assert_true(client.waitFor("stop_recording"));
    *now += 80;
    emulator.timeMoved();
    g_assert_true(client.socket->waitForClose());
    assertText(finalTextOf(client.socket->frames()), " 6");
}

static void nonsense_is_refused_in_words() {
    GladiaEmulator emulator;
    const std::vector<Fault> faults = {{.kind = FaultKind::kClose, .code = 1006},
                                       {.kind = FaultKind::kRefusePost},
                                       {.kind = FaultKind::kOutage},
                                       {.kind = FaultKind::kSend},
                                       {.kind = FaultKind::kDrop, .atByte = 1, .afterMs = 1},
                                       {.kind = FaultKind::kDrop, .forMs = 5}};
    for (const Fault &fault : faults) {
        std::string problem;
        try {
            emulator.faults().add(fault);
        } catch (const std::invalid_argument &refusal) {
            problem = refusal.what();
        }
        g_assert_true(problem.starts_with("'"));
    }
    g_assert_true(emulator.faults().list().empty());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/faults/" #function, function)
    ADD(a_connection_breaks_at_a_byte_and_the_session_goes_on);
    ADD(a_reset_breaks_without_a_close_frame);
    ADD(a_connection_dies_right_after_opening_as_often_as_asked);
    ADD(a_time_can_be_given_for_a_fault);
    ADD(a_half_open_connection_takes_no_audio_and_a_new_one_does);
    ADD(reading_goes_on_when_the_fault_is_removed_or_over);
    ADD(acknowledgements_can_be_held_for_the_open_connections_only);
    ADD(a_mute_service_says_nothing_not_even_goodbye);
    ADD(a_throttled_connection_is_read_slowly_and_loses_nothing);
    ADD(a_lost_acknowledgement_is_covered_by_the_next_one);
    ADD(a_refused_chunk_is_not_the_sessions);
    ADD(finals_come_twice_or_in_the_wrong_order);
    ADD(a_final_that_nothing_overtakes_still_comes_before_the_end);
    ADD(frames_of_any_bytes_can_be_sent);
    ADD(results_that_were_not_sent_wait_for_the_next_connection);
    ADD(nonsense_is_refused_in_words);
#undef ADD
    return g_test_run();
}
