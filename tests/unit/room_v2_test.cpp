// SPDX-License-Identifier: LGPL-2.1-or-later
// Rooms as viewers of protocol version 2 see them. Runs under ThreadSanitizer.
#include "tests/unit/room_rig.h"

#include <algorithm>
#include <string>
#include <vector>

#include <glib.h>

using namespace room_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char *kEpoch = "0000000000000001"; // the rig's first "random" number

ViewerProfile returning(std::uint64_t seq, const std::string &epoch = kEpoch) {
    ViewerProfile profile = v2();
    profile.since = ViewerPosition{epoch, seq};
    return profile;
}

void expect(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

/// Types and, where there are some, numbers of what has come: "hello snapshot transcript:3".
std::string kinds(RawViewer &viewer) {
    std::string joined;
    for (const auto &frame : viewer.all()) {
        if (frame.opcode != kText)
            continue;
        const std::string type = member(frame.payload, "type"), seq = member(frame.payload, "seq");
        joined += (joined.empty() ? "" : " ") + type.substr(1, type.size() - 2);
        if (type != "\"hello\"" && type != "\"snapshot\"" && !seq.empty())
            joined += ":" + seq;
    }
    return joined;
}

void the_first_words_are_hello_and_a_snapshot() {
    Rig rig;
    auto &first = rig.join(v2());
    expect(nextText(first), R"({"type":"hello","protocol":2,"sessionSlug":"demo","epoch":"0000000000000001",)"
                            R"("seq":0,"state":"live","viewerId":1,"mayCoordinate":true,"heartbeat":null,)"
                            R"("lease":null,"serverTimestamp":1767225600123})");
    expect(nextText(first), R"({"type":"snapshot","sessionSlug":"demo","epoch":"0000000000000001","seq":0,)"
                            R"("afterSeq":0,"messages":[],"serverTimestamp":1767225600123})");
    rig.publish({say("u1", "one"), say("u2", "tw", false), say("u2", "two", false)});
    expect(kinds(first), "transcript:1 transcript:2 transcript:3");
    rig.withRoom([](Room &room) { room.setHeartbeat("source", 15000, 3); });
    ViewerProfile named = v2();
    named.userId = "ann";
    auto &second = rig.join(named);
    const std::string hello = nextText(second), snapshot = nextText(second);
    g_assert_true(hello.find(R"("viewerId":2,"userId":"ann")") != hello.npos);
    g_assert_true(hello.find(R"("heartbeat":{"intervalMs":15000,"deadlineMs":45000})") != hello.npos);
    g_assert_true(snapshot.find(R"("text":"one")") != snapshot.npos);
    g_assert_true(snapshot.find(R"("text":"tw")") == snapshot.npos); // only the current partial
    g_assert_true(snapshot.find(R"("text":"two")") != snapshot.npos);
    rig.publish({say("u2", "two!")});
    expect(kinds(second), "transcript:4");
}

void the_first_version_hears_none_of_it() {
    Rig rig;
    rig.publish({say("u1", "old")});
    auto &viewer = rig.join();
    auto &coordinator = rig.join(v2());
    coordinator.send(kText, R"({"type":"claim"})");
    nextOf(coordinator, "lease");
    Transcript translation = say("u1", "alt");
    translation.kind = GST_TRANSCRIPT_KIND_TRANSLATION;
    rig.publish({translation, say("u2", "new")});
    expect(kinds(viewer), "transcript:3");
    expect(kinds(coordinator), "lease translation:2 transcript:3");
}

void a_returning_viewer_gets_exactly_what_it_missed() {
    Rig rig;
    rig.publish({say("u1", "one"), say("u2", "tw", false)});
    auto &viewer = rig.join(returning(2));
    g_assert_true(nextText(viewer).find(R"("resumed":true)") != std::string::npos);
    expect(kinds(viewer), "");
    rig.publish({say("u2", "two"), say("u3", "thr", false), say("u3", "three"), say("u4", "fo", false)});
    expect(kinds(viewer), "transcript:3 transcript:4 transcript:5 transcript:6");
    // Partials that newer messages replaced are not missed.
    auto &again = rig.join(returning(2));
    expect(kinds(again), "hello transcript:3 transcript:5 transcript:6");
    auto &upToDate = rig.join(returning(6));
    expect(kinds(upToDate), "hello");
    rig.publish({say("u4", "four")});
    expect(kinds(again), "transcript:7");
    expect(kinds(upToDate), "transcript:7");
    g_assert_cmpuint(rig.counts->resumed, ==, 3);
}

void an_unknown_position_gets_a_snapshot_and_is_told_so() {
    Rig rig;
    rig.publish({say("u1", "one")});
    for (const ViewerProfile &profile : {returning(1, "another epoch"), returning(2), returning(99)}) {
        auto &viewer = rig.join(profile);
        g_assert_true(nextText(viewer).find(R"("resumed":false)") != std::string::npos);
        expect(kinds(viewer), "snapshot");
    }
    rig.withRoom([](Room &room) { room.restart(); });
    auto &viewer = rig.join(returning(1)); // a new session: the numbers are not those it knew
    expect(kinds(viewer), "hello snapshot");
    Rig off({.history = 0});
    off.publish({say("u1", "one"), say("u2", "two")});
    auto &tooOld = off.join(returning(1));
    expect(kinds(tooOld), "hello snapshot");
}

void filters_hold_for_what_is_live_and_for_what_is_past() {
    Rig rig;
    const auto in = [](const char *language, Transcript transcript) {
        transcript.language = language;
        return transcript;
    };
    rig.publish({in("en", say("u1", "one")), in("de", say("u2", "zwei")), in("en", say("u3", "thr", false))});
    ViewerProfile english = v2();
    english.filter.languages = {"en"};
    ViewerProfile finals = v2();
    finals.filter.finalsOnly = true;
    finals.form = ViewerForm::V2Split;
    auto &first = rig.join(english);
    auto &second = rig.join(finals);
    const std::string snapshot = nextOf(first, "snapshot"), ended = nextOf(second, "snapshot");
    g_assert_true(snapshot.find("zwei") == snapshot.npos && snapshot.find("\"thr\"") != snapshot.npos);
    g_assert_true(ended.find("zwei") != ended.npos && ended.find("\"thr\"") == ended.npos);
    g_assert_true(ended.find(R"([{"type":"transcript_final")") != ended.npos);
    rig.publish(
        {in("en", say("u3", "three")), in("fr", say("u4", "quatre")), in("en", say("u5", "fi", false))});
    expect(kinds(first), "transcript:4 transcript:6");
    expect(kinds(second), "transcript_final:4 transcript_final:5");
    ViewerProfile old;
    old.filter.finalsOnly = true;
    auto &third = rig.join(old);
    rig.publish({say("u5", "five", false)});
    rig.publish({say("u5", "five!")});
    expect(kinds(third), "transcript:8");
}

void a_snapshot_is_as_long_as_wanted() {
    Rig rig({.history = 2});
    for (int i = 1; i <= 5; i++)
        rig.publish({say("u" + std::to_string(i), std::to_string(i))});
    const auto snapshotFor = [&rig](std::optional<std::uint32_t> rewind) {
        ViewerProfile profile = v2();
        profile.rewind = rewind;
        auto &viewer = rig.join(profile);
        const std::string snapshot = nextOf(viewer, "snapshot");
        return member(snapshot, "afterSeq") + ":" +
               std::to_string(std::count(snapshot.begin(), snapshot.end(), '{') - 1);
    };
    expect(snapshotFor(std::nullopt), "3:2");
    expect(snapshotFor(4), "1:4");
    expect(snapshotFor(0), "5:0");
    expect(snapshotFor(1000), "0:5");
}

void a_slow_viewer_is_told_what_it_lost_before_anything_newer() {
    Rig rig({.maxQueue = 5});
    auto &slow = rig.join(v2());
    auto &quick = rig.join(v2());
    const std::string padding(3000, 'x');
    std::uint64_t last = 0;
    while (rig.counts->droppedFinals < 10) {
        rig.publish({say("u" + std::to_string(++last), padding)});
        quick.all();
    }
    g_assert_cmpint(rig.slow, ==, 1);
    // Every number is either there or in a gap, and a gap comes before what is newer than its end.
    nextOf(slow, "snapshot");
    std::uint64_t seen = 0;
    while (seen < last) {
        const std::string text = nextText(slow);
        if (text.starts_with(R"({"type":"gap")")) {
            g_assert_cmpuint(std::stoull(member(text, "fromSeq")), ==, seen + 1);
            seen = std::stoull(member(text, "toSeq"));
            g_assert_cmpuint(std::stoull(member(text, "finals")), ==, rig.counts->droppedFinals);
            g_assert_cmpuint(std::stoull(member(text, "partials")), ==, 0);
        } else {
            g_assert_cmpuint(std::stoull(member(text, "seq")), ==, seen + 1);
            seen++;
        }
    }
    g_assert_cmpuint(seen, ==, last);
    // What is lost can be had.
    auto &back = rig.join(returning(0));
    expect(kinds(back).substr(0, 30), std::string("hello transcript:1 transcript:2 ").substr(0, 30));
}

/// A viewer that has lost finals to its queue and read up to the last message.
std::vector<std::pair<std::uint64_t, std::uint64_t>> gapsOf(RawViewer &slow, std::uint64_t last) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    for (std::uint64_t seen = 0; seen < last;) {
        const std::string text = nextText(slow);
        if (!text.starts_with(R"({"type":"gap")")) {
            if (text.starts_with(R"({"type":"transcript")"))
                seen = std::stoull(member(text, "seq"));
            continue;
        }
        gaps.emplace_back(std::stoull(member(text, "fromSeq")), std::stoull(member(text, "toSeq")));
        seen = std::max(seen, gaps.back().second);
    }
    return gaps;
}

