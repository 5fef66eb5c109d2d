// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/store_planner.h"

#include <glib.h>

using namespace lt::store;

namespace {

const TimePoint kStart{std::chrono::hours(1)};
const StorePolicy kPolicy{Milliseconds(300), 100, 1000};
constexpr double kNoSpread = 0.5;

TimePoint at(int ms) {
    return kStart + Milliseconds(ms);
}

Situation waiting(std::size_t queued, std::size_t spooled = 0) {
    Situation situation;
    situation.queued = queued;
    situation.oldest = kStart;
    situation.spooled = spooled;
    return situation;
}

void expectWait(const Plan &plan, TimePoint until) {
    g_assert_true(plan.step == Step::Wait);
    g_assert_true(plan.until == until);
}

void expect(const Plan &plan, Step step) {
    g_assert_true(plan.step == step);
}

void messages_wait_for_each_other_but_not_longer_than_flush_ms() {
    const StorePlanner planner(kPolicy);
    expectWait(planner.next(waiting(0), at(0)), TimePoint::max());
    expectWait(planner.next(waiting(1), at(0)), at(300));
    expectWait(planner.next(waiting(99), at(299)), at(300));
    expect(planner.next(waiting(1), at(300)), Step::Commit);
    expect(planner.next(waiting(100), at(0)), Step::Commit);
}

void a_failing_database_is_tried_again_with_growing_pauses() {
    StorePlanner planner(kPolicy);
    int now = 300;
    for (const int pause : {100, 200, 400, 800}) {
        planner.databaseFailed(at(now), kNoSpread);
        expectWait(planner.next(waiting(1), at(now)), at(now + pause));
        now += pause;
        expect(planner.next(waiting(1), at(now)), Step::Commit);
    }
    for (int i = 0; i < 50; i++)
        planner.databaseFailed(at(now), kNoSpread);
    expectWait(planner.next(waiting(0, 1), at(now)), at(now + 10000));
    planner.databaseFailed(at(now), 0);
    expectWait(planner.next(waiting(0, 1), at(now)), at(now + 7500));
    planner.databaseWorked();
    g_assert_false(planner.databaseIsOut());
    planner.databaseFailed(at(now), kNoSpread);
    expectWait(planner.next(waiting(0, 1), at(now)), at(now + 100));
}

void an_outage_of_two_seconds_or_a_full_queue_moves_messages_to_disk() {
    StorePlanner planner(kPolicy);
    for (int i = 0; i < 10; i++)
        planner.databaseFailed(at(0), kNoSpread);
    expectWait(planner.next(waiting(1), at(0)), at(2000));
    expect(planner.next(waiting(1), at(2000)), Step::Spool);
    expect(planner.next(waiting(1001), at(0)), Step::Spool);
    // A database that is slow without failing fills the queue too.
    expect(StorePlanner(kPolicy).next(waiting(1001), at(0)), Step::Spool);
    expect(StorePlanner(kPolicy).next(waiting(1000), at(0)), Step::Commit);
}

void what_is_on_disk_goes_first() {
    StorePlanner planner(kPolicy);
    expect(planner.next(waiting(100, 1), at(5000)), Step::Replay);
    planner.databaseFailed(at(5000), kNoSpread);
    expectWait(planner.next(waiting(100, 1), at(5000)), at(5100));
    expect(planner.next(waiting(100, 1), at(5100)), Step::Replay);
}

void a_hopeless_database_lets_messages_go_to_disk_at_once() {
    StorePlanner planner(kPolicy);
    planner.databaseFailed(at(0), kNoSpread, true);
    expect(planner.next(waiting(1), at(0)), Step::Spool);
    expectWait(planner.next(waiting(0, 1), at(0)), at(10000));
}

void a_spool_that_fails_is_tried_again_every_second() {
    StorePlanner planner(kPolicy);
    for (int i = 0; i < 10; i++)
        planner.databaseFailed(at(0), kNoSpread);
    planner.spoolFailed(at(2000));
    expectWait(planner.next(waiting(1), at(2000)), at(3000));
    expect(planner.next(waiting(1), at(3000)), Step::Spool);
    planner.spoolWorked();
    expect(planner.next(waiting(1), at(3000)), Step::Spool);
}

void who_waits_gets_a_commit_at_once_and_a_spool_when_time_is_over() {
    StorePlanner planner(kPolicy);
    Situation situation = waiting(1);
    situation.settleBy = at(1000);
    expect(planner.next(situation, at(0)), Step::Commit);
    planner.databaseFailed(at(0), kNoSpread);
    expectWait(planner.next(situation, at(0)), at(300));
    expect(planner.next(situation, at(1000)), Step::Spool);
}

void the_end_comes_when_nothing_is_left_or_nothing_is_possible() {
    StorePlanner planner(kPolicy);
    Situation situation = waiting(0);
    situation.finishing = true;
    situation.settleBy = at(250);
    expect(planner.next(situation, at(0)), Step::Finish);
    situation.queued = 1;
    expect(planner.next(situation, at(0)), Step::Commit);
    situation.spooled = 1;
    expect(planner.next(situation, at(0)), Step::Replay);
    planner.databaseFailed(at(0), kNoSpread);
    g_assert_true(planner.next(situation, at(0)).step == Step::Wait);
    expect(planner.next(situation, at(250)), Step::Spool);
    planner.spoolFailed(at(249)); // one more try at the very end
    expect(planner.next(situation, at(250)), Step::Spool);
    planner.spoolFailed(at(250));
    expect(planner.next(situation, at(250)), Step::Finish);
    situation.queued = 0;
    expect(planner.next(situation, at(0)), Step::Finish); // what is on disk is safe
}

/// Whatever the situation: never a wait that ends before it begins, which would be a busy loop.
void no_plan_makes_the_writer_spin() {
    for (int bits = 0; bits < 1 << 9; bits++)
        for (const int now : {0, 50, 300, 2000, 2500, 20000}) {
            StorePlanner planner(kPolicy);
            const auto is = [bits](int bit) {
                return (bits >> bit & 1) != 0;
            };
            if (is(0))
                planner.databaseFailed(at(now), kNoSpread, is(1));
            if (is(2))
                planner.databaseFailed(at(0), kNoSpread);
            if (is(3))
                planner.spoolFailed(at(is(4) ? now : 0));
            Situation situation = waiting(is(5) ? 1 : 0, is(6) ? 1 : 0);
            situation.finishing = is(7);
            if (is(7) || is(8))
                situation.settleBy = at(is(8) ? 250 : 5000);
            const Plan plan = planner.next(situation, at(now));
            g_assert_true(plan.step != Step::Wait || plan.until > at(now));
            g_assert_true(plan.step != Step::Commit || situation.queued > 0);
            g_assert_true(plan.step != Step::Spool || situation.queued > 0);
            g_assert_true(plan.step != Step::Replay || situation.spooled > 0);
            g_assert_true(!situation.finishing || plan.step != Step::Wait || plan.until < TimePoint::max());
        }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/store-planner/flush", messages_wait_for_each_other_but_not_longer_than_flush_ms);
    g_test_add_func("/store-planner/back-off", a_failing_database_is_tried_again_with_growing_pauses);
    g_test_add_func("/store-planner/spool", an_outage_of_two_seconds_or_a_full_queue_moves_messages_to_disk);
    g_test_add_func("/store-planner/order", what_is_on_disk_goes_first);
    g_test_add_func("/store-planner/hopeless", a_hopeless_database_lets_messages_go_to_disk_at_once);
    g_test_add_func("/store-planner/spool-fails", a_spool_that_fails_is_tried_again_every_second);
    g_test_add_func("/store-planner/settle", who_waits_gets_a_commit_at_once_and_a_spool_when_time_is_over);
    g_test_add_func("/store-planner/end", the_end_comes_when_nothing_is_left_or_nothing_is_possible);
    g_test_add_func("/store-planner/spin", no_plan_makes_the_writer_spin);
    return g_test_run();
}
