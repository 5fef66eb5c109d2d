// SPDX-License-Identifier: LGPL-2.1-or-later
// A session under a clock of ours: when it says what, without a socket and without waiting.
#include "tests/support/gladia_client.h"
#include "tests/support/gladia_emulator/session.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

namespace {

/// A client with neither network nor time of its own.
class Rig final : public Outlet {
public:
    struct Said {
        std::int64_t ms;
        std::string type;
        std::string text;
    };

    explicit Rig(const DelayProfile &delays, std::uint64_t seed = 1)
        : faults([this] { return now; }),
          session({"id", "token", "", "{}"}, configured(),
                  {.clock = {.wallMicroseconds = [this] { return now * 1000; },
                             .monotonicMilliseconds =
                                 [this] {
                                     return now;
                                 }},
                   .delays = delays,
                   .seed = seed},
                  faults) {
        session.attach(this);
    }

    std::uint64_t number() const override { return 1; }
    bool open() const override { return isOpen; }
    void send(const Message &message) override {
        const auto json = parsed(message.text);
        JsonObject *utterance = objectMember(objectMember(json.get(), "data"), "utterance");
        said.push_back({now, textOf(json.get(), "type"), textOf(utterance, "text")});
    }
    void sendRaw(std::string_view) override {}
    void close(int, const std::string &) override {
        isOpen = false;
        closedMs = now;
    }
    void drop() override { isOpen = false; }
    void reset() override { isOpen = false; }

    void advanceTo(std::int64_t ms) {
        while (now < ms) {
            const auto wait = session.msUntilDue();
            now = wait ? std::min(ms, now + *wait) : ms;
            session.runDue();
        }
    }
    /// In real time, 100 ms at a time.
    void stream(const Bytes &audio) {
        for (std::size_t at = 0; at < audio.size(); at += 3200) {
            advanceTo(now + 100);
            session.receiveBinary(
                std::span(audio).subspan(at, std::min<std::size_t>(3200, audio.size() - at)));
        }
    }
    const Said *find(const std::string &type, std::size_t nth = 0) const {
        for (const Said &each : said) {
            if (each.type == type && nth-- == 0)
                return &each;
        }
        return nullptr;
    }

    std::int64_t now = 1000;
    bool isOpen = true;
    std::int64_t closedMs = 0;
    std::vector<Said> said;
    Faults faults;
    Session session;

private:
    static LiveConfig configured() {
        return validateLiveRequest(
                   R"({"endpointing":0.3,"messages_config":{"receive_partial_transcripts":true}})", false)
            .config;
    }
};

} // namespace

static void without_a_profile_nothing_takes_any_time() {
    Rig rig({});
    rig.stream(toneBytes("12"));
    rig.session.receiveText(R"({"type":"stop_recording"})");
    g_assert_cmpint(rig.closedMs, ==, rig.now);
    g_assert_cmpint(rig.find("audio_chunk")->ms, ==, 1100);
}

static void an_acknowledgement_takes_the_way_there_and_back() {
    Rig rig({.network = {100, 150}});
    const std::int64_t sent = rig.now;
    rig.session.receiveBinary(Bytes(3200));
    rig.advanceTo(sent + 199);
    g_assert_null(rig.find("audio_chunk"));
    rig.advanceTo(sent + 300);
    g_assert_nonnull(rig.find("audio_chunk"));
}

static void partials_and_finals_take_their_time_and_keep_their_order() {
    for (std::uint64_t seed = 1; seed < 20; seed++) {
        Rig rig({.partial = {200, 500}, .final = {500, 1000}}, seed);
        rig.stream(toneBytes("159,2,3", {.pauseMs = 400}));
        rig.advanceTo(rig.now + 3000);
        const Rig::Said *end = rig.find("speech_end");
        std::string finals;
        for (const auto &each : rig.said) {
            if (each.type == "transcript" && each.text == " 1 5 9" && each.ms >= end->ms + 500 &&
                each.ms <= end->ms + 1000)
                finals += "!"; // the final, and no partial, came so late
        }
        g_assert_true(finals.starts_with("!"));
        g_assert_cmpint(rig.find("transcript")->ms, >=, rig.find("speech_start")->ms + 200);
    }
}

static void the_same_seed_gives_the_same_times() {
    std::vector<std::vector<Rig::Said>> runs;
    for (const std::uint64_t seed : {3, 3, 4}) {
        Rig rig(DelayProfile::realistic(), seed);
        rig.stream(toneBytes("159,2"));
        rig.session.receiveText(R"({"type":"stop_recording"})");
        rig.advanceTo(rig.now + 5000);
        g_assert_cmpint(rig.closedMs, >, 0);
        runs.push_back(rig.said);
    }
    const auto times = [](const std::vector<Rig::Said> &run) {
        std::vector<std::int64_t> all;
        for (const auto &each : run)
            all.push_back(each.ms);
        return all;
    };
    g_assert_true(times(runs[0]) == times(runs[1]));
    g_assert_true(times(runs[0]) != times(runs[2]));
}

