// SPDX-License-Identifier: LGPL-2.1-or-later
// What breaks, and what the session does about it; network and clock are invented.
#include "elements/gladiasink/reconnect_policy.h"
#include "elements/gladiasink/speech_detector.h"
#include "tests/unit/gladia_session_rig.h"

#include <cmath>

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

/// A session that works: `blocks` of 100 ms sent, all but the last `unacknowledged` acknowledged.
void stream(Rig &rig, int blocks, int unacknowledged) {
    rig.audio(blocks);
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

static void a_refused_chunk_goes_again() {
    Rig rig;
    stream(rig, 20, 8);
    rig.session.received(
        rig.now, rig.id(),
        R"({"type":"audio_chunk","acknowledged":false,"data":null,"error":{"message":"no"}})");
    g_assert_true(rig.session.state() == State::Waiting);
    rig.tick();
    rig.opens();
    rig.acknowledge(12 * kBlock, 12 * kBlock);
    g_assert_cmpuint(rig.observer.all<Resumed>().at(0).bytes, ==, 8 * kBlock);
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
    quiet.session.setHeartbeat(quiet.now, 2 * kSecond, 6 * kSecond);
    for (int i = 0; i < 10; i++) {
        quiet.now += 5 * kSecond;
        quiet.session.tick(quiet.now);
        quiet.session.pongReceived(quiet.now, quiet.id());
    }
    g_assert_true(quiet.session.state() == State::Streaming);
    quiet.tickUntil(State::Waiting);
}

// ---- sessions that are gone

static void a_session_that_is_gone_is_followed_by_a_new_one() {
    for (const unsigned status : {401u, 403u, 404u, 410u}) {
        Rig rig;
        stream(rig, 30, 8);
        rig.say("a", "settled", true, 0, 1.0);
        rig.closes(1006);
        rig.tick();
        rig.attemptFails(failureOfUpgrade(status, ""));
        g_assert_true(rig.session.state() == State::Requesting);
        // What has no final yet is heard again: all but the first second.
        g_assert_cmpuint(rig.observer.all<NewSession>().at(0).bytes, ==, 20 * kBlock);
        const std::size_t before = rig.transport.audio.size();
        rig.open(2);
        g_assert_cmpuint(rig.transport.audio[before].runningNs, ==, 1000 * kMs);
        rig.say("a", "anew", true, 0.2, 0.5);
        const auto &transcript = rig.observer.transcripts.back().transcript;
        g_assert_true(transcript.epoch == "session-2");
        g_assert_cmpuint(transcript.startNs, ==, 1200 * kMs);
        g_assert_true(rig.exact());
    }
}

static void refused_twice_in_the_same_way_is_final() {
    Rig rig;
    stream(rig, 5, 2);
    rig.closes(4401);
    g_assert_true(rig.session.state() == State::Requesting);
    rig.answer(201, reply(2));
    rig.attemptFails(failureOfUpgrade(403, ""));
    g_assert_true(rig.session.state() == State::Failed);
    g_assert_cmpuint(rig.observer.failures.size(), ==, 1);
    g_assert_true(rig.exact());
}

static void what_cannot_pass_is_an_error_also_later() {
    Rig rig;
    stream(rig, 5, 2);
    rig.closes(4404);
    rig.answer(401, R"({"message":"gone"})"); // the key does not hold any more
    g_assert_true(rig.session.state() == State::Failed);
    // But an endpoint that once worked may answer nonsense for a while.
    Rig odd;
    stream(odd, 5, 2);
    odd.closes(4404);
    odd.answer(201, "<html>");
    g_assert_true(odd.session.state() == State::Waiting);
}

static void a_stalled_session_is_made_anew() {
    Rig rig;
    rig.audio(1);
    rig.open();
    std::uint64_t acknowledged = 0;
    for (int i = 0; i < 250 && rig.session.state() == State::Streaming; i++) {
        rig.audio(1, kFormat, true);
        rig.acknowledge(acknowledged, acknowledged + kBlock);
        acknowledged += kBlock;
    }
    g_assert_cmpuint(rig.observer.all<Stalled>().size(), ==, 1);
    g_assert_cmpuint(rig.observer.all<Stalled>()[0].speechNs, ==, 20 * kSecond);
    g_assert_true(rig.session.state() == State::Waiting);
}

static void partials_without_a_final_are_a_stall_and_silence_is_none() {
    Rig rig;
    stream(rig, 1, 0);
    for (int i = 0; i < 36'000; i++) { // an hour, in which nobody speaks
        rig.now += 100 * kMs;
        rig.audio(1);
        rig.acknowledge(0, ~0ull >> 1);
    }
    g_assert_true(rig.observer.all<Stalled>().empty());
    g_assert_true(rig.session.state() == State::Streaming);
    rig.say("x", "never finished", false);
    rig.now += 3600 * kSecond;
    rig.say("y", "another", false); // that one alone was judged empty, it seems
    g_assert_true(rig.observer.all<Stalled>().empty());
    for (int i = 0; i < 30 && rig.session.state() == State::Streaming; i++) {
        rig.now += 5 * kSecond;
        rig.say("y" + std::to_string(i / 4), "and another", false);
    }
    g_assert_cmpuint(rig.observer.all<Stalled>().size(), ==, 1);
}

static void speech_is_told_from_silence_and_from_noise() {
    SpeechDetector detector;
    const auto listen = [&](int seconds, double level) {
        std::vector<std::int16_t> samples(1600);
        std::uint64_t loud = 0;
        for (int block = 0; block < seconds * 10; block++) {
            for (std::size_t i = 0; i < samples.size(); i++)
                samples[i] =
                    static_cast<std::int16_t>(level * 32767 * std::sin(static_cast<double>(i) * 0.3));
            loud += detector.listen({reinterpret_cast<const std::uint8_t *>(samples.data()), 3200}, kFormat);
        }
        return loud;
    };
    g_assert_cmpuint(listen(3600, 0), ==, 0);
    g_assert_cmpuint(listen(10, 0.2), ==, 10 * kSecond);
    listen(60, 0.008); // a fan
    g_assert_cmpuint(listen(3600, 0.008), ==, 0);
    g_assert_cmpuint(listen(10, 0.2), ==, 10 * kSecond);
}

// ---- the end

static void draining_is_bounded_and_says_what_is_missing() {
    Rig rig;
    rig.audio();
    rig.open();
    rig.say("a", "unfinished", false);
    rig.acknowledge(0, kBlock);
    rig.end();
    rig.session.received(rig.now, rig.id(),
                         R"({"type":"stop_recording","acknowledged":true,"data":{"recording_duration":1}})");
    const std::uint64_t stopped = rig.now;
    rig.tick();
    g_assert_cmpuint(rig.now, ==, stopped + 10 * kSecond);
    g_assert_cmpuint(rig.observer.all<Incomplete>().at(0).openUtterances, ==, 1);
    g_assert_cmpint(rig.observer.ended, ==, 1);
}

static void a_stop_that_gets_no_answer_is_sent_again() {
    for (const bool silent : {false, true}) {
        Rig rig;
        stream(rig, 5, 0);
        rig.end();
        if (silent)
            rig.tick(); // half-open
        else
            rig.closes(1006);
        g_assert_true(rig.session.state() == State::Waiting);
        rig.tick();
        rig.opens();
        g_assert_cmpuint(rig.transport.count(stopRequest()), ==, 2);
        rig.say("last", "words", true);
        rig.closes(1000);
        g_assert_cmpint(rig.observer.ended, ==, 1);
        g_assert_true(rig.observer.all<Incomplete>().empty());
    }
}

static void the_end_waits_for_audio_that_makes_progress_only() {
    Rig rig;
    rig.audio(100);
    rig.open();
    rig.end();
    g_assert_true(rig.session.state() == State::Streaming); // 7 s still queued
    rig.now += 4 * kSecond;
    rig.acknowledge(0, 20 * kBlock);
    const std::uint64_t progress = rig.now;
    while (rig.session.state() != State::Ended) { // nobody answers any more, on whatever connection
        rig.tick();
        if (rig.session.state() == State::Connecting)
            rig.networkFails();
    }
    g_assert_cmpuint(rig.now - progress, ==, 10 * kSecond);
    g_assert_cmpuint(rig.observer.all<Incomplete>().size(), ==, 1);
    const auto bytes = rig.backlog.level().bytes;
    g_assert_cmpuint(bytes.lost(LossReason::NotTaken), ==, 80 * kBlock);
    g_assert_true(rig.observer.transcripts.back().transcript.kind == GST_TRANSCRIPT_KIND_GAP);
    g_assert_cmpuint(rig.observer.transcripts.back().transcript.startNs, ==, 2000 * kMs);
    g_assert_cmpuint(rig.observer.transcripts.back().transcript.endNs, ==, 10 * kSecond);
}

static void the_end_bounds_connecting_too_and_is_no_error() {
    for (const int phase : {0, 1, 2}) {
        SessionConfig slow = config();
        slow.connectTimeoutNs = 3600 * kSecond;
        slow.reconnectMinNs = slow.reconnectMaxNs = 3600 * kSecond;
        slow.drainTimeoutNs = 100 * kMs;
        Rig rig(slow);
        rig.audio();
        if (phase == 1)
            rig.answer(201, reply(1));
        else if (phase == 2)
            rig.answer(503);
        rig.end();
        const std::uint64_t ended = rig.now;
        rig.tick();
        g_assert_true(rig.session.state() == State::Ended);
        g_assert_cmpuint(rig.now, ==, ended + 100 * kMs);
        g_assert_cmpint(rig.observer.ended, ==, 1);
        g_assert_true(rig.observer.failures.empty());
        g_assert_cmpuint(rig.observer.all<Incomplete>().size(), ==, 1);
    }
}

static void lost_audio_is_announced_before_what_follows_it() {
    Rig rig(config(), kSecond);
    rig.audio(50); // 4 s of it are dropped
    g_assert_cmpuint(rig.observer.all<Overflowing>().size(), ==, 1);
    rig.open();
    const auto lost = rig.observer.all<AudioLost>();
    g_assert_cmpuint(lost.size(), ==, 1);
    g_assert_true(lost[0].loss.range == (LostRange{0, 4 * kSecond}));
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 1);
    const auto &gap = rig.observer.transcripts[0].transcript;
    g_assert_true(gap.kind == GST_TRANSCRIPT_KIND_GAP);
    g_assert_cmpuint(gap.endNs, ==, 4 * kSecond);
    rig.say("a", "after", true);
    g_assert_cmpuint(rig.observer.transcripts[1].transcript.startNs, ==, 4 * kSecond);
    g_assert_true(rig.observer.transcripts[1].afterHole);
}

