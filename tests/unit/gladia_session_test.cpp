// SPDX-License-Identifier: LGPL-2.1-or-later
// The session with an invented network and an invented clock: every state and every event.
#include "elements/gladiasink/gladia_session.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;
using State = GladiaSession::State;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};
constexpr AudioFormat kOther{Encoding::Pcm, 48000, 2};
constexpr const char *kReply = R"({"id":"session-1","url":"/v2/live?token=t"})";

class FakeTransport final : public Transport {
public:
    void request(const std::string &body) override { requests.push_back(body); }
    void connect(const std::string &url) override { connects.push_back(url); }
    void sendAudio(const AudioBlock &block, std::size_t offset, std::size_t bytes) override {
        audio.push_back({block.runningNs, offset, bytes});
    }
    void sendText(const std::string &text) override { texts.push_back(text); }
    void setPingInterval(std::uint64_t ns) override { pings.push_back(ns); }
    void close(unsigned code, const std::string &reason) override { closes.push_back({code, reason}); }

    struct Sent {
        std::uint64_t runningNs;
        std::size_t offset, bytes;
    };
    std::vector<std::string> requests, connects, texts;
    std::vector<Sent> audio;
    std::vector<std::uint64_t> pings;
    std::vector<std::pair<unsigned, std::string>> closes;
};

class FakeObserver final : public SessionObserver {
public:
    void onNotice(const Notice &notice) override { notices.push_back(notice); }
    void onTranscript(SpokenTranscript spoken) override { transcripts.push_back(std::move(spoken)); }
    void onChunkSent(std::size_t bytes) override { chunks.push_back(bytes); }
    void onMessageGap(std::uint64_t ns) override { gaps.push_back(ns); }
    void onEnded() override { ended++; }
    void onFailed(const Failure &failure) override { failures.push_back(failure); }

    template <typename T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const Notice &notice : notices)
            if (const T *one = std::get_if<T>(&notice))
                found.push_back(*one);
        return found;
    }

    std::vector<Notice> notices;
    std::vector<SpokenTranscript> transcripts;
    std::vector<std::size_t> chunks;
    std::vector<std::uint64_t> gaps;
    std::vector<Failure> failures;
    int ended = 0;
};

SessionConfig config() {
    SessionConfig made;
    std::string error;
    made.endpoint = *Endpoint::parse("http://127.0.0.1:1", "", error);
    return made;
}

struct Rig {
    explicit Rig(SessionConfig settings = config(), std::uint64_t capacityNs = 120 * kSecond)
        : backlog(capacityNs), session(std::move(settings), backlog, transport, observer) {}

    /// Queues `count` blocks of 100 ms and tells the session.
    void audio(int count = 1, const AudioFormat &format = kFormat) {
        for (int i = 0; i < count; i++) {
            AudioBlock block;
            block.bytes = format.rate / 10 * format.bytesPerFrame();
            block.runningNs = fed;
            block.format = format;
            fed += 100 * kMs;
            backlog.push(std::move(block), AudioBacklog::Policy::DropOldest);
        }
        session.audioAvailable(now);
    }
    void end() {
        backlog.end();
        session.audioEnded(now);
    }
    /// Advances the clock to the next deadline and ticks.
    void tick() {
        g_assert_true(session.deadline().has_value());
        now = *session.deadline();
        session.tick(now);
    }
    void acknowledge(std::uint64_t bytes) {
        session.received(now, R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[0,)" +
                                  std::to_string(bytes) + "]}}");
    }
    void say(const std::string &id, const std::string &text, bool isFinal) {
        session.received(now, R"({"type":"transcript","data":{"id":")" + id + R"(","is_final":)" +
                                  (isFinal ? "true" : "false") +
                                  R"(,"utterance":{"start":0,"end":0.1,"text":")" + text + "\"}}}");
    }
    void open() {
        session.answered(now, 201, kReply, 0);
        session.opened(now);
    }

    void reach(State state) {
        switch (state) {
        case State::Idle:
            break;
        case State::Requesting:
            audio();
            break;
        case State::Waiting:
            audio();
            session.answered(now, 503, "", 0);
            break;
        case State::Connecting:
            audio();
            session.answered(now, 201, kReply, 0);
            break;
        case State::Streaming:
            audio();
            open();
            break;
        case State::Draining:
            audio();
            open();
            end();
            break;
        case State::Ended:
            end();
            break;
        case State::Failed:
            audio();
            session.answered(now, 401, "", 0);
            break;
        }
        g_assert_cmpstr(nameOf(session.state()), ==, nameOf(state));
    }

    std::uint64_t now = 1000 * kSecond;
    std::uint64_t fed = 0;
    FakeTransport transport;
    FakeObserver observer;
    AudioBacklog backlog;
    GladiaSession session;
};