void what_was_lost_can_be_asked_for_on_the_same_connection() {
    Rig rig({.maxQueue = 5});
    auto &slow = rig.join(v2());
    const std::string padding(3000, 'x');
    std::uint64_t last = 0;
    while (rig.counts->droppedFinals < 10)
        rig.publish({say("u" + std::to_string(++last), padding)});
    const auto gaps = gapsOf(slow, last);
    g_assert_false(gaps.empty());
    for (const auto &[from, to] : gaps) {
        slow.send(kText, R"({"type":"replay","fromSeq":)" + std::to_string(from) + R"(,"toSeq":)" +
                             std::to_string(to) + "}");
        const std::string replay = nextOf(slow, "replay");
        expect(member(replay, "fromSeq"), std::to_string(from));
        expect(member(replay, "toSeq"), std::to_string(to));
        expect(member(replay, "afterSeq"), std::to_string(from - 1));
        for (std::uint64_t seq = from; seq <= to; seq++)
            g_assert_true(replay.find("\"seq\":" + std::to_string(seq) + ",") != replay.npos);
    }
    // Who may not coordinate may ask too; what is not there yet is refused.
    auto reader = v2();
    reader.mayCoordinate = false;
    auto &other = rig.join(std::move(reader));
    other.send(kText, R"({"type":"replay","fromSeq":1,"toSeq":1})");
    g_assert_true(nextOf(other, "replay").find("\"seq\":1,") != std::string::npos);
    other.send(kText, R"({"type":"replay","fromSeq":1,"toSeq":1000000})");
    expect(member(nextOf(other, "error"), "request"), "\"replay\"");
}

