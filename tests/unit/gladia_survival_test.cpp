// SPDX-License-Identifier: LGPL-2.1-or-later
// Ten minutes of digits through a network that breaks again and again: every digit comes out once, in order,
// where it was spoken.
#include "tests/support/dtmf_tone.h"
#include "tests/unit/gladia_world.h"

#include <numeric>

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

constexpr std::uint64_t kUtteranceNs = 2 * kSecond; // five digits, a pause
constexpr std::uint64_t kToleranceNs = 50 * kMs;

struct SpokenDigits {
    std::vector<std::int16_t> samples;
    std::vector<std::string> texts; ///< of the utterances, which begin every kUtteranceNs
};

SpokenDigits speech(int utterances, unsigned seed) {
    std::mt19937 chance(seed);
    SpokenDigits made;
    std::string sequence;
    for (int i = 0; i < utterances; i++) {
        std::string text;
        for (int digit = 0; digit < 5; digit++) {
            const char c = "0123456789ABCD*#"[chance() % 16];
            sequence += c;
            text += std::string(text.empty() ? "" : " ") + c;
        }
        sequence += ',';
        made.texts.push_back(text);
    }
    made.samples = support::makeDtmf(sequence);
    g_assert_cmpuint(made.samples.size(), ==, static_cast<std::size_t>(utterances) * 32000);
    return made;
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) {
    return a > b ? a - b : b - a;
}

/// The finals of the utterances, which may be in pieces: each digit once, in order, where it was spoken.
void assertAllHeard(const World &world, const std::vector<std::string> &texts) {
    std::string heard, spoken;
    for (const Transcript &one : world.finals())
        heard += one.text + " ";
    for (const std::string &text : texts)
        spoken += text + " ";
    g_assert_cmpstr(heard.c_str(), ==, spoken.c_str());
}

void assertTimesAreTrue(const World &world) {
    std::size_t digit = 0;
    std::uint64_t last = 0;
    for (const Transcript &one : world.finals()) {
        g_assert_cmpuint(one.startNs, >=, last);
        last = one.startNs;
        for (const auto &word : one.words) {
            const std::uint64_t truth = digit / 5 * kUtteranceNs + digit % 5 * 200 * kMs;
            if (distance(word.startNs, truth) > kToleranceNs)
                g_test_message("digit %zu at %" G_GUINT64_FORMAT " ms, spoken at %" G_GUINT64_FORMAT " ms",
                               digit, word.startNs / kMs, truth / kMs);
            g_assert_cmpuint(distance(word.startNs, truth), <=, kToleranceNs);
            digit++;
        }
    }
}

void assertLedger(const World &world, std::uint64_t entered, std::uint64_t lost) {
    const auto bytes = world.backlog.level().bytes;
    g_assert_true(bytes.exact());
    g_assert_cmpuint(bytes.entered, ==, entered);
    g_assert_cmpuint(bytes.acknowledged, ==, entered - lost);
    g_assert_cmpuint(bytes.lost(), ==, lost);
    g_assert_cmpuint(bytes.queued + bytes.inFlight, ==, 0);
}

/// Utterance ids are unique within an epoch.
void assertIdentities(const World &world) {
    std::set<std::pair<std::string, std::string>> seen;
    for (const Transcript &one : world.finals())
        g_assert_true(seen.insert({one.epoch, one.utteranceId}).second);
}

World::Setup setup(unsigned seed) {
    World::Setup made;
    made.seed = seed;
    made.config.options.endpointing = 0.3;
    made.config.drainTimeoutNs = 60 * kSecond; // longer than any outage: one may fall on the end
    auto chance = std::make_shared<std::mt19937>(seed);
    made.config.random = [chance] {
        return static_cast<double>((*chance)() % 1000) / 1000;
    };
    return made;
}

