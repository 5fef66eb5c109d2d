// SPDX-License-Identifier: LGPL-2.1-or-later
// What breaks, and what the session does about it; network and clock are invented.
#include "elements/gladiasink/reconnect_policy.h"
#include "tests/unit/gladia_session_rig.h"

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

/// A session that works: `blocks` of 100 ms sent, all but the last `unacknowledged` acknowledged.
void stream(Rig &rig, int blocks, int unacknowledged) {
    rig.audio(blocks, kFormat, true);
    rig.open();
    rig.acknowledge(0, static_cast<std::uint64_t>(blocks - unacknowledged) * kBlock);
}

} // namespace

// ---- when to try again

static void the_first_retry_comes_at_once_and_never_twice() {
    ReconnectPolicy policy({250 * kMs, 2 * kSecond, 0, [] {
                                return 1.0;
                            }});
    std::uint64_t now = 100 * kSecond;
    const auto breaks = [&](bool works) {
        policy.opened(now);
        if (works)
            policy.progressed();
        return *policy.failed(now, 0);
    };
    g_assert_cmpuint(breaks(true), ==, 0);
    now += 100 * kMs;
    g_assert_cmpuint(breaks(true), >=, 250 * kMs); // it works a little, and breaks, and works …
    now += 3 * kSecond;
    g_assert_cmpuint(breaks(true), ==, 0);
}

static void delays_grow_to_the_limit_and_are_spread() {
    for (const double chance : {0.0, 0.5, 1.0}) {
        ReconnectPolicy policy({250 * kMs, 2 * kSecond, 0, [=] {
                                    return chance;
                                }});
        std::uint64_t last = 0;
        for (int i = 0; i < 20; i++) {
            const std::uint64_t delay = *policy.failed(100 * kSecond, 0);
            g_assert_cmpuint(delay, >=, last);
            g_assert_cmpuint(delay, >=, 187 * kMs);
            g_assert_cmpuint(delay, <=, 2 * kSecond);
            last = delay;
        }
        g_assert_cmpuint(last, ==, static_cast<std::uint64_t>(2e9 * (0.75 + 0.25 * chance)));
        g_assert_cmpuint(*policy.failed(100 * kSecond, 7 * kSecond), ==, 7 * kSecond);
    }
}

static void attempts_can_be_bounded() {
    SessionConfig bounded = config();
    bounded.maxAttempts = 5;
    Rig rig(bounded);
    rig.audio();
    for (int attempt = 1; attempt < 5; attempt++) {
        rig.networkFails();
        g_assert_cmpuint(rig.observer.all<Retrying>().size(), ==, static_cast<unsigned>(attempt));
        rig.tickUntil(State::Requesting);
    }
    rig.networkFails();
    g_assert_true(rig.session.state() == State::Failed);
    g_assert_cmpuint(rig.observer.failures.size(), ==, 1);
    g_assert_cmpuint(rig.observer.all<GaveUp>().at(0).attempts, ==, 5);
    AudioBlock late;
    late.bytes = 2;
    late.format = kFormat;
    g_assert_true(rig.backlog.push(std::move(late), AudioBacklog::Policy::Block).result ==
                  AudioBacklog::Result::Failed);
    g_assert_true(rig.exact());
}