void of_many_replays_for_who_does_not_read_one_waits() {
    Rig rig({.maxMessageRate = 0});
    for (int i = 1; i <= 100; i++)
        rig.publish({say("u" + std::to_string(i), std::string(3000, 'x'))});
    auto &viewer = rig.join(v2());
    constexpr int kAsked = 200;
    for (int i = 0; i < kAsked; i++)
        viewer.send(kText, R"({"type":"replay","fromSeq":1,"toSeq":100})");
    viewer.send(kText, R"({"type":"ping"})");
    int replays = 0;
    for (std::string text; !text.starts_with(R"({"type":"pong")"); text = nextText(viewer))
        replays += text.starts_with(R"({"type":"replay")");
    g_assert_cmpint(replays, <, kAsked);
    g_assert_cmpint(replays, >, 0);
}

void who_takes_nothing_for_too_long_is_closed_with_1013() {
    Rig rig;
    auto &stuck = rig.join();
    auto &idle = rig.join();
    const std::string padding(60000, 'x');
    for (int i = 0; i < 20; i++) {
        rig.publish({say("u" + std::to_string(i), padding)});
        idle.all();
    }
    rig.advance(milliseconds(9999));
    rig.expectDepartures("");
    rig.advance(milliseconds(1));
    rig.expectDepartures("too-slow");
    g_assert_cmpuint(rig.counts->tooSlow, ==, 1);
    g_assert_cmpuint(rig.counts->droppedFinals, >, 0);
    rig.advance(seconds(1000)); // nothing waits for this one
    rig.expectDepartures("too-slow");
    stuck.hangUp();
    Rig patient({.writeTimeout = seconds(0)});
    auto &slow = patient.join();
    for (int i = 0; i < 20; i++)
        patient.publish({say("u" + std::to_string(i), padding)});
    patient.advance(seconds(1000));
    patient.expectDepartures("");
    slow.hangUp();
}

void a_token_that_expires_closes_with_4401() {
    Rig rig;
    ViewerProfile profile;
    rig.onLoop([&] { profile.expiry = rig.now() + seconds(60); });
    auto &viewer = rig.join(profile);
    rig.advance(milliseconds(59999));
    rig.expectDepartures("");
    rig.advance(milliseconds(1));
    expectClose(viewer, 4401, "Token has expired");
    rig.expectDepartures("token-expired");
}

void too_many_messages_and_binary_ones_are_refused() {
    Rig rig;
    auto &chatty = rig.join();
    for (int i = 0; i < 20; i++)
        chatty.send(kText, "ping");
    rig.waitUntil([&] { return rig.counts->ignoredMessages == 20; });
    rig.onLoop([&] { rig.advance(seconds(1)); });
    for (int i = 0; i < 21; i++)
        chatty.send(kText, "ping");
    expectClose(chatty, 1008, "RESOURCE_EXHAUSTED: Too many messages");
    auto &binary = rig.join();
    binary.send(2, "x");
    expectClose(binary, 1008, "Binary messages are not understood");
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
    rig.expectDepartures("protocol-error protocol-error");
}

