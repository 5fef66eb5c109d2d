// SPDX-License-Identifier: LGPL-2.1-or-later
// The session with an invented network and an invented clock: every state and every event, and a stream that
// nothing happens to.
#include "tests/unit/gladia_session_rig.h"

#include <functional>

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

/// The states; waiting is two, before and after a session was had.
enum class Phase {
    Idle,
    Requesting,
    Waiting,
    Connecting,
    Streaming,
    Lost,
    Resuming,
    Draining,
    Ended,
    Failed
};
constexpr Phase kPhases[] = {Phase::Idle,      Phase::Requesting, Phase::Waiting,  Phase::Connecting,
                             Phase::Streaming, Phase::Lost,       Phase::Resuming, Phase::Draining,
                             Phase::Ended,     Phase::Failed};
constexpr std::size_t kCount = std::size(kPhases);

State stateOf(Phase phase) {
    switch (phase) {
    case Phase::Idle:
        return State::Idle;
    case Phase::Requesting:
        return State::Requesting;
    case Phase::Waiting:
    case Phase::Lost:
        return State::Waiting;
    case Phase::Connecting:
        return State::Connecting;
    case Phase::Streaming:
        return State::Streaming;
    case Phase::Resuming:
        return State::Resuming;
    case Phase::Draining:
        return State::Draining;
    case Phase::Ended:
        return State::Ended;
    case Phase::Failed:
        break;
    }
    return State::Failed;
}

/// Brings the session into `phase`; 100 ms of audio are there from Requesting on.
void reach(Rig &rig, Phase phase) {
    if (phase == Phase::Ended)
        return rig.end();
    if (phase != Phase::Idle)
        rig.audio();
    if (phase == Phase::Waiting)
        rig.answer(503);
    else if (phase == Phase::Failed)
        rig.answer(401);
    else if (phase >= Phase::Connecting)
        rig.answer(201, reply(1));
    if (phase >= Phase::Streaming && phase <= Phase::Draining)
        rig.opens();
    if (phase == Phase::Lost || phase == Phase::Resuming)
        rig.closes(1006);
    if (phase == Phase::Resuming) {
        rig.tick();
        rig.opens();
    }
    if (phase == Phase::Draining)
        rig.end();
    g_assert_cmpstr(nameOf(rig.session.state()), ==, nameOf(stateOf(phase)));
}

} // namespace

