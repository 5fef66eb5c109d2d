// SPDX-License-Identifier: LGPL-2.1-or-later
// Several channels in one session: a session that takes another's place hears again what one of them still
// waits for, and says nothing twice in the others.
#include "elements/gladiasink/final_counts.h"
#include "elements/gladiasink/heard_words.h"
#include "elements/gladiasink/owed_words.h"
#include "elements/gladiasink/stall_watchdog.h"
#include "tests/support/dtmf_tone.h"
#include "tests/unit/gladia_world.h"

#include <string>
#include <vector>

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

constexpr AudioFormat kStereo{Encoding::Pcm, 16000, 2};

AudioTimeline minuteOf(const AudioFormat &format) {
    AudioTimeline timeline;
    timeline.reset(format);
    timeline.append(60 * format.rate * format.bytesPerFrame(), 0, 0, 0);
    return timeline;
}

Utterance utterance(int channel, double start, std::vector<SpokenWord> words) {
    Utterance made;
    made.id = "0" + std::to_string(channel) + "_00000000";
    made.isFinal = true;
    made.channel = channel;
    made.start = start;
    made.end = words.empty() ? start + 1 : words.back().end;
    for (const auto &word : words)
        made.text += (made.text.empty() ? "" : ", ") + word.text;
    made.words = std::move(words);
    return made;
}

void what_was_said_before_is_cut_off_word_by_word() {
    const auto timeline = minuteOf(kStereo);
    HeardWords first;
    first.said(utterance(0, 0, {{"one", 0, 0.4}, {"two", 0.5, 0.9}}), timeline);
    const HeardWords next = first.successor();

    auto all = utterance(0, 0, {{"one", 0, 0.42}, {"two", 0.5, 0.93}});
    next.cut(all, timeline);
    g_assert_cmpstr(all.text.c_str(), ==, "");
    g_assert_true(all.words.empty());

    auto more = utterance(0, 0, {{"one", 0, 0.4}, {"two", 0.5, 0.9}, {"two", 1.0, 1.4}});
    next.cut(more, timeline);
    g_assert_cmpstr(more.text.c_str(), ==, "two");
    g_assert_cmpfloat(more.start, ==, 1.0);
    g_assert_cmpuint(more.words.size(), ==, 1);

    auto other = utterance(1, 0, {{"one", 0, 0.4}});
    next.cut(other, timeline);
    g_assert_cmpstr(other.text.c_str(), ==, "one");

    auto later = utterance(0, 1.5, {{"three", 1.5, 1.9}});
    next.cut(later, timeline);
    g_assert_cmpstr(later.text.c_str(), ==, "three");

    // What this session itself has said cuts nothing in it.
    HeardWords own = first.successor();
    own.said(later, timeline);
    own.cut(later, timeline);
    g_assert_cmpstr(later.text.c_str(), ==, "three");
}

void a_text_without_times_of_words_is_cut_as_a_whole_or_not() {
    const auto timeline = minuteOf(kStereo);
    HeardWords first;
    first.said(utterance(1, 0, {{"x", 0, 2}}), timeline);
    const HeardWords next = first.successor();
    auto before = utterance(1, 1.2, {}), after = utterance(1, 1.6, {});
    before.text = after.text = "some words";
    next.cut(before, timeline);
    next.cut(after, timeline);
    g_assert_cmpstr(before.text.c_str(), ==, "");
    g_assert_cmpstr(after.text.c_str(), ==, "some words");
    g_assert_true(next.heard(before, timeline));
    g_assert_false(next.heard(after, timeline));

    // Words that are not those of the text: rather twice than not at all.
    auto strange = utterance(1, 0, {{"a", 0, 1}, {"b", 3, 4}});
    strange.text = "something else";
    next.cut(strange, timeline);
    g_assert_cmpstr(strange.text.c_str(), ==, "something else");
}

