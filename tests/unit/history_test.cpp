// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/greeter.h"
#include "lib/broadcast/history.h"

#include <string>

#include <glib.h>

using namespace lt::broadcast;

namespace {

/// Message `seq` with a text of that number; `utterance` as key.
FrameRef message(FrameClass frameClass, std::uint64_t seq, FrameLabel::Key utterance,
                 const char *language = "", std::size_t padding = 0) {
    return makeFrame(Opcode::Text,
                     R"({"type":"transcript","text":")" + std::to_string(seq) + std::string(padding, '.') +
                         "\"}",
                     {frameClass, utterance, seq, {}, language});
}
FrameRef partial(std::uint64_t seq, FrameLabel::Key utterance, const char *language = "") {
    return message(FrameClass::Partial, seq, utterance, language);
}
FrameRef final(std::uint64_t seq, FrameLabel::Key utterance, const char *language = "",
               std::size_t padding = 0) {
    return message(FrameClass::Final, seq, utterance, language, padding);
}

/// The texts in JSON or wire bytes: "1 2 5".
std::string texts(const std::string &from) {
    const std::string key = "\"text\":\"";
    std::string joined;
    for (auto at = from.find(key); at != from.npos; at = from.find(key, at)) {
        at += key.size();
        joined += (joined.empty() ? "" : " ") + from.substr(at, from.find_first_of(".\"", at) - at);
    }
    return joined;
}