/// Rows: events; columns: the phases of kPhases; cells: the state afterwards.
static void every_event_is_defined_in_every_state() {
    using S = State;
    constexpr S I = S::Idle, Q = S::Requesting, W = S::Waiting, C = S::Connecting, O = S::Streaming,
                R = S::Resuming, D = S::Draining, E = S::Ended, F = S::Failed;
    struct Row {
        const char *name;
        std::function<void(Rig &)> event;
        S after[kCount];
    };
    const auto failing = [](Remedy remedy) {
        return [remedy](Rig &r) {
            r.attemptFails(makeFailure(Trouble::CannotConnect, remedy, "x"));
        };
    };
    const auto closing = [](unsigned code) {
        return [code](Rig &r) {
            r.closes(code);
        };
    };
    const Row table[] = {
        //                       idle requesting waiting connecting streaming lost resuming draining ended
        //                       failed
        {"audio", [](Rig &r) { r.audio(); }, {Q, Q, W, C, O, W, R, D, E, F}},
        {"audio is lost", [](Rig &r) { r.session.audioOverflowing(r.now); }, {I, Q, W, C, O, W, R, D, E, F}},
        {"end", [](Rig &r) { r.end(); }, {E, Q, W, C, D, W, R, D, E, F}},
        {"201", [](Rig &r) { r.answer(201, reply(2)); }, {I, C, W, C, O, W, R, D, E, F}},
        {"401", [](Rig &r) { r.answer(401); }, {I, F, W, C, O, W, R, D, E, F}},
        {"503", [](Rig &r) { r.answer(503); }, {I, W, W, C, O, W, R, D, E, F}},
        {"201 with nonsense", [](Rig &r) { r.answer(201, "hello"); }, {I, F, W, C, O, W, R, D, E, F}},
        {"network fails", failing(Remedy::Retry), {I, W, W, W, O, W, R, D, E, F}},
        {"final failure", failing(Remedy::Stop), {I, F, W, F, O, W, R, D, E, F}},
        {"session unknown", failing(Remedy::NewSession), {I, Q, W, Q, O, W, R, D, E, F}},
        {"opened", [](Rig &r) { r.opens(); }, {I, Q, W, O, O, W, R, D, E, F}},
        {"transcript", [](Rig &r) { r.say("a", "hi", true); }, {I, Q, W, C, O, W, R, D, E, F}},
        {"acknowledgement", [](Rig &r) { r.acknowledge(0, kBlock); }, {I, Q, W, C, O, W, O, D, E, F}},
        {"garbage",
         [](Rig &r) { r.session.received(r.now, r.id(), "\xff{"); },
         {I, Q, W, C, O, W, R, D, E, F}},
        {"pong", [](Rig &r) { r.session.pongReceived(r.now, r.id()); }, {I, Q, W, C, O, W, R, D, E, F}},
        {"close 1000", closing(1000), {I, Q, W, Q, Q, W, Q, E, E, F}},
        {"close 1006", closing(1006), {I, Q, W, W, W, W, W, W, E, F}},
        {"close 4400", closing(4400), {I, Q, W, F, F, W, F, F, E, F}},
        {"close 4404", closing(4404), {I, Q, W, Q, Q, W, Q, Q, E, F}},
        {"early tick", [](Rig &r) { r.session.tick(r.now - 1); }, {I, Q, W, C, O, W, R, D, E, F}},
        {"heartbeat",
         [](Rig &r) { r.session.setHeartbeat(r.now, kSecond, 3 * kSecond); },
         {I, Q, W, C, O, W, R, D, E, F}},
        {"abort", [](Rig &r) { r.session.abort(); }, {E, E, E, E, E, E, E, E, E, F}},
    };
    for (const Row &row : table)
        for (std::size_t column = 0; column < kCount; column++) {
            Rig rig;
            reach(rig, kPhases[column]);
            row.event(rig);
            if (rig.session.state() != row.after[column])
                g_test_message("%s in column %zu (%s): %s, not %s", row.name, column,
                               nameOf(stateOf(kPhases[column])), nameOf(rig.session.state()),
                               nameOf(row.after[column]));
            g_assert_true(rig.session.state() == row.after[column]);
            // The two last words come at most once, and never both; and every byte is somewhere.
            g_assert_cmpuint(static_cast<unsigned>(rig.observer.ended) + rig.observer.failures.size(), <=, 1);
            g_assert_true(rig.exact());
        }
}

static void what_an_older_connection_reports_does_nothing() {
    for (const Phase phase : kPhases) {
        Rig rig;
        reach(rig, phase);
        const State before = rig.session.state();
        const auto notices = rig.observer.notices.size();
        for (const ConnectionId old : {ConnectionId{0}, rig.id() + 1, ConnectionId{999}}) {
            rig.session.opened(rig.now, old);
            rig.session.closed(rig.now, old, 1006, "");
            rig.session.answered(rig.now, old, 401, "", 0);
            rig.session.attemptFailed(rig.now, old, makeFailure(Trouble::NotFound, Remedy::Stop, "x"));
            rig.acknowledge(0, kBlock, old ? old : 998);
            rig.session.pongReceived(rig.now, old);
        }
        g_assert_true(rig.session.state() == before);
        g_assert_cmpuint(rig.observer.notices.size(), ==, notices);
    }
}

static void every_deadline_leads_somewhere() {
    struct {
        Phase from;
        State to;
    } table[] = {{Phase::Requesting, State::Waiting}, {Phase::Waiting, State::Requesting},
                 {Phase::Connecting, State::Waiting}, {Phase::Streaming, State::Waiting}, // unacknowledged
                 {Phase::Lost, State::Connecting},    {Phase::Resuming, State::Streaming},
                 {Phase::Draining, State::Waiting}};
    for (const auto &row : table) {
        Rig rig;
        reach(rig, row.from);
        rig.tick();
        g_assert_cmpstr(nameOf(rig.session.state()), ==, nameOf(row.to));
    }
    for (const Phase quiet : {Phase::Idle, Phase::Ended, Phase::Failed}) {
        Rig rig;
        reach(rig, quiet);
        g_assert_false(rig.session.deadline().has_value());
    }
}

