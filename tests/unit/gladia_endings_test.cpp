// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions that are gone, stalled, at their end, at their longest; network and clock are invented.
#include "elements/gladiasink/speech_detector.h"
#include "tests/unit/gladia_session_rig.h"

#include <cmath>

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

static void a_stall_says_in_which_channel() {
    Rig rig;
    rig.audio(1, kOther);
    rig.open();
    for (int i = 0; i < 199; i++) {
        rig.audio(1, kOther, 0b11);
        rig.acknowledge(0, ~0ull >> 1);
        rig.say("00_" + std::to_string(i), "the first channel", true);
    }
    g_assert_true(rig.observer.all<Stalled>().empty());
    rig.audio(1, kOther, 0b11);
    g_assert_cmpuint(rig.observer.all<Stalled>().size(), ==, 1);
    g_assert_cmpuint(rig.observer.all<Stalled>()[0].channel, ==, 1);
    g_assert_cmpuint(rig.observer.all<Stalled>()[0].speechNs, ==, 20 * kSecond);
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
            loud += detector.listen({reinterpret_cast<const std::uint8_t *>(samples.data()), 3200}, kFormat)
                        .ns(0);
        }
        return loud;
    };
    g_assert_cmpuint(listen(600, 0), ==, 0);
    g_assert_cmpuint(listen(10, 0.2), ==, 10 * kSecond);
    listen(60, 0.008); // a fan
    g_assert_cmpuint(listen(600, 0.008), ==, 0);
    g_assert_cmpuint(listen(10, 0.2), ==, 10 * kSecond);
}

static void finals_lost_on_the_way_are_heard_again() {
    Rig rig;
    stream(rig, 30, 0);
    rig.say("00_00000000", "first", true, 0, 0.5);
    rig.dropAndReopen();
    rig.say("00_00000001", "second", true, 0.6, 1.0); // nothing was lost
    rig.dropAndReopen();
    rig.say("00_00000003", "fourth", true, 2.0, 2.5);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 2);
    g_assert_cmpuint(rig.observer.all<NewSession>().at(0).bytes, ==, 20 * kBlock);
    rig.open(2);
    rig.say("00_00000000", "third", true, 0.5, 0.8);
    g_assert_cmpuint(rig.observer.transcripts.back().transcript.startNs, ==, 1500 * kMs);
    g_assert_true(rig.exact());
    // A skipped number means nothing while the connection holds.
    rig.say("00_00000007", "later", true, 1.5, 1.9);
    g_assert_true(rig.session.state() == State::Streaming);
}

static void an_end_without_the_last_final_is_heard_again() {
    Rig rig;
    stream(rig, 30, 0);
    rig.say("00_00000000", "unfinished", false, 0, 2.9);
    rig.closes(1006);
    rig.end();
    rig.tickUntil(State::Connecting);
    rig.opens();
    rig.closes(1000); // all said, it believes
    g_assert_true(rig.session.state() == State::Requesting);
    rig.open(2);
    rig.acknowledge(0, 30 * kBlock);
    rig.say("00_00000000", "finished", true, 0, 2.9);
    rig.closes(1000);
    g_assert_cmpint(rig.observer.ended, ==, 1);
    g_assert_true(rig.observer.transcripts.back().transcript.text == "finished");
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
    rig.now += 10 * kSecond;
    rig.session.tick(rig.now);
    g_assert_cmpuint(rig.observer.all<AudioLost>().size(), ==, 2);
    g_assert_cmpuint(rig.observer.all<Overflowing>().size(), ==, 1); // one warning for one outage
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
    g_assert_true(rig.observer.failures.empty() && rig.observer.all<GaveUp>().empty());
    g_assert_cmpuint(rig.transport.requests.size(), <=, 6); // now and then only
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 220 * kBlock);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"a session that is gone is followed by a new one", a_session_that_is_gone_is_followed_by_a_new_one},
        {"refused twice in the same way is final", refused_twice_in_the_same_way_is_final},
        {"what cannot pass is an error also later", what_cannot_pass_is_an_error_also_later},
        {"a stalled session is made anew", a_stalled_session_is_made_anew},
        {"a stall says in which channel", a_stall_says_in_which_channel},
        {"partials without a final are a stall and silence is none",
         partials_without_a_final_are_a_stall_and_silence_is_none},
        {"speech is told from silence and from noise", speech_is_told_from_silence_and_from_noise},
        {"finals lost on the way are heard again", finals_lost_on_the_way_are_heard_again},
        {"an end without the last final is heard again", an_end_without_the_last_final_is_heard_again},
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
        g_test_add_func((std::string("/gladia-endings/") + name).c_str(), test);
    return g_test_run();
}
