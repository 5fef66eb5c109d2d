// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/metrics/render.h"
#include "tests/unit/room_rig.h"

#include <algorithm>
#include <string>
#include <vector>

#include <glib.h>

using namespace room_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// "text" of each text frame, joined.
std::string texts(const std::vector<RawViewer::Frame> &frames) {
    std::string joined;
    for (const auto &frame : frames)
        if (frame.opcode == kText)
            joined += (joined.empty() ? "" : " ") + member(frame.payload, "text");
    return joined;
}

void expectTexts(RawViewer &viewer, const char *wanted) {
    const std::string got = texts(viewer.all());
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

void every_viewer_gets_every_message_numbered_and_in_its_form() {
    Rig rig;
    auto &one = rig.join();
    auto &two = rig.join(ViewerForm::V1Split);
    rig.publish({say("u1", "go", false)});
    rig.publish({say("u1", "good", true)});
    const auto first = one.all(), second = two.all();
    g_assert_cmpuint(first.size(), ==, 2);
    g_assert_cmpuint(second.size(), ==, 2);
    g_assert_true(member(first[0].payload, "seq") == "1" && member(first[1].payload, "seq") == "2");
    g_assert_true(member(first[0].payload, "type") == "\"transcript\"");
    g_assert_true(member(second[0].payload, "type") == "\"transcript_partial\"");
    g_assert_true(member(second[1].payload, "type") == "\"transcript_final\"");
    g_assert_true(member(first[1].payload, "sessionSlug") == "\"demo\"");
    g_assert_cmpuint(rig.counts->delivered, ==, 4);
}

void a_turn_of_many_messages_arrives_whole_and_in_order() {
    Rig rig;
    auto &viewer = rig.join();
    rig.publish({say("u1", "a", false), say("u1", "b"), say("u2", "c"), say("u3", "d", false)});
    expectTexts(viewer, "\"a\" \"b\" \"c\" \"d\"");
}

void a_final_comes_once_and_no_partial_comes_after_it() {
    Rig rig({500, 2});
    auto &viewer = rig.join();
    rig.publish({say("u1", "one"), say("u1", "one again"), say("u1", "late", false), say("u2", "two")});
    expectTexts(viewer, "\"one\" \"two\"");
    g_assert_cmpuint(rig.counts->duplicates, ==, 2);
    Transcript other = say("u1", "other epoch");
    other.epoch = "e2";
    rig.publish({other}); // u1 of e1 falls out of the window
    rig.publish({say("u1", "forgotten")});
    expectTexts(viewer, "\"other epoch\" \"forgotten\"");
    Rig off({500, 0});
    auto &second = off.join();
    off.publish({say("u1", "one"), say("u1", "one")});
    expectTexts(second, "\"one\" \"one\"");
}

void messages_without_an_id_are_all_sent_and_get_one() {
    Rig rig;
    auto &viewer = rig.join();
    rig.publish({say("", "same"), say("", "same")});
    const auto frames = viewer.all();
    g_assert_cmpuint(frames.size(), ==, 2);
    g_assert_true(member(frames[0].payload, "utteranceId") != member(frames[1].payload, "utteranceId"));
}

void a_restarted_session_counts_from_one_and_remembers_nothing() {
    Rig rig;
    auto &viewer = rig.join();
    rig.publish({say("u1", "first")});
    rig.withRoom([](Room &room) { room.restart(); });
    rig.publish({say("u1", "second")});
    const auto frames = viewer.all();
    g_assert_cmpuint(frames.size(), ==, 2);
    g_assert_true(member(frames[1].payload, "seq") == "1");
}

void a_slow_viewer_costs_only_itself() {
    Rig rig({50, 1000});
    auto &slow = rig.join();
    auto &quick = rig.join();
    const std::string padding(1000, 'x');
    std::size_t seen = 0;
    for (int i = 0; i < 2000; i++) {
        rig.publish({say("u" + std::to_string(i / 2), padding, i % 2 == 1)});
        seen += quick.all().size();
    }
    g_assert_cmpuint(seen, ==, 2000);
    g_assert_cmpuint(rig.counts->droppedFinals, >, 0);
    g_assert_cmpuint(rig.counts->conflated, >, 0);
    // What it reads now is what it was sent before it stalled, then the newest: in order, and within the
    // limit. Nothing gets lost without being counted.
    std::uint64_t got = 0, last = 0;
    while (last < 2000) {
        const auto frame = slow.next();
        g_assert_true(frame.has_value());
        const auto seq = std::stoull(member(frame->payload, "seq"));
        g_assert_cmpuint(seq, >, last);
        last = seq;
        got++;
    }
    g_assert_cmpuint(got + rig.counts->droppedFinals + rig.counts->droppedPartials + rig.counts->conflated,
                     ==, 2000);
    rig.expectDepartures("");
}

void a_stalled_viewer_gets_the_whole_turn_later_bit_by_bit() {
    Rig rig({.maxQueue = 5000, .maxQueueBytes = 8 * 1024 * 1024});
    auto &viewer = rig.join();
    const std::string padding(3000, 'y');
    std::vector<Transcript> turn;
    for (int i = 0; i < 400; i++)
        turn.push_back(say("u" + std::to_string(i), padding));
    rig.publish(std::move(turn));
    for (unsigned i = 1; i <= 400; i++) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        const std::string seq = member(frame->payload, "seq");
        g_assert_cmpuint(std::stoul(seq), ==, i);
        g_assert_true(member(frame->payload, "text").size() == padding.size() + 2);
    }
}

