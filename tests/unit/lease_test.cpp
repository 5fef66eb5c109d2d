// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/lease.h"

#include <map>
#include <random>
#include <set>

#include <glib.h>

using namespace lt::broadcast;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr auto kTtl = seconds(5);
const lt::net::TimePoint kStart{seconds(1000)};

lt::net::TimePoint at(int ms) {
    return kStart + milliseconds(ms);
}

Lease::Id holderOf(const Lease &lease) {
    return lease.holder() ? lease.holder()->id : 0;
}

void the_first_claim_is_granted_and_the_others_wait_in_order() {
    Lease lease(kTtl, 100);
    g_assert_false(lease.holder().has_value());
    g_assert_true(lease.claim(1, at(0)) == Lease::Claim::Granted);
    g_assert_true(lease.claim(2, at(1)) == Lease::Claim::Queued);
    g_assert_true(lease.claim(3, at(2)) == Lease::Claim::Queued);
    g_assert_true(lease.claim(2, at(3)) == Lease::Claim::Queued); // once only
    g_assert_true(lease.claim(1, at(4)) == Lease::Claim::AlreadyHeld);
    g_assert_cmpuint(lease.holder()->token, ==, 101);
    g_assert_cmpuint(lease.candidates(), ==, 2);
    g_assert_cmpuint(lease.position(2), ==, 1);
    g_assert_cmpuint(lease.position(3), ==, 2);
    g_assert_cmpuint(lease.position(1), ==, 0);
}

void a_release_or_a_departure_passes_it_on_with_a_higher_token() {
    Lease lease(kTtl, 0);
    lease.claim(1, at(0));
    lease.claim(2, at(0));
    lease.claim(3, at(0));
    g_assert_false(lease.release(2, 1, at(1)));
    g_assert_false(lease.release(1, 7, at(1)));
    g_assert_true(lease.release(1, 1, at(1)));
    g_assert_cmpuint(holderOf(lease), ==, 2);
    g_assert_cmpuint(lease.holder()->token, ==, 2);
    g_assert_false(lease.renew(1, 1, at(2)));
    lease.remove(3, at(2));
    lease.remove(2, at(2));
    g_assert_cmpuint(holderOf(lease), ==, 0);
    lease.claim(1, at(3));
    g_assert_cmpuint(lease.holder()->token, ==, 3);
}

void a_holder_that_does_not_renew_lapses_at_the_deadline() {
    Lease lease(kTtl, 0);
    lease.claim(1, at(0));
    lease.claim(2, at(0));
    g_assert_true(lease.renew(1, 1, at(4999)));
    lease.tick(at(9998));
    g_assert_cmpuint(holderOf(lease), ==, 1);
    g_assert_false(lease.renew(1, 1, at(9999))); // too late, and nobody had ticked
    g_assert_cmpuint(holderOf(lease), ==, 2);
    g_assert_true(lease.holder()->expires == at(14999));
    lease.tick(at(20000));
    g_assert_false(lease.holder().has_value());
}

void only_the_holder_with_its_own_token_may_publish() {
    Lease lease(kTtl, 0);
    lease.claim(1, at(0));
    lease.claim(2, at(0));
    g_assert_true(lease.holds(1, 1, at(1)));
    g_assert_false(lease.holds(1, 2, at(1)));
    g_assert_false(lease.holds(2, 1, at(1)));
    g_assert_false(lease.holds(1, 1, at(5000))); // lapsed, and 2 has it
    g_assert_true(lease.holds(2, 2, at(5000)));
}

void a_candidate_may_withdraw_and_the_holder_is_not_touched_by_that() {
    Lease lease(kTtl, 0);
    lease.claim(1, at(0));
    lease.claim(2, at(0));
    lease.claim(3, at(0));
    lease.withdraw(2);
    lease.withdraw(1);
    g_assert_cmpuint(holderOf(lease), ==, 1);
    lease.remove(1, at(1));
    g_assert_cmpuint(holderOf(lease), ==, 3);
}

/// Clients that claim, renew, publish late, release, stall and are killed, at random. Whoever believes to
/// hold the lease is checked against the others: no two tokens are ever valid at once, and none comes back.
void two_holders_are_never_seen_whatever_happens() {
    std::mt19937 random(42);
    for (int round = 0; round < 300; round++) {
        Lease lease(milliseconds(50), static_cast<std::uint64_t>(round));
        std::map<Lease::Id, std::uint64_t> believes; // the token each client was told of last
        std::set<Lease::Id> present;
        std::uint64_t highest = 0;
        Lease::Id next = 1;
        int now = 0;
        for (int step = 0; step < 400; step++) {
            now += static_cast<int>(random() % 20);
            const auto pick = [&]() -> Lease::Id {
                if (present.empty() || (present.size() < 8 && random() % 4 == 0)) {
                    present.insert(next);
                    return next++;
                }
                return *std::next(present.begin(), static_cast<std::ptrdiff_t>(random() % present.size()));
            };
            const Lease::Id id = pick();
            switch (random() % 6) {
            case 0:
            case 1:
                lease.claim(id, at(now));
                break;
            case 2:
                lease.renew(id, believes[id], at(now));
                break;
            case 3:
                lease.release(id, believes[id], at(now));
                break;
            case 4: // killed
                lease.remove(id, at(now));
                present.erase(id);
                believes.erase(id);
                break;
            default:
                lease.tick(at(now));
            }
            if (lease.holder()) {
                g_assert_true(present.contains(lease.holder()->id));
                g_assert_cmpuint(lease.holder()->token, >=, highest);
                if (lease.holder()->token > highest)
                    believes[lease.holder()->id] = lease.holder()->token;
                highest = lease.holder()->token;
                g_assert_cmpuint(lease.position(lease.holder()->id), ==, 0);
            }
            int accepted = 0;
            for (const Lease::Id client : present)
                accepted += lease.holds(client, believes[client], at(now));
            g_assert_cmpint(accepted, <=, 1);
            g_assert_cmpint(accepted, ==, lease.holder().has_value());
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/lease/order", the_first_claim_is_granted_and_the_others_wait_in_order);
    g_test_add_func("/lease/passes-on", a_release_or_a_departure_passes_it_on_with_a_higher_token);
    g_test_add_func("/lease/lapses", a_holder_that_does_not_renew_lapses_at_the_deadline);
    g_test_add_func("/lease/publish", only_the_holder_with_its_own_token_may_publish);
    g_test_add_func("/lease/withdraw", a_candidate_may_withdraw_and_the_holder_is_not_touched_by_that);
    g_test_add_func("/lease/random", two_holders_are_never_seen_whatever_happens);
    return g_test_run();
}
