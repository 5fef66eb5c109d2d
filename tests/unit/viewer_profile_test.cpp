// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_profile.h"

#include <cstring>
#include <map>
#include <string>

#include <glib.h>

using namespace lt::broadcast;

namespace {

using Query = std::map<std::string, std::string>;

std::optional<ViewerProfile> read(const Query &query, bool subprotocol = false) {
    std::string error;
    auto profile = viewerProfileOf(
        [&query](const char *name) {
            const auto found = query.find(name);
            return found == query.end() ? std::string_view() : std::string_view(found->second);
        },
        subprotocol, error);
    g_assert_true(profile.has_value() == error.empty());
    return profile;
}

void a_plain_client_is_of_the_first_version_and_takes_everything() {
    const auto plain = read({});
    g_assert_true(plain->form == ViewerForm::V1);
    g_assert_true(plain->filter.everything());
    g_assert_true(plain->mayCoordinate);
    g_assert_true(read({{"v", "1"}}, true)->form == ViewerForm::V1); // what is said counts more than offered
    g_assert_true(read({{"types", "transcript"}})->form == ViewerForm::V1);
    g_assert_true(read({{"types", "split"}})->form == ViewerForm::V1Split);
}

void the_second_version_is_asked_for_in_two_ways() {
    g_assert_true(read({{"v", "2"}})->form == ViewerForm::V2);
    g_assert_true(read({}, true)->form == ViewerForm::V2);
    g_assert_true(read({{"types", "split"}}, true)->form == ViewerForm::V2Split);
    const auto returning = read({{"v", "2"}, {"since", "17"}, {"epoch", "9c41"}, {"userId", "Änn"}});
    g_assert_true((returning->since == ViewerPosition{"9c41", 17}));
    g_assert_cmpstr(returning->userId.c_str(), ==, "Änn");
    g_assert_cmpuint(*read({{"v", "2"}, {"rewind", "0"}})->rewind, ==, 0);
    g_assert_false(read({{"v", "2"}})->rewind.has_value());
}

void nonsense_is_refused() {
    const Query table[] = {
        {{"v", "3"}},
        {{"types", "both"}},
        {{"finals", "yes"}},
        {{"lang", "en,,de"}},
        {{"lang", "e n"}},
        {{"lang", "a,b,c,d,e,f,g,h,i"}},
        {{"lang", std::string(36, 'x')}},
        {{"since", "1"}, {"epoch", "e"}},
        {{"rewind", "5"}},
        {{"v", "2"}, {"since", "1"}},
        {{"v", "2"}, {"epoch", "e"}},
        {{"v", "2"}, {"since", "-1"}, {"epoch", "e"}},
        {{"v", "2"}, {"since", "1x"}, {"epoch", "e"}},
        {{"v", "2"}, {"since", "99999999999999999999"}, {"epoch", "e"}},
        {{"v", "2"}, {"since", "1"}, {"epoch", std::string(65, 'e')}},
        {{"v", "2"}, {"rewind", "1001"}},
        {{"v", "2"}, {"rewind", ""}, {"since", " 1"}, {"epoch", "e"}},
        {{"userId", std::string(129, 'u')}},
        {{"userId", "\xff"}},
    };
    for (const Query &query : table)
        g_assert_false(read(query).has_value());
}

void filters_leave_out_what_is_not_wanted() {
    const ViewerFilter finals = read({{"finals", "1"}})->filter;
    g_assert_false(finals.takes(true, "en"));
    g_assert_true(finals.takes(false, "en"));
    g_assert_true(read({{"finals", "0"}})->filter.everything());
    const ViewerFilter some = read({{"lang", "EN,de-at"}})->filter;
    for (const char *language : {"en", "En", "en-GB", "de-AT", ""})
        g_assert_true(some.takes(true, language));
    for (const char *language : {"eng", "de", "de-DE", "fr", "e"})
        g_assert_false(some.takes(true, language));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewer-profile/v1", a_plain_client_is_of_the_first_version_and_takes_everything);
    g_test_add_func("/viewer-profile/v2", the_second_version_is_asked_for_in_two_ways);
    g_test_add_func("/viewer-profile/nonsense", nonsense_is_refused);
    g_test_add_func("/viewer-profile/filters", filters_leave_out_what_is_not_wanted);
    return g_test_run();
}