void silent_viewers_are_closed_and_any_traffic_is_life() {
    Rig rig;
    auto &silent = rig.join();
    auto &ponging = rig.join();
    auto &chatting = rig.join();
    rig.withRoom([](Room &room) { room.setHeartbeat("source", 1000, 3); });
    std::uint64_t heard = 0;
    for (int i = 0; i < 10; i++) {
        rig.advance(milliseconds(500));
        if (i % 2 == 0)
            ponging.send(kPong, "");
        else
            chatting.send(kText, "ping");
        heard++;
        // Both kinds of traffic have been seen before time goes on.
        rig.waitUntil([&] { return rig.counts->ignoredMessages == heard / 2; });
        rig.onLoop([] {});
    }
    expectClose(silent, 1008, "Heartbeat timeout");
    rig.expectDepartures("heartbeat-timeout");
    g_assert_cmpuint(rig.counts->heartbeatTimeouts, ==, 1);
    g_assert_cmpuint(rig.counts->viewers, ==, 2);
    const auto frames = ponging.all();
    const auto pings =
        std::count_if(frames.begin(), frames.end(), [](auto &frame) { return frame.opcode == kPing; });
    g_assert_cmpint(pings, ==, 5); // 5 s at one a second
}

void nobody_is_closed_before_the_deadline_or_without_a_policy() {
    Rig rig;
    auto &viewer = rig.join();
    rig.advance(std::chrono::hours(10));
    rig.expectDepartures("");
    rig.withRoom([](Room &room) { room.setHeartbeat("source", 15000, 3); });
    rig.advance(seconds(45)); // silent for exactly what is allowed, counted from the policy
    rig.expectDepartures("");
    rig.advance(milliseconds(1));
    rig.expectDepartures("heartbeat-timeout");
    expectClose(viewer, 1008, "Heartbeat timeout");
}

void a_resting_room_is_patient_and_starts_afresh() {
    Rig rig;
    auto &viewer = rig.join();
    rig.withRoom([](Room &room) { room.setHeartbeat("source", 1000, 1); });
    rig.withRoom([](Room &room) { room.setResting(true); });
    rig.advance(seconds(100));
    rig.withRoom([](Room &room) { room.setResting(false); });
    rig.advance(milliseconds(900));
    rig.expectDepartures("");
    for (const auto &frame : viewer.all())
        g_assert_cmpuint(frame.opcode, ==, kPing);
    rig.advance(milliseconds(200));
    rig.expectDepartures("heartbeat-timeout");
}

