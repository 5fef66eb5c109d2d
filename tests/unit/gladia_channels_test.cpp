// SPDX-License-Identifier: LGPL-2.1-or-later
// Several channels in one session: a session that takes another's place hears again what one of them still
// waits for, and says nothing twice in the others.
#include "elements/gladiasink/final_counts.h"
#include "elements/gladiasink/heard_words.h"
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
    g_assert_true(counts.mayBeLost());
    g_assert_true(counts.follows(0, 1));
    g_assert_true(counts.mayBeLost());
    g_assert_false(counts.follows(1, 6));
    g_assert_true(counts.follows(1, 5));
    g_assert_false(counts.mayBeLost());
    g_assert_true(counts.follows(7, 3)); // there is no such channel

    FinalCounts alone(1); // whatever the service calls it
    alone.connectionLost();
    g_assert_false(alone.follows(1, 2));
    g_assert_true(alone.follows(1, 0));
    g_assert_false(alone.mayBeLost());
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

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"words", what_was_said_before_is_cut_off_word_by_word},
        {"no-words", a_text_without_times_of_words_is_cut_as_a_whole_or_not},
        {"counts", each_channel_counts_its_finals},
        {"survival", two_who_talk_at_once_are_heard_whatever_happens},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia/channels/") + name).c_str(), test);
    return g_test_run();
}
