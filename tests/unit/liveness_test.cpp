// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/heartbeat_policies.h"
#include "elements/gladiasink/liveness.h"

#include <string>

#include <glib.h>

using namespace lt::gladia;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

} // namespace

static void the_strictest_heartbeat_holds() {
    HeartbeatPolicies policies;
    g_assert_cmpuint(policies.strictest().limitNs, ==, 0);
    policies.note("a", 15000, 3);
    policies.note("b", 10000, 2);
    g_assert_cmpuint(policies.strictest().limitNs, ==, 20 * kSecond);
    g_assert_cmpuint(policies.strictest().intervalNs, ==, 10 * kSecond);
    policies.note("b", 0, 2);
    g_assert_cmpuint(policies.strictest().limitNs, ==, 45 * kSecond);
    policies.note("a", 1000, 1);
    g_assert_cmpuint(policies.strictest().limitNs, ==, kSecond);
    for (int i = 0; i < 1000; i++)
        policies.note(std::to_string(i), 1, 1);
    policies.note("a", 0, 0);
    g_assert_cmpuint(policies.strictest().limitNs, ==, 1 * kMs);
}

static void only_a_due_answer_can_be_missed() {
    Liveness life(45 * kSecond, 20 * kSecond);
    life.opened(0);
    g_assert_cmpuint(life.deadAt(false), ==, Liveness::kNever);
    g_assert_cmpuint(life.keepAliveAt(), ==, 20 * kSecond);
    life.sent(100 * kSecond, true);
    g_assert_cmpuint(life.deadAt(true), ==, 145 * kSecond);
    life.sent(110 * kSecond, false); // still nothing heard: the deadline does not move
    g_assert_cmpuint(life.deadAt(true), ==, 145 * kSecond);
    life.setHeartbeat(120 * kSecond, 3 * kSecond, 10 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, 130 * kSecond);
    life.heard(125 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, 135 * kSecond);
}

static void a_ping_is_due_when_nothing_was_heard_and_its_answer_soon_after() {
    Liveness life(5 * kSecond, 20 * kSecond);
    life.opened(100 * kSecond);
    g_assert_cmpuint(life.pingAt(), ==, 100 * kSecond + Liveness::kPingNs);
    life.heard(107 * kSecond);
    g_assert_cmpuint(life.pingAt(), ==, 107 * kSecond + Liveness::kPingNs);
    life.pinged(117 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, 122 * kSecond);
    life.heard(118 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, Liveness::kNever);
    // A heartbeat has its own interval, and allows for more than one to be missed.
    life.setHeartbeat(118 * kSecond, 3 * kSecond, 9 * kSecond);
    g_assert_cmpuint(life.pingAt(), ==, 121 * kSecond);
    life.pinged(121 * kSecond);
    g_assert_cmpuint(life.pingAt(), ==, 124 * kSecond);
    g_assert_cmpuint(life.deadAt(false), ==, 127 * kSecond);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/liveness/the strictest heartbeat holds", the_strictest_heartbeat_holds);
    g_test_add_func("/liveness/only a due answer can be missed", only_a_due_answer_can_be_missed);
    g_test_add_func("/liveness/a ping is due when nothing was heard and its answer soon after",
                    a_ping_is_due_when_nothing_was_heard_and_its_answer_soon_after);
    return g_test_run();
}