void each_channel_counts_its_finals() {
    FinalCounts counts(2);
    g_assert_true(counts.follows(0, 0));
    g_assert_true(counts.follows(1, 4)); // while the connection holds numbers mean nothing
    counts.connectionLost();
    g_assert_true(counts.mayBeLost(0));
    g_assert_true(counts.follows(0, 1));
    g_assert_false(counts.mayBeLost(0));
    g_assert_true(counts.mayBeLost(1));
    g_assert_false(counts.follows(1, 6));
    g_assert_true(counts.follows(1, 5));
    g_assert_false(counts.mayBeLost(1));
    g_assert_true(counts.follows(7, 3)); // there is no such channel

    FinalCounts alone(1); // whatever the service calls it
    alone.connectionLost();
    g_assert_false(alone.follows(1, 2));
    g_assert_true(alone.follows(1, 0));
    g_assert_false(alone.mayBeLost(0));
}

Speech speechIn(unsigned channel, std::uint64_t ns = 100 * kMs) {
    Speech speech;
    speech.add(channel, ns);
    return speech;
}

constexpr std::uint64_t kBytesPerSecond = 64000; // of kStereo

void each_channel_is_heard_by_itself() {
    SpeechDetector detector;
    std::vector<std::int16_t> samples(5 * 16000); // five channels of 1 s: only the fourth one speaks
    for (std::size_t i = 3; i < samples.size(); i += 5)
        samples[i] = static_cast<std::int16_t>(i % 2 ? 8000 : -8000);
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(samples.data());
    for (unsigned channels : {5u, 1u}) {
        const auto speech = detector.listen({bytes, samples.size() * 2}, {Encoding::Pcm, 16000, channels});
        for (unsigned channel = 0; channel < Speech::kMaxChannels; channel++)
            g_assert_cmpuint(speech.ns(channel), ==,
                             channels == 5 && channel == 3   ? kSecond
                             : channels == 1 && channel == 0 ? 5 * kSecond
                                                             : 0);
    }
    // 0xd5 and 0xff are silence.
    for (const auto &[encoding, silence] : {std::pair(Encoding::Alaw, 0xd5), {Encoding::Ulaw, 0xff}}) {
        SpeechDetector telephone;
        std::vector<std::uint8_t> codes(2 * 8000, static_cast<std::uint8_t>(silence));
        for (std::size_t i = 1; i < codes.size(); i += 2)
            codes[i] = static_cast<std::uint8_t>(silence ^ 0x70);
        const auto speech = telephone.listen(codes, {encoding, 8000, 2});
        g_assert_cmpuint(speech.ns(0), ==, 0);
        g_assert_cmpuint(speech.ns(1), ==, kSecond);
    }
}

void only_who_has_spoken_since_the_last_final_is_owed_words() {
    OwedWords owed(kStereo, 20 * kSecond);
    std::uint64_t given = 0;
    const auto give = [&](int seconds, const Speech &speech) {
        for (int i = 0; i < seconds * 10; i++)
            owed.given(speech, given += kBytesPerSecond / 10);
        return owed.bytesToKeep(given);
    };
    g_assert_cmpuint(give(3600, {}), ==, kBytesPerSecond); // an hour of silence: a second
    g_assert_false(owed.any());
    give(6, speechIn(0));
    g_assert_true(owed.by(0));
    g_assert_false(owed.by(1));
    g_assert_cmpuint(give(2, {}), ==, 9 * kBytesPerSecond); // from the second before it
    owed.settle(0, 3606, given);
    g_assert_false(owed.any());
    g_assert_cmpuint(owed.bytesToKeep(given), ==, kBytesPerSecond);
    // The other one speaks now; that the first one does not costs nothing.
    give(4, speechIn(1));
    g_assert_cmpuint(give(1, {}), ==, 6 * kBytesPerSecond);
    owed.settle(0, 3612, given); // not his
    g_assert_true(owed.by(1));
    g_assert_cmpuint(owed.quietNs(), ==, kSecond);
    g_assert_cmpuint(give(100, speechIn(1)), ==,
                     20 * kBytesPerSecond); // no final ever comes: no longer than that
    // What sounded like speech was none.
    g_assert_cmpuint(give(20, {}), ==, 20 * kBytesPerSecond);
    g_assert_cmpuint(give(1, {}), ==, kBytesPerSecond);
    g_assert_false(owed.any());
    // What was in flight is given again, or stands later.
    give(5, speechIn(0));
    owed.move(given - 2 * kBytesPerSecond, kBytesPerSecond);
    given += kBytesPerSecond;
    g_assert_cmpuint(owed.quietNs(), ==, 0);
    owed.rewind(given - 3 * kBytesPerSecond);
    given -= 3 * kBytesPerSecond;
    g_assert_true(owed.by(0));
    owed.settle(0, 1e6, given);
    g_assert_false(owed.any());
}

