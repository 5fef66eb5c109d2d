// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/description.h"

#include <glib.h>

using namespace lt::service;

namespace {

void same(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

void each_variable_gets_its_value() {
    const auto expansion =
        expandDescription("# a ${comment}\nsrc stream=${session} ! sink port=${PORT} x=${session}\n",
                          {{"session", "monday"}, {"PORT", "3000"}});
    same(expansion.problem, "");
    same(expansion.text, "src stream=monday ! sink port=3000 x=monday\n");
}

void a_default_holds_where_nobody_gives_a_value() {
    const auto text = "#: SPEED=4   how fast\n#: session=x\nsrc speed=${SPEED} stream=${session}";
    same(expandDescription(text, {{"session", "monday"}}).text, "src speed=4 stream=monday\n");
}

void lines_in_a_condition_count_only_with_a_value() {
    const auto text = "a\n${DATABASE_URL?\n! store location=\"${DATABASE_URL}\"\n}\nb";
    same(expandDescription(text, {{"DATABASE_URL", ""}}).text, "a\nb\n");
    same(expandDescription(text, {{"DATABASE_URL", "x.sqlite"}}).text,
         "a\n! store location=\"x.sqlite\"\nb\n");
}

void a_value_is_not_expanded_again() {
    same(expandDescription("${a}", {{"a", "${b}"}, {"b", "c"}}).text, "${b}\n");
}

void what_is_wrong_is_said_with_its_line() {
    static const struct {
        const char *text, *problem;
    } kWrong[] = {
        {"a\nb ${WHAT}", "line 2: ${WHAT} is no setting, and no \"#:\" line declares it"},
        {"${a", "line 1: a \"${\" without its \"}\""},
        {"}", "line 1: a \"}\" without its \"${NAME?\""},
        {"#: a=1\n${a?\n${a?\n}\n}", "line 3: a condition inside a condition"},
        {"#: a=1\n${a?\nb", "a \"${NAME?\" has no \"}\" line"},
        {"${WHAT?\n}", "line 1: ${WHAT} is no setting, and no \"#:\" line declares it"},
    };
    for (const auto &wrong : kWrong) {
        const auto expansion = expandDescription(wrong.text, {});
        same(expansion.problem, wrong.problem);
        same(expansion.text, "");
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/description/each_variable_gets_its_value", each_variable_gets_its_value);
    g_test_add_func("/description/a_default_holds_where_nobody_gives_a_value",
                    a_default_holds_where_nobody_gives_a_value);
    g_test_add_func("/description/lines_in_a_condition_count_only_with_a_value",
                    lines_in_a_condition_count_only_with_a_value);
    g_test_add_func("/description/a_value_is_not_expanded_again", a_value_is_not_expanded_again);
    g_test_add_func("/description/what_is_wrong_is_said_with_its_line", what_is_wrong_is_said_with_its_line);
    return g_test_run();
}