void the_last_final_comes_before_the_close() {
    Rig rig;
    auto &viewer = rig.join();
    auto &stalled = rig.join();
    const std::string padding(3000, 'z');
    std::size_t finals = 0;
    for (int i = 0; i < 200; i++) {
        rig.publish({say("u" + std::to_string(i), padding)});
        finals += viewer.all().size();
    }
    g_assert_cmpuint(finals, ==, 200);
    rig.withRoom([](Room &room) { room.endSession(); });
    expectClose(viewer, 1000, "Session ended");
    g_assert_cmpuint(rig.counts->viewers, ==, 1);
    for (finals = 0; finals < 200; finals++)
        g_assert_cmpuint(stalled.next()->opcode, ==, kText);
    expectClose(stalled, 1000, "Session ended");
    stalled.send(kClose, "\x03\xe8");
    g_assert_true(stalled.reachesEnd());
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
    rig.expectDepartures("session-ended session-ended");
}

void a_viewer_that_closes_is_answered_and_one_that_breaks_the_rules_is_told() {
    Rig rig;
    auto &leaving = rig.join();
    leaving.send(kClose, "\x03\xe9");
    expectClose(leaving, 1001, "");
    g_assert_true(leaving.reachesEnd());
    auto &wrong = rig.join();
    wrong.sendBytes("GET / HTTP/1.1\r\n\r\n");
    expectClose(wrong, 1002, "Reserved bits are set");
    auto &huge = rig.join();
    huge.sendBytes(std::string("\x82\xff\0\0\0\0\x40\0\0\0", 10) + "mask");
    expectClose(huge, 1009, "Message is too big");
    auto &binary = rig.join();
    binary.sendBytes(std::string("\x81\x82\0\0\0\0\xff\xfe", 8));
    expectClose(binary, 1007, "Text is not valid UTF-8");
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
    rig.expectDepartures("closed protocol-error protocol-error protocol-error");
}

void pings_are_answered_also_those_that_came_with_the_handshake() {
    Rig rig;
    auto &viewer = rig.join(ViewerForm::V1, std::string("\x89\x81\0\0\0\0a", 7));
    auto frame = viewer.next();
    g_assert_true(frame && frame->opcode == kPong && frame->payload == "a");
    viewer.send(kPing, "b");
    frame = viewer.next();
    g_assert_true(frame && frame->opcode == kPong && frame->payload == "b");
}