/// Breaks the connection at twenty points of ten minutes, one outage of 30 s among them, all together at most
/// 40 % of the time. Answers how long nobody could be reached.
std::uint64_t breakTwentyTimes(World &world, unsigned seed) {
    constexpr std::size_t kBreaks = 20;
    constexpr double kRunMs = 600'000, kDownMs = 230'000, kLeastUpMs = 6000;
    std::mt19937 chance(seed);
    const auto parts = [&chance](std::size_t count) {
        std::vector<double> made(count);
        for (double &one : made)
            one = 1.0 + static_cast<double>(chance() % 1000);
        const double sum = std::accumulate(made.begin(), made.end(), 0.0);
        for (double &one : made)
            one /= sum;
        return made;
    };
    auto outages = parts(kBreaks - 1);
    for (double &one : outages)
        one = std::min(one * (kDownMs - 30'000), 30'000.0);
    outages.insert(outages.begin() + 7, 30'000.0);
    const double down = std::accumulate(outages.begin(), outages.end(), 0.0);
    const auto pauses = parts(kBreaks + 1);
    const double up = kRunMs - down - (kBreaks + 1) * kLeastUpMs;
    double at = 0;
    for (std::size_t i = 0; i < kBreaks; i++) {
        at += kLeastUpMs + pauses[i] * up;
        const auto start = static_cast<std::uint64_t>(at) * kMs;
        at += outages[i];
        world.outage(start, static_cast<std::uint64_t>(at) * kMs, static_cast<Break>(chance() % 3));
    }
    return static_cast<std::uint64_t>(down) * kMs;
}

} // namespace

static void twenty_breaks_in_ten_minutes_cost_nothing() {
    for (const unsigned seed : {1u, 2u, 3u}) {
        const SpokenDigits said = speech(300, seed);
        World world(setup(seed), said.samples);
        const std::uint64_t down = breakTwentyTimes(world, seed);
        g_assert_cmpuint(down, <=, 240 * kSecond);
        world.run();
        g_assert_cmpint(world.ended, ==, 1);
        g_assert_cmpuint(world.all<Lost>().size(), ==, 20);
        assertAllHeard(world, said.texts);
        assertTimesAreTrue(world);
        assertIdentities(world);
        assertLedger(world, said.samples.size() * 2, 0);
        g_assert_cmpuint(world.session.counts().bytesDoubled, ==, 0);
        g_assert_cmpuint(world.session.counts().sessions, ==, 1);
        g_test_message("seed %u: down %" G_GUINT64_FORMAT " s, %" G_GUINT64_FORMAT
                       " reconnections, %" G_GUINT64_FORMAT " bytes sent again, %" G_GUINT64_FORMAT
                       " sessions",
                       seed, down / kSecond, world.session.counts().reconnects,
                       world.session.counts().bytesResent, world.session.counts().sessions);
    }
}

static void an_outage_beyond_the_bound_loses_exactly_what_is_announced() {
    const SpokenDigits said = speech(60, 5);
    World::Setup bounded = setup(5);
    bounded.backlogNs = 20 * kSecond;
    World world(bounded, said.samples);
    world.outage(30 * kSecond, 75 * kSecond, Break::Drop);
    world.run();
    std::uint64_t lost = 0;
    const auto gaps = world.gaps();
    g_assert_cmpuint(gaps.size(), >=, 1);
    for (std::size_t i = 0; i < gaps.size(); i++) {
        lost += (gaps[i].endNs - gaps[i].startNs) * 32 / kMs;
        if (i > 0)
            g_assert_cmpuint(gaps[i].startNs, ==, gaps[i - 1].endNs); // one stretch, told piece by piece
    }
    const auto notices = world.all<AudioLost>();
    g_assert_cmpuint(notices.size(), ==, gaps.size());
    assertLedger(world, said.samples.size() * 2, lost);
    g_assert_cmpuint(world.all<Overflowing>().size(), >=, 1);
    // All digits outside are there, and none inside.
    std::string heard, spoken;
    for (const Transcript &one : world.finals())
        for (const auto &word : one.words)
            heard += word.text;
    for (std::size_t digit = 0; digit < 300; digit++) {
        const std::uint64_t start = digit / 5 * kUtteranceNs + digit % 5 * 200 * kMs;
        if (start + 100 * kMs <= gaps.front().startNs || start >= gaps.back().endNs)
            spoken += said.texts[digit / 5][digit % 5 * 2];
    }
    g_assert_cmpstr(heard.c_str(), ==, spoken.c_str());
    g_assert_cmpuint(distance(world.finals().back().startNs, 59 * kUtteranceNs), <=, kToleranceNs);
}

static void a_service_that_forgets_its_sessions_costs_nothing() {
    const SpokenDigits said = speech(60, 6);
    World::Setup slow = setup(6);
    slow.delays.final = {200, 900}; // some finals are still to come when the service dies
    World world(slow, said.samples);
    for (const std::uint64_t ms : {10'300u, 40'950u, 41'500u, 75'100u, 99'990u})
        world.restart(ms * kMs);
    world.run();
    g_assert_cmpint(world.ended, ==, 1);
    g_assert_cmpuint(world.all<NewSession>().size(), >=, 4);
    assertAllHeard(world, said.texts);
    assertTimesAreTrue(world);
    assertIdentities(world);
    g_assert_true(world.backlog.level().bytes.exact());
    g_assert_cmpuint(world.backlog.level().bytes.lost(), ==, 0);
}

static void sessions_follow_each_other_in_pauses() {
    const SpokenDigits said = speech(150, 7);
    World::Setup short_ = setup(7);
    short_.config.maxSessionNs = 60 * kSecond;
    World world(short_, said.samples);
    world.outage(200 * kSecond, 204 * kSecond, Break::Drop);
    world.run();
    g_assert_cmpint(world.ended, ==, 1);
    g_assert_cmpuint(world.all<RolledOver>().size(), >=, 4);
    g_assert_true(world.all<NewSession>().empty());
    assertAllHeard(world, said.texts);
    assertTimesAreTrue(world);
    assertIdentities(world);
    assertLedger(world, said.samples.size() * 2, 0);
    g_assert_cmpuint(world.finals().size(), ==, 150); // no utterance was cut in two
}

/// Nobody says a word afterwards from whose number the loss could be seen.
static void a_final_lost_before_a_long_silence_is_heard_again_soon() {
    const SpokenDigits said = speech(1, 10);
    SpokenDigits silence = said;
    silence.samples.resize(said.samples.size() + 40 * 16000);
    unsigned sessionsMade = 0;
    for (std::uint64_t ms = 1100; ms < 1160; ms += 2) { // while the final is on its way, and after
        World world(setup(static_cast<unsigned>(ms)), silence.samples);
        world.outage(ms * kMs, (ms + 100) * kMs, Break::Reset);
        world.run();
        assertAllHeard(world, said.texts);
        for (std::size_t i = 0; i < world.transcripts.size(); i++)
            if (world.transcripts[i].isFinal)
                g_assert_cmpuint(world.heardAtNs[i], <, 10 * kSecond);
        g_assert_cmpuint(world.backlog.level().bytes.lost(), ==, 0);
        const auto made = world.session.counts().sessions;
        g_assert_cmpuint(made, <=, 2);
        sessionsMade += made > 1;
    }
    g_assert_cmpuint(sessionsMade, >, 0);  // in some the final was lost
    g_assert_cmpuint(sessionsMade, <, 20); // in most it was not
}

static void the_end_may_fall_into_an_outage() {
    for (const Break how : {Break::Drop, Break::LostAcks, Break::HalfOpen})
        for (const std::uint64_t before : {3000u, 400u, 20u}) {
            const SpokenDigits said = speech(5, 8);
            World world(setup(8), said.samples);
            world.outage(10 * kSecond - before * kMs, 13 * kSecond, how);
            world.run();
            g_assert_cmpint(world.ended, ==, 1);
            assertAllHeard(world, said.texts);
            assertLedger(world, said.samples.size() * 2, 0);
            g_assert_true(world.all<Incomplete>().empty());
        }
}

static void a_stop_lost_by_a_drop_is_sent_again() {
    for (std::uint64_t ms = 0; ms < 200; ms += 10) { // before it arrives, after, while the answer comes
        const SpokenDigits said = speech(3, 9);
        World world(setup(9), said.samples);
        world.outage(6 * kSecond + ms * kMs, 6 * kSecond + (ms + 300) * kMs, Break::Drop);
        world.run();
        g_assert_cmpint(world.ended, ==, 1);
        assertAllHeard(world, said.texts);
        g_assert_cmpuint(world.backlog.level().bytes.lost(), ==, 0);
        g_assert_true(world.all<Incomplete>().empty());
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"twenty breaks in ten minutes cost nothing", twenty_breaks_in_ten_minutes_cost_nothing},
        {"an outage beyond the bound loses exactly what is announced",
         an_outage_beyond_the_bound_loses_exactly_what_is_announced},
        {"a final lost before a long silence is heard again soon",
         a_final_lost_before_a_long_silence_is_heard_again_soon},
        {"a service that forgets its sessions costs nothing",
         a_service_that_forgets_its_sessions_costs_nothing},
        {"sessions follow each other in pauses", sessions_follow_each_other_in_pauses},
        {"the end may fall into an outage", the_end_may_fall_into_an_outage},
        {"a stop lost by a drop is sent again", a_stop_lost_by_a_drop_is_sent_again},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-survival/") + name).c_str(), test);
    return g_test_run();
}
