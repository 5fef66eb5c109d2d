// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/slow_viewers.h"

#include <utility>
#include <vector>

#include <glib.h>

using namespace lt::broadcast;
using std::chrono::milliseconds;

namespace {

const lt::net::TimePoint kStart{std::chrono::seconds(1000)};

QueueDrops drops(unsigned partials, unsigned finals) {
    QueueDrops made;
    made.counts[static_cast<std::size_t>(DropReason::Count)] = {partials, finals};
    return made;
}

void every_drop_gets_into_the_log_once_and_no_more_than_a_line_a_second() {
    SlowViewers slow;
    g_assert_false(slow.note(1, QueueDrops(), kStart).has_value());
    g_assert_cmpuint(slow.note(1, drops(1, 0), kStart)->total().partials, ==, 1); // the first at once
    unsigned logged = 1, lines = 1, dropped = 1;
    const auto count = [&](std::uint64_t, const QueueDrops &line) {
        logged += line.total().all();
        lines++;
    };
    for (int ms = 1; ms <= 5000; ms++) {
        const auto now = kStart + milliseconds(ms);
        dropped++;
        if (const auto line = slow.note(1, drops(0, 1), now))
            count(1, *line);
        if (ms % 250 == 0)
            slow.due(now, count);
    }
    if (const auto rest = slow.remove(1))
        logged += rest->total().all();
    g_assert_cmpuint(logged, ==, dropped);
    g_assert_cmpuint(lines, ==, 6); // at 0, 1 … 5 s
    g_assert_cmpuint(slow.size(), ==, 0);
}

void what_waits_for_its_line_gets_one_without_further_drops() {
    SlowViewers slow;
    slow.note(7, drops(1, 0), kStart);
    g_assert_false(slow.note(7, drops(2, 3), kStart + milliseconds(10)).has_value());
    std::vector<std::pair<std::uint64_t, unsigned>> lines;
    const auto log = [&lines](std::uint64_t id, const QueueDrops &line) {
        lines.emplace_back(id, line.total().all());
    };
    slow.due(kStart + milliseconds(999), log);
    g_assert_true(lines.empty());
    slow.due(kStart + milliseconds(1000), log);
    g_assert_true(lines.size() == 1 && lines[0] == std::pair(std::uint64_t{7}, 5u));
    slow.due(kStart + milliseconds(2000), log);
    g_assert_cmpuint(lines.size(), ==, 1);
    g_assert_cmpuint(slow.size(), ==, 0); // forgotten
}

void a_queue_that_fills_up_is_warned_of_once_until_it_calms_down() {
    SlowViewers slow;
    g_assert_false(slow.fills(1, 0.79));
    g_assert_cmpuint(slow.size(), ==, 0);
    g_assert_true(slow.fills(1, 0.8));
    g_assert_false(slow.fills(1, 1.0));
    g_assert_false(slow.fills(1, 0.6));
    g_assert_false(slow.fills(1, 0.9));
    g_assert_false(slow.fills(1, 0.49));
    g_assert_true(slow.fills(1, 0.8));
    g_assert_true(slow.fills(2, 0.95));
    slow.due(kStart, [](std::uint64_t, const QueueDrops &) { g_assert_not_reached(); });
    g_assert_cmpuint(slow.size(), ==, 2); // still warned of
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/slow-viewers/log", every_drop_gets_into_the_log_once_and_no_more_than_a_line_a_second);
    g_test_add_func("/slow-viewers/due", what_waits_for_its_line_gets_one_without_further_drops);
    g_test_add_func("/slow-viewers/warning", a_queue_that_fills_up_is_warned_of_once_until_it_calms_down);
    return g_test_run();
}