void each_of_ten_pings_in_a_row_is_answered_in_order() {
    Rig rig;
    auto &viewer = rig.join();
    std::string pings, wanted, got;
    for (char c = '0'; c <= '9'; c++) {
        pings += std::string("\x89\x81\0\0\0\0", 6) + c;
        wanted += c;
    }
    viewer.sendBytes(pings);
    while (got.size() < wanted.size()) {
        const auto frame = viewer.next();
        g_assert_true(frame && frame->opcode == kPong);
        got += frame->payload;
    }
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

void a_vanished_viewer_is_removed_by_the_first_failed_write() {
    Rig rig;
    auto &gone = rig.join();
    auto &there = rig.join();
    // In one go, so that the loop cannot see the hang-up before it sends.
    rig.withRoom([&](Room &room) {
        gone.hangUp();
        const RoomMessage message{makeTranscript(say("u1", "hello")), {}};
        room.publish({&message, 1});
    });
    expectTexts(there, "\"hello\"");
    g_assert_cmpuint(rig.counts->viewers, ==, 1);
    g_assert_cmpuint(rig.counts->sendErrors, ==, 1);
    rig.expectDepartures("send-failed");
    there.hangUp();
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
    rig.expectDepartures("send-failed lost");
}

void viewers_come_and_go_while_messages_flow() {
    Rig rig;
    std::vector<RawViewer *> present;
    guint32 state = 1;
    const auto coin = [&state] {
        return (state = state * 1664525 + 1013904223) >> 31;
    };
    for (int i = 0; i < 500; i++) {
        if (present.size() < 20 || coin())
            present.push_back(&rig.join());
        else {
            present[i % present.size()]->hangUp();
            present.erase(present.begin() + static_cast<std::ptrdiff_t>(i % present.size()));
        }
        rig.publish({say("u" + std::to_string(i), "x")});
        for (RawViewer *viewer : present)
            expectTexts(*viewer, "\"x\"");
    }
    rig.waitUntil([&] { return rig.counts->viewers == present.size(); });
}

void the_sessions_metrics_go_with_the_room() {
    Rig rig;
    auto &viewer = rig.join();
    rig.publish({say("u1", "x")});
    expectTexts(viewer, "\"x\"");
    const auto rendered = [&rig] {
        return metrics::toJson(rig.registry.snapshot());
    };
    std::string json = rendered();
    g_assert_true(json.find("\"ws.session_clients.demo\":1") != json.npos);
    g_assert_true(json.find("ws.session_broadcast_lag_ms.demo") != json.npos);
    rig.endRoom();
    json = rendered();
    g_assert_true(json.find("demo") == json.npos);
    g_assert_true(json.find("ws.viewer_delivery_ms.final") != json.npos);
}

void round_trips_timeouts_and_the_way_from_the_recogniser_are_measured() {
    namespace names = metrics::names;
    Rig rig;
    auto &answering = rig.join();
    auto &silent = rig.join();
    rig.withRoom([](Room &room) { room.setHeartbeat("source", 1000, 3); });
    rig.advance(milliseconds(1000));
    std::string asked;
    while (asked.empty()) {
        const auto frame = answering.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == kPing)
            asked = frame->payload;
    }
    rig.advance(milliseconds(40));
    answering.send(kPong, "not a time"); // whatever a viewer claims
    answering.send(kPong, asked);
    auto &roundTrip = rig.registry.histogram(names::kViewerRoundTrip);
    rig.waitUntil([&] { return roundTrip.summary().count == 1; });
    g_assert_cmpfloat(roundTrip.summary().max, ==, 40);
    rig.advance(milliseconds(2000));
    answering.send(kText, "here");
    rig.waitUntil([&] { return rig.counts->ignoredMessages == 1; });
    rig.advance(milliseconds(1000));
    expectClose(silent, 1008, "Heartbeat timeout");
    g_assert_cmpuint(rig.registry.counter(names::kHeartbeatTimeouts).value(), ==, 1);
    rig.withRoom([&rig](Room &room) {
        const RoomMessage messages[] = {
            {makeTranscript(say("u1", "a", false)), rig.now(), rig.now() - milliseconds(3)},
            {makeTranscript(say("u1", "b")), rig.now(), rig.now() - milliseconds(5)},
            {makeTranscript(say("u2", "c")), rig.now()}}; // nobody knows when it came
        room.publish(messages);
    });
    g_assert_cmpuint(rig.registry.histogram(names::kBroadcastLatency).summary().count, ==, 2);
    g_assert_cmpfloat(rig.registry.histogram(names::kBroadcastLatencyPartial).summary().max, ==, 3);
    g_assert_cmpfloat(rig.registry.histogram(names::kBroadcastLatencyFinal).summary().max, ==, 5);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/room/forms", every_viewer_gets_every_message_numbered_and_in_its_form);
    g_test_add_func("/room/turn", a_turn_of_many_messages_arrives_whole_and_in_order);
    g_test_add_func("/room/once", a_final_comes_once_and_no_partial_comes_after_it);
    g_test_add_func("/room/no-id", messages_without_an_id_are_all_sent_and_get_one);
    g_test_add_func("/room/restart", a_restarted_session_counts_from_one_and_remembers_nothing);
    g_test_add_func("/room/slow", a_slow_viewer_costs_only_itself);
    g_test_add_func("/room/stalled", a_stalled_viewer_gets_the_whole_turn_later_bit_by_bit);
    g_test_add_func("/room/silent", silent_viewers_are_closed_and_any_traffic_is_life);
    g_test_add_func("/room/measures", round_trips_timeouts_and_the_way_from_the_recogniser_are_measured);
    g_test_add_func("/room/deadline", nobody_is_closed_before_the_deadline_or_without_a_policy);
    g_test_add_func("/room/resting", a_resting_room_is_patient_and_starts_afresh);
    g_test_add_func("/room/close", the_last_final_comes_before_the_close);
    g_test_add_func("/room/rules", a_viewer_that_closes_is_answered_and_one_that_breaks_the_rules_is_told);
    g_test_add_func("/room/ping", pings_are_answered_also_those_that_came_with_the_handshake);
    g_test_add_func("/room/pings", each_of_ten_pings_in_a_row_is_answered_in_order);
    g_test_add_func("/room/vanished", a_vanished_viewer_is_removed_by_the_first_failed_write);
    g_test_add_func("/room/come-and-go", viewers_come_and_go_while_messages_flow);
    g_test_add_func("/room/metrics", the_sessions_metrics_go_with_the_room);
    return g_test_run();
}