void expect(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

const ViewerFilter kAll;

void what_was_missed_is_finals_and_the_newest_partials_in_order() {
    History history({});
    history.add(partial(1, 10), 0);
    history.add(partial(2, 20), 1);
    history.add(partial(3, 10), 0);
    history.add(final(4, 10), 0);
    history.add(partial(5, 11), 0);
    history.add(final(6, 99), 7);
    history.add(partial(7, 20), 1);
    expect(texts(history.replay(0, kAll, false)), "4 5 6 7");
    expect(texts(history.replay(4, kAll, false)), "5 6 7");
    expect(texts(history.replay(5, kAll, false)), "6 7");
    expect(texts(history.replay(7, kAll, false)), "");
    const std::string split = history.replay(5, kAll, true);
    g_assert_true(split.find("transcript_final") != split.npos &&
                  split.find("transcript_partial") != split.npos);
}

void a_range_has_its_finals_and_says_what_it_lacks() {
    History history({.finals = 4});
    history.add(final(2, 10), 0);
    history.add(partial(3, 11), 0);
    for (std::uint64_t seq = 4; seq <= 7; seq++)
        history.add(final(seq, seq + 8, seq == 5 ? "de" : "en"), 0);
    const auto some = history.range(3, 6, kAll, false);
    expect(texts(some.messages), "4 5 6");
    g_assert_cmpuint(some.afterSeq, ==, 2);
    g_assert_cmpuint(some.toSeq, ==, 6);
    const auto old = history.range(1, 4, kAll, false);
    expect(texts(old.messages), "4");
    g_assert_cmpuint(old.afterSeq, ==, 2); // 2 is forgotten
    ViewerFilter german;
    german.languages = {"de"};
    expect(texts(history.range(1, 7, german, false).messages), "5");
    g_assert_true(history.range(5, 5, kAll, true).messages.find("transcript_final") != std::string::npos);
    const auto none = history.range(3, 3, kAll, false);
    expect(none.messages, "");
    g_assert_cmpuint(none.afterSeq, ==, 2);
    history.forget(9); // never had
    g_assert_cmpuint(history.range(8, 9, kAll, false).afterSeq, ==, 9);
    g_assert_cmpuint(history.range(4, 7, kAll, false).afterSeq, ==, 7);
    g_assert_false(history.reachesBackTo(8));
}

void a_range_too_long_for_one_message_comes_in_parts() {
    History history({});
    for (std::uint64_t seq = 1; seq <= 5; seq++)
        history.add(final(seq, seq, "", History::kMaxExcerpt / 8 * 3), 0);
    std::string got;
    for (std::uint64_t from = 1; from <= 5;) {
        const auto part = history.range(from, 5, kAll, false);
        got += texts(part.messages) + ';';
        g_assert_cmpuint(part.toSeq, >=, from);
        from = part.toSeq + 1;
    }
    expect(got, "1 2;3 4;5;");
    // A single one comes whatever its size.
    History large({.finals = 10, .bytes = 8 * History::kMaxExcerpt});
    for (std::uint64_t seq = 1; seq <= 3; seq++)
        large.add(final(seq, seq, "", History::kMaxExcerpt), 0);
    const auto part = large.range(1, 3, kAll, false);
    expect(texts(part.messages), "1");
    g_assert_cmpuint(part.toSeq, ==, 1);
}

void a_partial_ends_with_its_final_or_a_newer_one_of_its_channel() {
    History history({});
    history.add(partial(1, 10), 0);
    history.add(partial(2, 11), 0); // the recogniser has begun another utterance
    expect(texts(history.replay(0, kAll, false)), "2");
    history.add(final(3, 10), 0);
    expect(texts(history.replay(0, kAll, false)), "2 3");
    history.add(final(4, 11), 0);
    expect(texts(history.replay(0, kAll, false)), "3 4");
}

void the_oldest_finals_are_forgotten_and_it_is_known_how_far_back_it_goes() {
    History history({3, 1000000});
    for (std::uint64_t seq = 1; seq <= 5; seq++)
        history.add(final(seq, seq), 0);
    g_assert_false(history.reachesBackTo(1));
    g_assert_true(history.reachesBackTo(2));
    expect(texts(history.replay(2, kAll, false)), "3 4 5");
    History small({100, 300});
    for (std::uint64_t seq = 1; seq <= 5; seq++)
        small.add(final(seq, seq, "", 80), 0);
    g_assert_false(small.reachesBackTo(2));
    g_assert_true(small.reachesBackTo(3));
    small.add(final(6, 6, "", 5000), 0); // above the limit on its own
    expect(texts(small.replay(5, kAll, false)), "6");
    g_assert_false(small.reachesBackTo(4));
    small.clear();
    g_assert_true(small.reachesBackTo(0));
    History none({0, 0});
    none.add(final(1, 1), 0);
    g_assert_false(none.reachesBackTo(0));
    g_assert_true(none.reachesBackTo(1));
}

void an_excerpt_has_the_newest_and_says_from_where() {
    History history({});
    for (std::uint64_t seq = 1; seq <= 6; seq++)
        history.add(final(seq, seq, seq % 2 ? "en" : "de"), 0);
    history.add(partial(7, 70, "en"), 0);
    history.add(partial(8, 80, "de"), 1);
    auto excerpt = history.excerpt(2, kAll, false);
    expect(texts(excerpt.messages), "5 6 7 8");
    g_assert_cmpuint(excerpt.afterSeq, ==, 4);
    ViewerFilter english;
    english.languages = {"en"};
    excerpt = history.excerpt(2, english, false);
    expect(texts(excerpt.messages), "3 5 7");
    g_assert_cmpuint(excerpt.afterSeq, ==, 1);
    ViewerFilter finals;
    finals.finalsOnly = true;
    expect(texts(history.excerpt(100, finals, false).messages), "1 2 3 4 5 6");
    g_assert_cmpuint(history.excerpt(100, finals, false).afterSeq, ==, 0);
    expect(texts(history.excerpt(0, kAll, false).messages), "7 8");
    history.add(final(9, 9, "", History::kMaxExcerpt - 10), 0);
    excerpt = history.excerpt(100, kAll, false);
    g_assert_cmpuint(excerpt.messages.size(), <, 2 * History::kMaxExcerpt);
    g_assert_cmpuint(excerpt.afterSeq, ==, 6);
}

void greetings_are_built_once_per_change_and_shared() {
    History history({});
    Greeter greeter(history);
    history.add(final(1, 1), 0);
    ViewerProfile plain, split, back;
    plain.form = back.form = ViewerForm::V2;
    split.form = ViewerForm::V2Split;
    back.since = ViewerPosition{"e", 0};
    const auto past = [&](const ViewerProfile &profile) {
        Hello hello;
        hello.session = "demo";
        hello.epoch = "e";
        hello.seq = 1;
        const auto frames = greeter.greet(hello, profile, 100);
        g_assert_true(hello.resumed.has_value() == profile.since.has_value());
        return frames.size() > 1 ? frames[1] : nullptr;
    };
    const FrameRef first = past(plain);
    g_assert_true(past(plain) == first);
    g_assert_true(past(split) != first);
    g_assert_true(past(back) != first);
    g_assert_true(past(back) == past(back));
    ViewerProfile upToDate = back;
    upToDate.since->seq = 1;
    g_assert_null(past(upToDate).get());
    greeter.invalidate();
    g_assert_true(past(plain) != first);
    for (std::uint32_t i = 0; i < 100; i++) { // many kinds of requests are not hoarded
        ViewerProfile profile = plain;
        profile.rewind = i;
        past(profile);
    }
    g_assert_true(first.use_count() == 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/history/range", a_range_has_its_finals_and_says_what_it_lacks);
    g_test_add_func("/history/range-in-parts", a_range_too_long_for_one_message_comes_in_parts);
    g_test_add_func("/history/missed", what_was_missed_is_finals_and_the_newest_partials_in_order);
    g_test_add_func("/history/partials", a_partial_ends_with_its_final_or_a_newer_one_of_its_channel);
    g_test_add_func("/history/limits", the_oldest_finals_are_forgotten_and_it_is_known_how_far_back_it_goes);
    g_test_add_func("/history/excerpt", an_excerpt_has_the_newest_and_says_from_where);
    g_test_add_func("/history/greetings", greetings_are_built_once_per_change_and_shared);
    return g_test_run();
}