constexpr State kStates[] = {State::Idle,      State::Requesting, State::Waiting, State::Connecting,
                             State::Streaming, State::Draining,   State::Ended,   State::Failed};

} // namespace

/// Rows: events; columns: the states of kStates; cells: the state afterwards.
static void every_event_is_defined_in_every_state() {
    using S = State;
    struct Row {
        const char *name;
        std::function<void(Rig &)> event;
        State after[8];
    };
    const Failure transient = makeFailure(Trouble::CannotConnect, true, "x");
    const Failure final = makeFailure(Trouble::NotFound, false, "x");
    const Row table[] = {
        //                                 Idle         Requesting     Waiting     Connecting     Streaming
        //                                 Draining     Ended     Failed
        {"audio",
         [](Rig &r) { r.audio(); },
         {S::Requesting, S::Requesting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended,
          S::Failed}},
        {"end",
         [](Rig &r) { r.end(); },
         {S::Ended, S::Requesting, S::Waiting, S::Connecting, S::Draining, S::Draining, S::Ended, S::Failed}},
        {"201",
         [](Rig &r) { r.session.answered(r.now, 201, kReply, 0); },
         {S::Idle, S::Connecting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"401",
         [](Rig &r) { r.session.answered(r.now, 401, "", 0); },
         {S::Idle, S::Failed, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"503",
         [](Rig &r) { r.session.answered(r.now, 503, "", 0); },
         {S::Idle, S::Waiting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"201 with nonsense",
         [](Rig &r) { r.session.answered(r.now, 201, "hello", 0); },
         {S::Idle, S::Failed, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"transient failure",
         [&](Rig &r) { r.session.attemptFailed(r.now, transient); },
         {S::Idle, S::Waiting, S::Waiting, S::Waiting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"final failure",
         [&](Rig &r) { r.session.attemptFailed(r.now, final); },
         {S::Idle, S::Failed, S::Waiting, S::Failed, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"opened",
         [](Rig &r) { r.session.opened(r.now); },
         {S::Idle, S::Requesting, S::Waiting, S::Streaming, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"message",
         [](Rig &r) { r.say("a", "hi", true); },
         {S::Idle, S::Requesting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"garbage",
         [](Rig &r) { r.session.received(r.now, "\xff{"); },
         {S::Idle, S::Requesting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"pong",
         [](Rig &r) { r.session.pongReceived(r.now); },
         {S::Idle, S::Requesting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"close 1000",
         [](Rig &r) { r.session.closed(r.now, 1000, ""); },
         {S::Idle, S::Requesting, S::Waiting, S::Failed, S::Failed, S::Ended, S::Ended, S::Failed}},
        {"close 1006",
         [](Rig &r) { r.session.closed(r.now, 1006, ""); },
         {S::Idle, S::Requesting, S::Waiting, S::Waiting, S::Failed, S::Ended, S::Ended, S::Failed}},
        {"early tick",
         [](Rig &r) { r.session.tick(r.now); },
         {S::Idle, S::Requesting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"heartbeat",
         [](Rig &r) { r.session.setHeartbeat(r.now, kSecond, 3 * kSecond); },
         {S::Idle, S::Requesting, S::Waiting, S::Connecting, S::Streaming, S::Draining, S::Ended, S::Failed}},
        {"abort",
         [](Rig &r) { r.session.abort(); },
         {S::Ended, S::Ended, S::Ended, S::Ended, S::Ended, S::Ended, S::Ended, S::Failed}},
    };
    for (const Row &row : table)
        for (std::size_t column = 0; column < std::size(kStates); column++) {
            Rig rig;
            rig.reach(kStates[column]);
            row.event(rig);
            if (rig.session.state() != row.after[column])
                g_test_message("%s in %s: %s, not %s", row.name, nameOf(kStates[column]),
                               nameOf(rig.session.state()), nameOf(row.after[column]));
            g_assert_true(rig.session.state() == row.after[column]);
            // The two last words come at most once, and never both.
            g_assert_cmpuint(static_cast<unsigned>(rig.observer.ended) + rig.observer.failures.size(), <=, 1);
        }
}

static void every_deadline_leads_somewhere() {
    struct {
        State from, to;
    } table[] = {{State::Requesting, State::Waiting},
                 {State::Waiting, State::Requesting},
                 {State::Connecting, State::Waiting},
                 {State::Streaming, State::Streaming}, // keep-alive
                 {State::Draining, State::Ended}};
    for (const auto &row : table) {
        Rig rig;
        rig.reach(row.from);
        rig.tick();
        g_assert_cmpstr(nameOf(rig.session.state()), ==, nameOf(row.to));
    }
    for (const State quiet : {State::Idle, State::Ended, State::Failed}) {
        Rig rig;
        rig.reach(quiet);
        g_assert_false(rig.session.deadline().has_value());
    }
}

static void a_session_from_first_audio_to_close() {
    Rig rig;
    rig.audio(3);
    g_assert_cmpuint(rig.transport.requests.size(), ==, 1);
    rig.session.answered(rig.now, 201, kReply, 0);
    g_assert_true(rig.transport.connects == std::vector<std::string>{"ws://127.0.0.1:1/v2/live?token=t"});
    g_assert_true(rig.transport.audio.empty());
    rig.session.opened(rig.now);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 3); // what was kept goes out at once
    rig.audio(2);
    g_assert_cmpuint(rig.observer.chunks.size(), ==, 5);
    rig.say("a", "hi", false);
    rig.say("a", "hi there", true);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 2);
    g_assert_true(rig.observer.transcripts[1].transcript.epoch == "session-1");
    rig.end();
    g_assert_true(rig.transport.texts == std::vector<std::string>{stopRequest()});
    rig.say("b", "last words", true);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 3);
    g_assert_cmpint(rig.observer.ended, ==, 0);
    rig.session.closed(rig.now, 1000, "");
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_cmpuint(rig.observer.all<Closed>().size(), ==, 1);
    g_assert_true(rig.observer.all<Incomplete>().empty());
}

static void at_most_the_window_is_unacknowledged() {
    Rig rig;
    rig.audio(100); // 10 s
    rig.open();
    g_assert_cmpuint(rig.transport.audio.size(), ==, 30);
    rig.acknowledge(10 * 3200);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 40);
    rig.acknowledge(5 * 3200); // never backwards
    g_assert_cmpuint(rig.session.counts().bytesAcknowledged, ==, 10 * 3200);
    rig.acknowledge(~0ull >> 1); // more than was sent is no more than that
    g_assert_cmpuint(rig.session.counts().bytesAcknowledged, ==, 40 * 3200);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 70);
}

static void large_blocks_are_cut_into_frames_of_512_kib() {
    Rig rig;
    AudioBlock block;
    block.bytes = 3 * 1024 * 1024 + 4;
    block.format = kFormat;
    rig.backlog.push(std::move(block), AudioBacklog::Policy::Block);
    rig.session.audioAvailable(rig.now);
    rig.open();
    std::size_t total = 0;
    for (const auto &sent : rig.transport.audio) {
        g_assert_cmpuint(sent.bytes, <=, 512 * 1024);
        g_assert_cmpuint(sent.bytes % 2, ==, 0);
        g_assert_cmpuint(sent.offset, ==, total);
        total += sent.bytes;
    }
    g_assert_cmpuint(total, ==, 3 * 1024 * 1024 + 4);
}

static void another_format_ends_the_session_and_starts_one() {
    Rig rig;
    rig.reach(State::Streaming);
    rig.audio(2, kOther);
    g_assert_true(rig.session.state() == State::Draining);
    rig.session.closed(rig.now, 1000, "");
    g_assert_true(rig.session.state() == State::Requesting);
    g_assert_true(rig.transport.requests.back().find("48000") != std::string::npos);
    rig.session.answered(rig.now, 201, R"({"id":"session-2","url":"/x?token=u"})", 0);
    rig.session.opened(rig.now);
    g_assert_cmpuint(rig.transport.audio.size(), ==, 3);
    rig.say("a", "anew", true);
    g_assert_true(rig.observer.transcripts.back().transcript.epoch == "session-2");
    g_assert_cmpuint(rig.observer.transcripts.back().transcript.startNs, ==, 100 * kMs);
    g_assert_cmpint(rig.observer.ended, ==, 0);
}

static void attempts_are_bounded_and_spread() {
    SessionConfig bounded = config();
    bounded.maxAttempts = 5;
    Rig rig(bounded);
    rig.audio();
    std::uint64_t last = 0;
    for (unsigned attempt = 1; attempt < 5; attempt++) {
        rig.session.attemptFailed(rig.now, makeFailure(Trouble::CannotConnect, true, "x"));
        const auto retries = rig.observer.all<Retrying>();
        g_assert_cmpuint(retries.size(), ==, attempt);
        g_assert_cmpuint(retries.back().delayNs, >, last);
        last = retries.back().delayNs;
        rig.tick();
        g_assert_true(rig.session.state() == State::Requesting);
    }
    rig.session.attemptFailed(rig.now, makeFailure(Trouble::CannotConnect, true, "x"));
    g_assert_true(rig.session.state() == State::Failed);
    g_assert_cmpuint(rig.observer.failures.size(), ==, 1);
    AudioBlock late;
    late.bytes = 2;
    late.format = kFormat;
    g_assert_true(rig.backlog.push(std::move(late), AudioBacklog::Policy::Block).result ==
                  AudioBacklog::Result::Failed);
}

static void what_the_service_asks_to_wait_is_waited() {
    Rig rig;
    rig.audio();
    rig.session.answered(rig.now, 429, "", 7 * kSecond);
    g_assert_cmpuint(*rig.session.deadline(), ==, rig.now + 7 * kSecond);
    rig.tick();
    rig.session.answered(rig.now, 429, "", 100'000 * kSecond);
    g_assert_cmpuint(*rig.session.deadline(), ==, rig.now + 30 * kSecond);
}

static void silence_while_an_answer_is_due_is_death() {
    Rig rig;
    rig.reach(State::Streaming);
    const std::uint64_t sent = rig.now;
    while (rig.session.state() == State::Streaming)
        rig.tick(); // keep-alives first
    g_assert_cmpuint(rig.now, ==, sent + 45 * kSecond);
    g_assert_true(rig.observer.failures.at(0).trouble == Trouble::Lost);
    g_assert_true(rig.transport.closes.back() == std::make_pair(1008u, std::string("Heartbeat timeout")));
}

static void when_all_is_acknowledged_silence_is_peace() {
    Rig rig;
    rig.reach(State::Streaming);
    rig.acknowledge(3200);
    for (int i = 0; i < 100; i++)
        rig.tick();
    g_assert_true(rig.session.state() == State::Streaming);
    g_assert_cmpuint(rig.transport.texts.size(), ==, 100);
    g_assert_true(rig.transport.texts[0] == emptyChunk());
}

static void a_heartbeat_makes_silence_death_and_pongs_life() {
    Rig rig;
    rig.reach(State::Streaming);
    rig.acknowledge(3200);
    rig.session.setHeartbeat(rig.now, 2 * kSecond, 6 * kSecond);
    g_assert_true(rig.transport.pings == std::vector<std::uint64_t>{2 * kSecond});
    for (int i = 0; i < 10; i++) {
        rig.now += 5 * kSecond;
        rig.session.tick(rig.now);
        rig.session.pongReceived(rig.now);
    }
    g_assert_true(rig.session.state() == State::Streaming);
    rig.tick();
    g_assert_true(rig.session.state() == State::Failed);
}

static void a_heartbeat_heard_before_the_connection_holds_for_it() {
    Rig rig;
    rig.session.setHeartbeat(rig.now, 2 * kSecond, 6 * kSecond);
    rig.reach(State::Streaming);
    g_assert_true(rig.transport.pings == std::vector<std::uint64_t>{2 * kSecond});
}

static void draining_is_bounded_and_says_what_is_missing() {
    Rig rig;
    rig.reach(State::Streaming);
    rig.say("a", "unfinished", false);
    rig.end();
    const std::uint64_t stopped = rig.now;
    rig.tick();
    g_assert_cmpuint(rig.now, ==, stopped + 10 * kSecond);
    const auto incomplete = rig.observer.all<Incomplete>();
    g_assert_cmpuint(incomplete.size(), ==, 1);
    g_assert_cmpuint(incomplete[0].openUtterances, ==, 1);
    g_assert_cmpuint(incomplete[0].unacknowledgedNs, ==, 100 * kMs);
    g_assert_cmpint(rig.observer.ended, ==, 1);
}

static void a_drop_while_draining_is_a_warning_not_an_error() {
    Rig rig;
    rig.reach(State::Draining);
    rig.session.closed(rig.now, 1006, "");
    g_assert_cmpuint(rig.observer.all<Incomplete>().size(), ==, 1);
    g_assert_cmpuint(rig.observer.all<Incomplete>()[0].closeCode, ==, 1006);
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_true(rig.observer.failures.empty());
}

static void the_end_waits_for_audio_that_makes_progress_only() {
    Rig rig;
    rig.audio(100);
    rig.open();
    rig.end();
    g_assert_true(rig.session.state() == State::Streaming); // 7 s still queued
    rig.now += 9 * kSecond;
    rig.acknowledge(20 * 3200);
    rig.now += 9 * kSecond;
    rig.session.tick(rig.now);
    g_assert_true(rig.session.state() == State::Streaming);
    rig.now += kSecond;
    rig.session.tick(rig.now);
    g_assert_true(rig.session.state() == State::Ended);
    g_assert_cmpuint(rig.observer.all<Incomplete>().at(0).unsentNs, ==, 5 * kSecond);
    g_assert_cmpuint(rig.transport.requests.size(), ==, 1); // what was given up does not come back
}

static void the_end_of_the_audio_bounds_connecting_too() {
    for (const State state : {State::Requesting, State::Waiting, State::Connecting}) {
        SessionConfig slow = config();
        slow.connectTimeoutNs = 3600 * kSecond;
        slow.drainTimeoutNs = 100 * kMs;
        Rig rig(slow);
        rig.reach(state);
        rig.end();
        const std::uint64_t ended = rig.now;
        rig.tick();
        g_assert_true(rig.session.state() == State::Failed);
        g_assert_cmpuint(rig.now, ==, ended + 100 * kMs);
        g_assert_cmpuint(rig.observer.failures.size(), ==, 1);
    }
}

static void no_audio_means_no_session() {
    Rig rig;
    rig.end();
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_true(rig.transport.requests.empty());
}

static void lost_audio_is_announced_before_what_follows_it() {
    Rig rig(config(), kSecond);
    rig.audio(50); // 4 s of it are dropped
    rig.open();
    const auto lost = rig.observer.all<AudioLost>();
    g_assert_cmpuint(lost.size(), ==, 1);
    g_assert_true(lost[0].range == (LostRange{0, 4 * kSecond}));
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 1);
    const auto &gap = rig.observer.transcripts[0].transcript;
    g_assert_true(gap.kind == GST_TRANSCRIPT_KIND_GAP);
    g_assert_cmpuint(gap.endNs, ==, 4 * kSecond);
    rig.say("a", "after", true);
    g_assert_cmpuint(rig.observer.transcripts[1].transcript.startNs, ==, 4 * kSecond);
}

static void doubles_are_dropped_and_garbage_counted() {
    Rig rig;
    rig.reach(State::Streaming);
    rig.say("a", "once", true);
    rig.say("a", "twice", true);
    rig.session.received(rig.now, "nonsense");
    rig.session.received(rig.now, "");
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 1);
    g_assert_cmpuint(rig.session.transcriptCounts().repeated, ==, 1);
    g_assert_cmpuint(rig.session.counts().malformed, ==, 2);
    g_assert_cmpuint(rig.observer.gaps.size(), ==, 3);
}

static void aborting_is_silent() {
    for (const State state : kStates) {
        Rig rig;
        rig.reach(state);
        const auto notices = rig.observer.notices.size();
        const auto words = rig.observer.failures.size() + static_cast<unsigned>(rig.observer.ended);
        rig.session.abort();
        rig.session.opened(rig.now);
        rig.session.closed(rig.now, 1006, "");
        rig.session.answered(rig.now, 201, kReply, 0);
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
        {"every deadline leads somewhere", every_deadline_leads_somewhere},
        {"a session from first audio to close", a_session_from_first_audio_to_close},
        {"at most the window is unacknowledged", at_most_the_window_is_unacknowledged},
        {"large blocks are cut into frames of 512 KiB", large_blocks_are_cut_into_frames_of_512_kib},
        {"another format ends the session and starts one", another_format_ends_the_session_and_starts_one},
        {"attempts are bounded and spread", attempts_are_bounded_and_spread},
        {"what the service asks to wait is waited", what_the_service_asks_to_wait_is_waited},
        {"silence while an answer is due is death", silence_while_an_answer_is_due_is_death},
        {"when all is acknowledged silence is peace", when_all_is_acknowledged_silence_is_peace},
        {"a heartbeat makes silence death and pongs life", a_heartbeat_makes_silence_death_and_pongs_life},
        {"a heartbeat heard before the connection holds for it",
         a_heartbeat_heard_before_the_connection_holds_for_it},
        {"draining is bounded and says what is missing", draining_is_bounded_and_says_what_is_missing},
        {"a drop while draining is a warning, not an error", a_drop_while_draining_is_a_warning_not_an_error},
        {"the end waits for audio that makes progress only",
         the_end_waits_for_audio_that_makes_progress_only},
        {"the end of the audio bounds connecting too", the_end_of_the_audio_bounds_connecting_too},
        {"no audio means no session", no_audio_means_no_session},
        {"lost audio is announced before what follows it", lost_audio_is_announced_before_what_follows_it},
        {"doubles are dropped and garbage counted", doubles_are_dropped_and_garbage_counted},
        {"aborting is silent", aborting_is_silent},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-session/") + name).c_str(), test);
    return g_test_run();
}