static void a_session_from_first_audio_to_close() {
    Rig rig;
    rig.audio(3);
    g_assert_cmpuint(rig.transport.requests.size(), ==, 1);
    rig.answer(201, reply(1));
    g_assert_true(rig.transport.connects == std::vector<std::string>{"ws://127.0.0.1:1/v2/live?token=t1"});
    g_assert_true(rig.transport.audio.empty());
    rig.opens();
    g_assert_cmpuint(rig.transport.audio.size(), ==, 3); // what was kept goes out at once
    rig.audio(2);
    g_assert_cmpuint(rig.observer.chunks.size(), ==, 5);
    rig.say("a", "hi", false);
    rig.say("a", "hi there", true);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 2);
    g_assert_true(rig.observer.transcripts[1].transcript.epoch == "session-1");
    rig.acknowledge(0, 5 * kBlock);
    rig.end();
    g_assert_cmpuint(rig.transport.count(stopRequest()), ==, 1);
    rig.say("b", "last words", true);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 3);
    g_assert_cmpint(rig.observer.ended, ==, 0);
    rig.closes(1000);
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_cmpuint(rig.observer.all<Closed>().size(), ==, 1);
    g_assert_true(rig.observer.all<Incomplete>().empty());
    const auto bytes = rig.backlog.level().bytes;
    g_assert_true(bytes.exact());
    g_assert_cmpuint(bytes.acknowledged, ==, 5 * kBlock);
}

static void at_most_the_window_is_unacknowledged() {
    Rig rig;
    rig.audio(100); // 10 s
    rig.open();
    g_assert_cmpuint(rig.transport.audio.size(), ==, 30);
    rig.acknowledge(0, 10 * kBlock);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 40);
    rig.acknowledge(0, 5 * kBlock); // never backwards
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 10 * kBlock);
    rig.acknowledge(0, ~0ull >> 1); // more than was sent is no more than that
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 40 * kBlock);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 70);
}

static void what_had_to_wait_is_paced() {
    SessionConfig paced = config();
    paced.catchupSpeed = 4;
    Rig rig(paced);
    rig.audio(100);
    rig.open();
    const std::uint64_t opened = rig.now;
    std::uint64_t acknowledged = 0;
    while (rig.transport.bytes() < 100 * kBlock) {
        const std::uint64_t sent = rig.transport.bytes();
        const std::uint64_t audioNs = kFormat.nsOfBytes(sent);
        g_assert_cmpuint(audioNs, <=, 4 * (rig.now - opened) + 600 * kMs);
        rig.acknowledge(acknowledged, sent);
        acknowledged = sent;
        rig.tick();
    }
    g_assert_cmpuint(rig.now - opened, >=, 2200 * kMs);
    g_assert_cmpuint(rig.now - opened, <=, 2600 * kMs);
}

static void large_blocks_are_cut_into_frames() {
    Rig rig;
    AudioBlock block;
    block.bytes = 3 * 1024 * 1024 + 4;
    block.format = kFormat;
    rig.backlog.push(std::move(block), AudioBacklog::Policy::Block);
    rig.session.audioAvailable(rig.now);
    rig.open();
    std::uint64_t total = 0;
    while (rig.session.state() == State::Streaming && total < 3 * 1024 * 1024 + 4) {
        for (const auto &sent : rig.transport.audio) {
            g_assert_cmpuint(sent.bytes, <=, 512 * 1024);
            g_assert_cmpuint(sent.bytes % 2, ==, 0);
        }
        g_assert_cmpuint(rig.transport.bytes(), >, total);
        rig.acknowledge(total, rig.transport.bytes());
        total = rig.backlog.level().bytes.acknowledged;
    }
    g_assert_cmpuint(total, ==, 3 * 1024 * 1024 + 4);
}

static void another_format_ends_the_session_and_starts_one() {
    Rig rig;
    reach(rig, Phase::Streaming);
    rig.audio(2, kOther);
    g_assert_true(rig.session.state() == State::Draining);
    rig.closes(1000);
    g_assert_true(rig.session.state() == State::Requesting);
    g_assert_true(rig.transport.requests.back().find("48000") != std::string::npos);
    rig.open(2);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 3);
    rig.say("a", "anew", true);
    g_assert_true(rig.observer.transcripts.back().transcript.epoch == "session-2");
    g_assert_cmpuint(rig.observer.transcripts.back().transcript.startNs, ==, 100 * kMs);
    g_assert_cmpint(rig.observer.ended, ==, 0);
}

static void when_all_is_acknowledged_silence_is_peace() {
    Rig rig;
    reach(rig, Phase::Streaming);
    rig.acknowledge(0, kBlock);
    while (rig.transport.count(emptyChunk()) < 180) // an hour
        rig.tick();
    g_assert_true(rig.session.state() == State::Streaming);
    g_assert_cmpuint(rig.transport.pings.size(), ==, 360);
    g_assert_true(rig.observer.all<Lost>().empty());
}

