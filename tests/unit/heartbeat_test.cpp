// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/heartbeat.h"

#include <cstdint>
#include <map>
#include <vector>

#include <glib.h>

using namespace lt::broadcast;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const lt::net::TimePoint kStart{seconds(1000)};

void of_several_sources_the_smallest_deadline_holds() {
    HeartbeatSources sources;
    g_assert_false(sources.policy().has_value());
    sources.set("a", 15000, 3);
    g_assert_true(sources.policy()->interval == seconds(15));
    g_assert_true(sources.policy()->deadline == seconds(45));
    sources.set("b", 20000, 2);
    g_assert_true(sources.policy()->interval == seconds(20));
    g_assert_true(sources.policy()->deadline == seconds(40));
    sources.set("b", 20000, 3); // the same source again replaces what it said
    g_assert_true(sources.policy()->deadline == seconds(45));
    sources.set("a", 0, 3);
    g_assert_true(sources.policy()->deadline == seconds(60));
    sources.set("b", 0, 0);
    g_assert_false(sources.policy().has_value());
}

void absurd_numbers_make_no_absurd_policy() {
    HeartbeatSources sources;
    sources.set("a", UINT32_MAX, UINT32_MAX);
    g_assert_true(sources.policy()->deadline == std::chrono::hours(24));
    sources.set("a", 1, 0);
    g_assert_true(sources.policy()->deadline == milliseconds(1));
}

void every_viewer_is_pinged_once_an_interval_and_not_all_at_once() {
    constexpr std::uint64_t kViewers = 1000;
    PingWheel wheel(seconds(15), kStart);
    std::map<std::uint64_t, int> pings;
    std::uint64_t most = 0;
    auto now = kStart;
    for (std::uint64_t tick = 0; tick < wheel.slots(); tick++) {
        now += wheel.period();
        const auto due = wheel.advance(now);
        std::uint64_t count = 0;
        for (std::uint64_t viewer = 1; viewer <= kViewers; viewer++) {
            if (wheel.includes(due, viewer)) {
                pings[viewer]++;
                count++;
            }
        }
        most = std::max(most, count);
    }
    g_assert_cmpuint(pings.size(), ==, kViewers);
    for (const auto &[viewer, count] : pings)
        g_assert_cmpint(count, ==, 1);
    g_assert_cmpuint(most, <=, kViewers / wheel.slots() + 1);
    g_assert_true(now - kStart <= seconds(15));
}

void late_ticks_leave_nobody_out_and_ping_nobody_twice() {
    PingWheel wheel(milliseconds(640), kStart);
    int pings = 0;
    // Ten intervals, ticked irregularly.
    const int steps[] = {1, 25, 3, 40, 130, 7, 210, 64};
    auto now = kStart;
    for (int i = 0; now < kStart + milliseconds(6400); i++) {
        now = std::min<lt::net::TimePoint>(now + milliseconds(steps[i % 8]), kStart + milliseconds(6400));
        pings += wheel.includes(wheel.advance(now), 17);
    }
    g_assert_cmpint(pings, ==, 10);
    // After a long stop everybody is due, once.
    const auto due = wheel.advance(now + seconds(100));
    g_assert_cmpuint(due.count, ==, wheel.slots());
    g_assert_true(wheel.includes(due, 17));
    g_assert_cmpuint(wheel.advance(now + seconds(100)).count, ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/heartbeat/sources", of_several_sources_the_smallest_deadline_holds);
    g_test_add_func("/heartbeat/absurd", absurd_numbers_make_no_absurd_policy);
    g_test_add_func("/heartbeat/spread", every_viewer_is_pinged_once_an_interval_and_not_all_at_once);
    g_test_add_func("/heartbeat/late", late_ticks_leave_nobody_out_and_ping_nobody_twice);
    return g_test_run();
}