static void losses_are_told_while_they_go_on() {
    Rig rig(config(), kSecond);
    rig.audio(30);
    rig.now += 10 * kSecond;
    rig.session.tick(rig.now);
    g_assert_cmpuint(rig.observer.all<AudioLost>().size(), ==, 1);
    rig.audio(5);
    g_assert_cmpuint(rig.observer.all<Overflowing>().size(), ==, 2);
}

// ---- rollover

static void the_next_session_is_there_before_it_is_needed() {
    SessionConfig brief = config();
    brief.maxSessionNs = 8 * kSecond; // prepared at 4 s, cut in a pause from 6 s on
    Rig rig(brief);
    rig.audio(30, kFormat, true);
    rig.open();
    const ConnectionId first = rig.id();
    std::uint64_t acknowledged = 0;
    const auto speak = [&](int blocks, bool speech) {
        for (int i = 0; i < blocks; i++) {
            rig.audio(1, kFormat, speech);
            const std::uint64_t sent = rig.transport.bytes();
            rig.acknowledge(acknowledged, sent, first);
            acknowledged = sent;
        }
    };
    speak(15, true);
    g_assert_cmpuint(rig.transport.requests.size(), ==, 2);
    rig.answer(201, reply(2));
    rig.opens();
    const ConnectionId second = rig.id();
    speak(20, true); // 6.5 s: it may be cut, but somebody speaks
    g_assert_true(rig.observer.all<RolledOver>().empty());
    speak(3, false);
    g_assert_cmpuint(rig.observer.all<RolledOver>().size(), ==, 1);
    g_assert_cmpuint(rig.transport.count(stopRequest()), ==, 1);
    rig.audio(1, kFormat, true);
    g_assert_cmpuint(rig.transport.audio.back().id, ==, second);
    // The first words of the second session wait for the last ones of the first.
    rig.say("b", "second", true, 0, 0.1, second);
    g_assert_true(rig.observer.transcripts.empty());
    rig.say("a", "first", true, 6, 6.4, first);
    rig.session.closed(rig.now, first, 1000, "");
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 2);
    g_assert_true(rig.observer.transcripts[0].transcript.text == "first");
    g_assert_true(rig.observer.transcripts[1].transcript.text == "second");
    g_assert_cmpuint(rig.observer.transcripts[1].transcript.startNs, ==, 6800 * kMs);
    g_assert_true(rig.exact());
}