static void what_the_service_asks_to_wait_is_waited() {
    Rig rig;
    rig.audio();
    rig.answer(429, "", 7 * kSecond);
    g_assert_cmpuint(*rig.session.deadline(), ==, rig.now + 7 * kSecond);
    rig.tick();
    rig.answer(429, "", 100'000 * kSecond);
    g_assert_cmpuint(*rig.session.deadline(), ==, rig.now + 30 * kSecond);
}

static void what_dies_right_after_opening_is_called_that_and_not_tried_hot() {
    Rig rig;
    rig.audio(2);
    rig.open();
    const std::uint64_t begun = rig.now;
    int lives = 1;
    for (; rig.now - begun < 60 * kSecond && rig.session.state() != State::Failed; lives++) {
        rig.closes(1011);
        for (int i = 0; i < 3 && rig.session.state() != State::Connecting; i++) {
            rig.tick();
            if (rig.session.state() == State::Requesting)
                rig.answer(201, reply(lives));
        }
        rig.opens();
    }
    g_assert_cmpint(lives, <, 60);
    bool told = false;
    for (const Retrying &one : rig.observer.all<Retrying>())
        told |= one.degraded && one.failure.text.find("right after they open") != std::string::npos;
    g_assert_true(told);
}

// ---- resuming

static void the_unacknowledged_tail_goes_again_and_nothing_else() {
    Rig rig;
    stream(rig, 20, 8);
    rig.closes(1006);
    rig.tick();
    g_assert_true(rig.session.state() == State::Connecting);
    g_assert_cmpstr(rig.transport.connects.back().c_str(), ==, rig.transport.connects.front().c_str());
    rig.opens();
    const std::size_t before = rig.transport.audio.size();
    g_assert_cmpuint(rig.transport.count(emptyChunk()), ==, 1);
    g_assert_true(rig.session.state() == State::Resuming);
    rig.acknowledge(12 * kBlock, 12 * kBlock); // the answer to the empty chunk
    g_assert_cmpuint(rig.observer.all<Resumed>().at(0).bytes, ==, 8 * kBlock);
    g_assert_cmpuint(rig.transport.audio.size() - before, ==, 8);
    g_assert_cmpuint(rig.transport.audio[before].runningNs, ==, 1200 * kMs);
    g_assert_cmpuint(rig.session.counts().bytesResent, ==, 8 * kBlock);
    g_assert_true(rig.observer.all<Lost>().size() == 1 && rig.observer.all<Connecting>().size() == 2);
}

static void what_the_service_has_taken_does_not_go_again() {
    Rig rig;
    stream(rig, 20, 8);
    rig.dropAndReopen();
    const std::size_t before = rig.transport.audio.size();
    rig.acknowledge(17 * kBlock, 17 * kBlock); // five acknowledgements were lost
    g_assert_cmpuint(rig.transport.audio.size() - before, ==, 3);
    g_assert_cmpuint(rig.transport.audio[before].runningNs, ==, 1700 * kMs);
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 17 * kBlock);
    g_assert_cmpuint(rig.session.counts().bytesDoubled, ==, 0);
}

static void a_service_that_does_not_say_where_it_stands_gets_the_tail() {
    Rig rig;
    stream(rig, 20, 8);
    rig.dropAndReopen();
    const std::size_t before = rig.transport.audio.size();
    rig.tick();
    g_assert_true(rig.session.state() == State::Streaming);
    g_assert_cmpuint(rig.transport.audio.size() - before, ==, 8);
    // It had 5 of the 8 already, and counts on from there: from now on its times are 500 ms ahead.
    rig.acknowledge(17 * kBlock, 18 * kBlock);
    g_assert_cmpuint(rig.session.counts().bytesDoubled, ==, 5 * kBlock);
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 13 * kBlock);
    rig.acknowledge(18 * kBlock, 25 * kBlock);
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 20 * kBlock);
    rig.say("a", "later", true, 2.3, 2.4);
    g_assert_cmpuint(rig.observer.transcripts.back().transcript.startNs, ==, 1800 * kMs);
    g_assert_true(rig.exact());
}

static void a_second_break_before_it_stands_changes_nothing() {
    Rig rig;
    stream(rig, 20, 8);
    rig.dropAndReopen();
    rig.dropAndReopen(); // while resuming
    rig.acknowledge(12 * kBlock, 12 * kBlock);
    g_assert_cmpuint(rig.observer.all<Resumed>().at(0).bytes, ==, 8 * kBlock);
    rig.acknowledge(12 * kBlock, 20 * kBlock);
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 20 * kBlock);
}

static void after_1009_frames_are_smaller() {
    Rig rig;
    AudioFormat wide{Encoding::Pcm, 48000, 8};
    rig.audio(1, wide);
    rig.open();
    std::size_t last = rig.transport.audio[0].bytes;
    for (int i = 0; i < 6; i++) {
        rig.closes(1009);
        rig.tickUntil(State::Connecting);
        rig.opens();
        const std::size_t before = rig.transport.audio.size();
        rig.tick();
        g_assert_true(rig.session.state() == State::Streaming);
        g_assert_cmpuint(rig.transport.audio[before].bytes, <=, last);
        last = rig.transport.audio[before].bytes;
    }
    g_assert_cmpuint(last, ==, 8192);
}

static void a_refused_chunk_is_heard_by_another_session() {
    Rig rig;
    stream(rig, 20, 8);
    rig.session.received(
        rig.now, rig.id(),
        R"({"type":"audio_chunk","acknowledged":false,"data":null,"error":{"message":"no"}})");
    g_assert_true(rig.session.state() == State::Requesting);
    g_assert_cmpuint(rig.observer.all<NewSession>().at(0).bytes, ==, 20 * kBlock);
    g_assert_cmpuint(rig.session.counts().rejectedChunks, ==, 1);
}