static void the_end_waits_for_the_last_final_and_says_how_long() {
    Rig rig({.final = {700, 700}});
    rig.stream(bytesOf(makeDtmf("12"))); // still open at the stop
    rig.session.receiveText(R"({"type":"stop_recording"})");
    const std::int64_t stopped = rig.now;
    g_assert_cmpint(rig.find("stop_recording")->ms, ==, stopped);
    g_assert_null(rig.find("post_transcript"));
    rig.advanceTo(stopped + 1000);
    g_assert_cmpint(rig.find("post_transcript")->ms, ==, stopped + 700);
    g_assert_cmpint(rig.closedMs, ==, stopped + 700);
}

static void audio_on_its_way_is_lost_with_the_connection_and_heard_once_when_it_comes_again() {
    Rig rig({.network = {100, 100}});
    const Bytes audio = toneBytes("4862");
    rig.stream(Bytes(audio.begin(), audio.begin() + 16000));
    rig.session.detach(&rig, 0); // the last two chunks were on their way
    const std::uint64_t owned = rig.session.report().bytes;
    g_assert_cmpuint(owned, ==, 9600);
    rig.session.attach(&rig);
    rig.stream(Bytes(audio.begin() + static_cast<std::ptrdiff_t>(owned), audio.end()));
    rig.session.receiveText(R"({"type":"stop_recording"})");
    rig.advanceTo(rig.now + 1000);
    assertText(rig.session.report().text(), "4 8 6 2");
    g_assert_cmpuint(rig.session.report().bytes, ==, audio.size());
}

static void a_delay_can_begin_and_end() {
    Rig rig({});
    const auto slow = rig.faults.add({.kind = FaultKind::kDelay, .delayMs = 400});
    rig.session.receiveBinary(Bytes(3200));
    rig.faults.remove(slow);
    const std::int64_t sent = rig.now;
    rig.session.receiveBinary(Bytes(3200)); // not past the one before
    rig.advanceTo(sent + 399);
    g_assert_null(rig.find("audio_chunk"));
    rig.advanceTo(sent + 400);
    g_assert_nonnull(rig.find("audio_chunk", 1));
    rig.session.receiveBinary(Bytes(3200));
    g_assert_nonnull(rig.find("audio_chunk", 2));
}

static void three_hours_pass_in_no_time() {
    Rig rig({});
    const Bytes minute(32000 * 60);
    for (int i = 0; i < 180; i++)
        rig.session.receiveBinary(minute);
    g_assert_true(rig.closedMs > 0);
    g_assert_nonnull(rig.find("post_final_transcript"));
}

static void a_profile_is_read_from_text() {
    DelayProfile profile;
    std::string problem;
    g_assert_true(DelayProfile::parse("", profile, problem));
    g_assert_cmpint(profile.network.leastMs, ==, 100);
    g_assert_cmpint(profile.final.mostMs, ==, 1000);
    g_assert_true(DelayProfile::parse("network=5,final=10-20", profile, problem));
    g_assert_cmpint(profile.network.mostMs, ==, 5);
    g_assert_cmpint(profile.partial.leastMs, ==, 200);
    g_assert_cmpint(profile.final.mostMs, ==, 20);
    for (const char *bad : {"network", "network=", "network=9-5", "network=-1", "speed=5", "final=1-99999"}) {
        g_assert_false(DelayProfile::parse(bad, profile, problem));
        g_assert_true(problem.starts_with(std::string("'") + bad + "' is no delay"));
    }
}

static void an_emulator_with_a_clock_of_the_tests_moves_with_it() {
    auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    GladiaEmulator emulator({.idleMs = 30000, .clock = {.monotonicMilliseconds = [now] {
                                                  return now->load();
                                              }}});
    GladiaClient client(emulator, kPlainRequest);
    client.send(Bytes(3200), 3200);
    g_assert_true(client.waitFor("audio_chunk"));
    *now += 29999;
    emulator.timeMoved();
    g_assert_false(client.socket->closed());
    *now += 1;
    emulator.timeMoved();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 4408);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/delays/" #function, function)
    ADD(without_a_profile_nothing_takes_any_time);
    ADD(an_acknowledgement_takes_the_way_there_and_back);
    ADD(partials_and_finals_take_their_time_and_keep_their_order);
    ADD(the_same_seed_gives_the_same_times);
    ADD(the_end_waits_for_the_last_final_and_says_how_long);
    ADD(audio_on_its_way_is_lost_with_the_connection_and_heard_once_when_it_comes_again);
    ADD(a_delay_can_begin_and_end);
    ADD(three_hours_pass_in_no_time);
    ADD(a_profile_is_read_from_text);
    ADD(an_emulator_with_a_clock_of_the_tests_moves_with_it);
#undef ADD
    return g_test_run();
}