static void a_silent_peer_that_answers_no_ping_is_gone() {
    Rig rig;
    reach(rig, Phase::Streaming);
    rig.acknowledge(0, kBlock);
    rig.answersPings = false;
    const std::uint64_t since = rig.now;
    while (rig.observer.all<Lost>().empty())
        rig.tick();
    g_assert_cmpuint(rig.transport.pings.size(), ==, 1);
    g_assert_cmpuint(rig.now - since, ==, Liveness::kPingNs + config().ackTimeoutNs);
    g_assert_cmpuint(rig.transport.closes.back().code, ==, kClosePolicy);
    rig.tickUntil(State::Connecting); // not only with the next audio
    rig.answersPings = true;
    rig.opens();
    while (rig.transport.pings.size() < 10)
        rig.tick();
    g_assert_cmpuint(rig.observer.all<Lost>().size(), ==, 1);
}

static void anything_heard_answers_a_ping() {
    Rig rig;
    reach(rig, Phase::Streaming);
    rig.acknowledge(0, kBlock);
    rig.answersPings = false;
    for (int i = 1; i <= 10; i++) {
        while (rig.transport.pings.size() < static_cast<std::size_t>(i))
            rig.tick();
        rig.session.received(rig.now, rig.id(), R"({"type":"speech_start","data":{"time":1,"channel":0}})");
    }
    g_assert_true(rig.observer.all<Lost>().empty());
}

static void a_heartbeat_heard_before_the_connection_holds_for_it() {
    Rig rig;
    rig.session.setHeartbeat(rig.now, 2 * kSecond, 6 * kSecond);
    reach(rig, Phase::Streaming);
    rig.acknowledge(0, kBlock);
    rig.answersPings = false;
    const std::uint64_t since = rig.now;
    while (rig.observer.all<Lost>().empty())
        rig.tick();
    g_assert_cmpuint(rig.transport.pings.size(), ==, 2);
    g_assert_cmpuint(rig.now - since, ==, 6 * kSecond);
}

static void no_audio_means_no_session() {
    Rig rig;
    rig.end();
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_true(rig.transport.requests.empty());
}

static void doubles_are_dropped_and_garbage_counted() {
    Rig rig;
    reach(rig, Phase::Streaming);
    rig.say("a", "once", true);
    rig.say("a", "twice", true);
    rig.session.received(rig.now, rig.id(), "nonsense");
    rig.session.received(rig.now, rig.id(), "");
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 1);
    g_assert_cmpuint(rig.session.transcriptCounts().repeated, ==, 1);
    g_assert_cmpuint(rig.session.counts().malformed, ==, 2);
    g_assert_cmpuint(rig.observer.gaps.size(), ==, 3);
}

static void aborting_is_silent() {
    for (const Phase phase : kPhases) {
        Rig rig;
        reach(rig, phase);
        const auto notices = rig.observer.notices.size();
        const auto words = rig.observer.failures.size() + static_cast<unsigned>(rig.observer.ended);
        rig.session.abort();
        rig.opens();
        rig.closes(1006);
        rig.answer(201, reply(3));
        rig.audio();
        g_assert_cmpuint(rig.observer.notices.size(), ==, notices);
        g_assert_cmpuint(rig.observer.failures.size() + static_cast<unsigned>(rig.observer.ended), ==, words);
        g_assert_false(rig.session.deadline().has_value());
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"every event is defined in every state", every_event_is_defined_in_every_state},
        {"what an older connection reports does nothing", what_an_older_connection_reports_does_nothing},
        {"every deadline leads somewhere", every_deadline_leads_somewhere},
        {"a session from first audio to close", a_session_from_first_audio_to_close},
        {"at most the window is unacknowledged", at_most_the_window_is_unacknowledged},
        {"what had to wait is paced", what_had_to_wait_is_paced},
        {"large blocks are cut into frames", large_blocks_are_cut_into_frames},
        {"another format ends the session and starts one", another_format_ends_the_session_and_starts_one},
        {"when all is acknowledged silence is peace", when_all_is_acknowledged_silence_is_peace},
        {"a silent peer that answers no ping is gone", a_silent_peer_that_answers_no_ping_is_gone},
        {"anything heard answers a ping", anything_heard_answers_a_ping},
        {"a heartbeat heard before the connection holds for it",
         a_heartbeat_heard_before_the_connection_holds_for_it},
        {"no audio means no session", no_audio_means_no_session},
        {"doubles are dropped and garbage counted", doubles_are_dropped_and_garbage_counted},
        {"aborting is silent", aborting_is_silent},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-session/") + name).c_str(), test);
    return g_test_run();
}