static void a_half_open_connection_is_noticed() {
    Rig rig;
    stream(rig, 5, 5);
    const std::uint64_t sent = rig.now;
    rig.tick();
    g_assert_cmpuint(rig.now - sent, ==, 5 * kSecond);
    g_assert_true(rig.session.state() == State::Waiting);
    g_assert_cmpuint(rig.transport.closes.back().code, ==, 1008);
    g_assert_cmpuint(rig.observer.all<Lost>().at(0).failure.closeCode, ==, 1008);
    // With a heartbeat also when nothing is due; pongs are life.
    Rig quiet;
    stream(quiet, 5, 0);
    quiet.answersPings = false;
    quiet.session.setHeartbeat(quiet.now, 2 * kSecond, 6 * kSecond);
    for (int i = 0; i < 10; i++) {
        quiet.now += 5 * kSecond;
        quiet.session.tick(quiet.now);
        quiet.session.pongReceived(quiet.now, quiet.id());
    }
    g_assert_true(quiet.session.state() == State::Streaming);
    quiet.tickUntil(State::Waiting);
}

static void what_an_abandoned_session_has_shown_is_taken_back() {
    Rig rig;
    stream(rig, 5, 5);
    rig.say("a", "said", true);
    rig.say("b", "half of", false, 0.2, 0.3);
    rig.say("b", "half of it", false, 0.2, 0.4);
    rig.say("c", "more", false, 0.4, 0.5);
    const std::size_t before = rig.observer.transcripts.size();
    rig.closes(4404);
    const auto &all = rig.observer.transcripts;
    g_assert_cmpuint(all.size(), ==, before + 2);
    for (std::size_t i = 0; i < 2; i++) {
        const Transcript &nothing = all[before + i].transcript;
        g_assert_true(nothing.epoch == "session-1" && nothing.utteranceId == (i == 0 ? "b" : "c"));
        g_assert_true(nothing.isFinal && nothing.text.empty());
        g_assert_cmpuint(nothing.revision, ==, i == 0 ? 3 : 2);
        g_assert_cmpuint(nothing.startNs, ==, (i == 0 ? 200 : 400) * kMs);
    }
    // A connection that is lost takes nothing back: its session goes on.
    Rig lost;
    stream(lost, 5, 5);
    lost.say("b", "half of", false, 0.2, 0.3);
    lost.dropAndReopen();
    g_assert_cmpuint(lost.observer.transcripts.size(), ==, 1);
    // Nor does who leaves without a word.
    lost.session.abort();
    g_assert_cmpuint(lost.observer.transcripts.size(), ==, 1);
}

static void what_a_session_never_finished_is_taken_back_at_its_end() {
    Rig rig;
    stream(rig, 5, 5);
    rig.say("b", "half of", false, 0.2, 0.3);
    rig.end();
    rig.closes(1000);
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 2);
    g_assert_true(rig.observer.transcripts.back().transcript.isFinal);
    g_assert_true(rig.observer.transcripts.back().transcript.text.empty());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"the first retry comes at once and never twice", the_first_retry_comes_at_once_and_never_twice},
        {"delays grow to the limit and are spread", delays_grow_to_the_limit_and_are_spread},
        {"attempts can be bounded", attempts_can_be_bounded},
        {"what the service asks to wait is waited", what_the_service_asks_to_wait_is_waited},
        {"what dies right after opening is called that and not tried hot",
         what_dies_right_after_opening_is_called_that_and_not_tried_hot},
        {"the unacknowledged tail goes again and nothing else",
         the_unacknowledged_tail_goes_again_and_nothing_else},
        {"what the service has taken does not go again", what_the_service_has_taken_does_not_go_again},
        {"a service that does not say where it stands gets the tail",
         a_service_that_does_not_say_where_it_stands_gets_the_tail},
        {"a second break before it stands changes nothing", a_second_break_before_it_stands_changes_nothing},
        {"after 1009 frames are smaller", after_1009_frames_are_smaller},
        {"a refused chunk is heard by another session", a_refused_chunk_is_heard_by_another_session},
        {"a half-open connection is noticed", a_half_open_connection_is_noticed},
        {"what an abandoned session has shown is taken back",
         what_an_abandoned_session_has_shown_is_taken_back},
        {"what a session never finished is taken back at its end",
         what_a_session_never_finished_is_taken_back_at_its_end},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-reconnect/") + name).c_str(), test);
    return g_test_run();
}