static void a_next_session_that_cannot_be_had_does_no_harm() {
    SessionConfig brief = config();
    brief.maxSessionNs = 8 * kSecond;
    Rig rig(brief);
    stream(rig, 20, 0);
    const ConnectionId first = rig.id();
    for (int i = 0; i < 200; i++) {
        rig.audio(1);
        rig.acknowledge(0, ~0ull >> 1, first);
        if (rig.id() != first)
            rig.answer(401);
        rig.now += 100 * kMs;
        rig.session.tick(rig.now);
    }
    g_assert_true(rig.session.state() == State::Streaming);
    g_assert_true(rig.observer.failures.empty());
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 220 * kBlock);
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
        {"a refused chunk goes again", a_refused_chunk_goes_again},
        {"a half-open connection is noticed", a_half_open_connection_is_noticed},
        {"a session that is gone is followed by a new one", a_session_that_is_gone_is_followed_by_a_new_one},
        {"refused twice in the same way is final", refused_twice_in_the_same_way_is_final},
        {"what cannot pass is an error also later", what_cannot_pass_is_an_error_also_later},
        {"a stalled session is made anew", a_stalled_session_is_made_anew},
        {"partials without a final are a stall and silence is none",
         partials_without_a_final_are_a_stall_and_silence_is_none},
        {"speech is told from silence and from noise", speech_is_told_from_silence_and_from_noise},
        {"draining is bounded and says what is missing", draining_is_bounded_and_says_what_is_missing},
        {"a stop that gets no answer is sent again", a_stop_that_gets_no_answer_is_sent_again},
        {"the end waits for audio that makes progress only",
         the_end_waits_for_audio_that_makes_progress_only},
        {"the end bounds connecting too and is no error", the_end_bounds_connecting_too_and_is_no_error},
        {"lost audio is announced before what follows it", lost_audio_is_announced_before_what_follows_it},
        {"losses are told while they go on", losses_are_told_while_they_go_on},
        {"the next session is there before it is needed", the_next_session_is_there_before_it_is_needed},
        {"a next session that cannot be had does no harm", a_next_session_that_cannot_be_had_does_no_harm},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-reconnect/") + name).c_str(), test);
    return g_test_run();
}
