// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/word_errors.h"

#include <glib.h>

using lt::support::countWordErrors;
using lt::support::WordErrors;

static void the_same_words_are_no_error() {
    const auto errors = countWordErrors("Good morning, everybody.", "good  morning everybody");
    g_assert_cmpuint(errors.said, ==, 3);
    g_assert_cmpuint(errors.total(), ==, 0);
}

static void each_kind_of_error_is_counted() {
    g_assert_cmpuint(countWordErrors("a b c", "a x c").substituted, ==, 1);
    g_assert_cmpuint(countWordErrors("a b c", "a c").missing, ==, 1);
    g_assert_cmpuint(countWordErrors("a b c", "a b x c").inserted, ==, 1);
    const auto mixed = countWordErrors("one two three four", "one too three for five");
    g_assert_cmpuint(mixed.total(), ==, 3);
    g_assert_cmpfloat(mixed.rate(), ==, 0.75);
}

static void nothing_heard_is_all_missing_and_nothing_said_all_inserted() {
    g_assert_cmpfloat(countWordErrors("a b", "").rate(), ==, 1);
    g_assert_cmpuint(countWordErrors("", "a b").inserted, ==, 2);
    g_assert_cmpfloat(countWordErrors("", "a b").rate(), ==, 0);
}

static void sums_weigh_sentences_by_their_words() {
    WordErrors all = countWordErrors("a b c d e f g h i", "a b c d e f g h i");
    all += countWordErrors("a", "b");
    g_assert_cmpfloat_with_epsilon(all.rate(), 0.1, 1e-12);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/word_errors/the same words are no error", the_same_words_are_no_error);
    g_test_add_func("/word_errors/each kind of error is counted", each_kind_of_error_is_counted);
    g_test_add_func("/word_errors/nothing heard is all missing, nothing said all inserted",
                    nothing_heard_is_all_missing_and_nothing_said_all_inserted);
    g_test_add_func("/word_errors/sums weigh sentences by their words", sums_weigh_sentences_by_their_words);
    return g_test_run();
}