void requests_are_answered_or_refused_with_a_sentence() {
    Rig rig;
    auto &viewer = rig.join(v2());
    nextOf(viewer, "snapshot");
    viewer.send(kText, R"({"type":"ping"})");
    expect(nextText(viewer), R"({"type":"pong","serverTimestamp":1767225600123})");
    viewer.send(kText, "ping");
    g_assert_true(nextText(viewer).starts_with(R"({"type":"error","code":"INVALID_ARGUMENT","message":)"));
    viewer.send(kText, R"({"type":"renew"})");
    g_assert_true(nextText(viewer).starts_with(
        R"({"type":"error","code":"INVALID_ARGUMENT","request":"renew","message":"renew needs)"));
    ViewerProfile reader = v2();
    reader.mayCoordinate = false;
    auto &other = rig.join(reader);
    g_assert_true(nextText(other).find(R"("mayCoordinate":false)") != std::string::npos);
    other.send(kText, R"({"type":"claim"})");
    g_assert_true(nextOf(other, "error").starts_with(R"({"type":"error","code":"UNAUTHENTICATED")"));
    rig.expectDepartures("");
}

void a_state_is_told_when_it_changes() {
    Rig rig;
    auto &viewer = rig.join(v2());
    rig.withRoom([](Room &room) { room.setState(RoomState::Paused); });
    rig.withRoom([](Room &room) { room.setState(RoomState::Paused); });
    expect(kinds(viewer), "hello snapshot state");
    auto &late = rig.join(v2());
    g_assert_true(nextText(late).find(R"("state":"paused")") != std::string::npos);
}

void lost_numbers_are_a_gap_for_everybody() {
    Rig rig;
    auto &viewer = rig.join(v2());
    rig.publish({say("u1", "one")});
    rig.withRoom([](Room &room) { room.announceLoss({3, 1}); });
    rig.publish({say("u2", "two")});
    expect(nextOf(viewer, "gap"),
           R"({"type":"gap","fromSeq":2,"toSeq":5,"partials":3,"finals":1,"serverTimestamp":1767225600123})");
    expect(kinds(viewer), "transcript:6");
}

void viewers_on_several_threads_all_get_everything_in_order() {
    Rig rig({}, 3);
    std::vector<RawViewer *> viewers;
    for (int i = 0; i < 30; i++)
        viewers.push_back(&rig.join(v2()));
    for (int i = 1; i <= 100; i++)
        rig.publish({say("u" + std::to_string(i), "x")});
    for (RawViewer *viewer : viewers) {
        std::uint64_t next = 0;
        while (next < 100)
            g_assert_cmpuint(std::stoull(member(nextOf(*viewer, "transcript"), "seq")), ==, ++next);
    }
    rig.waitUntil([&] { return rig.counts->delivered == 3000; });
    for (int i = 0; i < 15; i++)
        viewers[static_cast<std::size_t>(i)]->hangUp();
    rig.waitUntil([&] { return rig.counts->viewers == 15; });
    rig.withRoom([](Room &room) { room.endSession(); });
    for (std::size_t i = 15; i < 30; i++) {
        nextOf(*viewers[i], "session_end");
        expectClose(*viewers[i], 1000, "Session ended");
    }
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"hello", the_first_words_are_hello_and_a_snapshot},
        {"v1", the_first_version_hears_none_of_it},
        {"resume", a_returning_viewer_gets_exactly_what_it_missed},
        {"unknown", an_unknown_position_gets_a_snapshot_and_is_told_so},
        {"filters", filters_hold_for_what_is_live_and_for_what_is_past},
        {"rewind", a_snapshot_is_as_long_as_wanted},
        {"gap", a_slow_viewer_is_told_what_it_lost_before_anything_newer},
        {"stuck", who_takes_nothing_for_too_long_is_closed_with_1013},
        {"expiry", a_token_that_expires_closes_with_4401},
        {"inbound", too_many_messages_and_binary_ones_are_refused},
        {"requests", requests_are_answered_or_refused_with_a_sentence},
        {"state", a_state_is_told_when_it_changes},
        {"replay", what_was_lost_can_be_asked_for_on_the_same_connection},
        {"replays", of_many_replays_for_who_does_not_read_one_waits},
        {"loss", lost_numbers_are_a_gap_for_everybody},
        {"threads", viewers_on_several_threads_all_get_everything_in_order},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/room-v2/") + name).c_str(), test);
    return g_test_run();
}