void a_stall_is_one_channels() {
    StallWatchdogs dogs(20 * kSecond, 2);
    for (int i = 0; i < 199; i++) {
        dogs.heard(speechIn(0));
        dogs.heard(speechIn(1));
        dogs.transcribed(kSecond, 0, true);
    }
    g_assert_false(dogs.stalled());
    dogs.heard(speechIn(1));
    g_assert_cmpuint(dogs.stalled().value(), ==, 1);
    g_assert_cmpuint(dogs.speechNs(1), ==, 20 * kSecond);
    g_assert_false(dogs.repeated(1));
    dogs.reset();
    g_assert_false(dogs.stalled());
    // It takes twice as much the next time, also in the session that takes this one's place.
    dogs = dogs.successor();
    dogs.heard(speechIn(1, 39 * kSecond));
    g_assert_false(dogs.stalled());
    dogs.heard(speechIn(1, kSecond));
    g_assert_cmpuint(dogs.stalled().value(), ==, 1);
    g_assert_true(dogs.repeated(1));
    dogs = dogs.successor(); // which hears again what has been heard
    g_assert_false(dogs.stalled());
}

/// One utterance of five digits in every `every` tenths of a second, from `from` on.
std::vector<std::int16_t> spoken(std::size_t samples, std::size_t from, std::size_t every, unsigned seed,
                                 std::string &text) {
    std::mt19937 chance(seed);
    std::vector<std::int16_t> made(samples);
    for (std::size_t at = from * 1600; at + 32000 < samples; at += every * 1600) {
        std::string digits;
        for (int i = 0; i < 5; i++)
            digits += "0123456789ABCD*#"[chance() % 16];
        text += digits;
        const auto tone = support::makeDtmf(digits + ",");
        std::copy_n(tone.begin(), std::min<std::size_t>(tone.size(), 32000),
                    made.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return made;
}

std::string heardIn(const World &world, int channel) {
    std::string digits;
    for (const auto &one : world.finals())
        if (one.channel == channel)
            for (const char c : one.text)
                if (c != ' ')
                    digits += c;
    return digits;
}

/// Only the next final of the same channel would tell, and there is none. Its one final is on its way at
/// 1.4 s.
void a_lost_final_is_missed_while_another_talks() {
    constexpr std::size_t kSamples = 40 * 16000;
    std::string talks, fallsSilent;
    const auto one = spoken(kSamples, 0, 25, 1, talks);
    const auto two = spoken(kSamples, 3, 1000, 2, fallsSilent);
    std::vector<std::int16_t> both;
    for (std::size_t i = 0; i < kSamples; i++) {
        both.push_back(one[i]);
        both.push_back(two[i]);
    }
    unsigned sessionsMade = 0;
    for (std::uint64_t ms = 1400; ms < 1460; ms += 4) {
        World::Setup setup;
        setup.seed = static_cast<unsigned>(ms);
        setup.format = kStereo;
        World world(setup, both);
        world.outage(ms * kMs, (ms + 100) * kMs, Break::Reset);
        world.run();
        g_assert_true(heardIn(world, 0) == talks);
        g_assert_true(heardIn(world, 1) == fallsSilent);
        sessionsMade += world.session.counts().sessions > 1;
    }
    g_assert_cmpuint(sessionsMade, >, 0);
}

/// Two who talk at once, each in a channel, while connections break and the service forgets sessions.
void two_who_talk_at_once_are_heard_whatever_happens() {
    constexpr std::size_t kSamples = 120 * 16000;
    for (unsigned seed = 1; seed <= 4; seed++) {
        std::string left, right;
        const auto one = spoken(kSamples, 3, 25, seed, left);
        const auto two = spoken(kSamples, 14, 31, seed + 100, right);
        std::vector<std::int16_t> both;
        for (std::size_t i = 0; i < kSamples; i++) {
            both.push_back(one[i]);
            both.push_back(two[i]);
        }
        World::Setup setup;
        setup.seed = seed;
        setup.format = kStereo;
        World world(setup, both);
        std::mt19937 chance(seed);
        for (std::uint64_t at = 7 * kSecond; at < 110 * kSecond; at += (8 + chance() % 9) * kSecond) {
            const std::uint64_t when = at + chance() % 1000 * kMs;
            if (chance() % 2)
                world.restart(when);
            else
                world.outage(when, when + chance() % 6 * kSecond, Break{static_cast<int>(chance() % 3)});
        }
        world.run();
        g_assert_cmpint(world.ended, ==, 1);
        g_assert_true(world.gaps().empty());
        const std::string heardLeft = heardIn(world, 0), heardRight = heardIn(world, 1);
        g_assert_cmpstr(heardLeft.c_str(), ==, left.c_str());
        g_assert_cmpstr(heardRight.c_str(), ==, right.c_str());
    }
}

/// What sessions that take another's place are given again.
std::vector<std::uint64_t> heardAgainNs(unsigned seed, const std::vector<std::int16_t> &left,
                                        const std::vector<std::int16_t> *right) {
    World::Setup setup;
    setup.seed = seed;
    std::vector<std::int16_t> samples = left;
    if (right) {
        setup.format = kStereo;
        samples.clear();
        for (std::size_t i = 0; i < left.size(); i++)
            samples.insert(samples.end(), {left[i], (*right)[i]});
    }
    World world(setup, samples);
    for (std::uint64_t at = 7 * kSecond; at < 110 * kSecond; at += 9300 * kMs)
        world.restart(at);
    world.run();
    std::vector<std::uint64_t> again;
    for (const auto &one : world.all<NewSession>())
        again.push_back(setup.format.nsOfBytes(one.bytes));
    return again;
}

/// A session that is lost costs no more with a second channel in which nobody speaks, or a fan hums, than
/// without it.
void a_silent_channel_costs_no_rehearing() {
    constexpr std::size_t kSamples = 120 * 16000;
    std::string text;
    const auto one = spoken(kSamples, 3, 60, 1, text);
    std::vector<std::int16_t> silence(kSamples), fan(kSamples);
    for (std::size_t i = 0; i < fan.size(); i++)
        fan[i] = i % 2 ? 20 : -20;
    const auto alone = heardAgainNs(1, one, nullptr);
    g_assert_cmpuint(alone.size(), ==, 12);
    // No more than the utterance that lasts.
    g_assert_cmpuint(*std::max_element(alone.begin(), alone.end()), <, 4 * kSecond);
    for (const auto *second : {&silence, &fan}) {
        const auto both = heardAgainNs(1, one, second);
        g_assert_cmpuint(both.size(), ==, alone.size());
        for (std::size_t i = 0; i < alone.size(); i++) // of silence a second is kept, and a block
            g_assert_cmpuint(both[i], <=, std::max(alone[i], 1100 * kMs));
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"words", what_was_said_before_is_cut_off_word_by_word},
        {"no-words", a_text_without_times_of_words_is_cut_as_a_whole_or_not},
        {"counts", each_channel_counts_its_finals},
        {"ears", each_channel_is_heard_by_itself},
        {"owed", only_who_has_spoken_since_the_last_final_is_owed_words},
        {"stall", a_stall_is_one_channels},
        {"silent", a_silent_channel_costs_no_rehearing},
        {"missed", a_lost_final_is_missed_while_another_talks},
        {"survival", two_who_talk_at_once_are_heard_whatever_happens},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia/channels/") + name).c_str(), test);
    return g_test_run();
}
