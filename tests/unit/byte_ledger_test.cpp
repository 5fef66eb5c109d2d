// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/byte_ledger.h"

#include <random>

#include <glib.h>

using namespace lt;
using Place = ByteLedger::Place;

static void every_byte_is_in_one_place() {
    ByteLedger ledger;
    ledger.enter(1000);
    ledger.move(Place::Queued, Place::InFlight, 600);
    ledger.move(Place::InFlight, Place::Acknowledged, 200);
    ledger.lose(Place::Queued, {{0, 10}, 100, LossReason::BacklogFull});
    ledger.move(Place::InFlight, Place::Queued, 400);
    const auto &totals = ledger.totals();
    g_assert_cmpuint(totals.entered, ==, 1000);
    g_assert_cmpuint(totals.queued, ==, 700);
    g_assert_cmpuint(totals.inFlight, ==, 0);
    g_assert_cmpuint(totals.acknowledged, ==, 200);
    g_assert_cmpuint(totals.lost(), ==, 100);
    g_assert_true(totals.exact());
}

static void nothing_moves_that_is_not_there() {
    ByteLedger ledger;
    ledger.enter(10);
    ledger.move(Place::InFlight, Place::Acknowledged, 5);
    ledger.move(Place::Queued, Place::InFlight, 100);
    ledger.lose(Place::Queued, {{0, 1}, 7, LossReason::NotTaken});
    g_assert_cmpuint(ledger.totals().inFlight, ==, 10);
    g_assert_cmpuint(ledger.totals().lost(), ==, 0);
    g_assert_false(ledger.hasLosses());
    g_assert_true(ledger.totals().exact());
}

static void losses_are_joined_where_they_touch_and_have_one_reason() {
    ByteLedger ledger;
    ledger.enter(100);
    ledger.lose(Place::Queued, {{0, 1000}, 10, LossReason::BacklogFull});
    ledger.lose(Place::Queued, {{1000, 2000}, 10, LossReason::BacklogFull});
    ledger.lose(Place::Queued, {{2000, 3000}, 10, LossReason::NotTaken});
    ledger.lose(Place::Queued, {{900'000'000, 900'001'000}, 10, LossReason::NotTaken});
    const auto losses = ledger.takeLosses();
    g_assert_cmpuint(losses.size(), ==, 3);
    g_assert_true(losses[0].range == (LostRange{0, 2000}));
    g_assert_cmpuint(losses[0].bytes, ==, 20);
    g_assert_true(losses[1].reason == LossReason::NotTaken);
    g_assert_true(ledger.takeLosses().empty());
    g_assert_cmpuint(ledger.totals().lost(LossReason::NotTaken), ==, 20);
}

static void the_sums_are_exact_whatever_happens() {
    std::mt19937 chance(7);
    ByteLedger ledger;
    std::uint64_t told = 0;
    constexpr Place kPlaces[] = {Place::Queued, Place::InFlight, Place::Acknowledged};
    for (int i = 0; i < 100'000; i++) {
        const std::uint64_t bytes = chance() % 5000;
        switch (chance() % 3) {
        case 0:
            ledger.enter(bytes);
            break;
        case 1:
            ledger.move(kPlaces[chance() % 3], kPlaces[chance() % 3], bytes);
            break;
        default:
            ledger.lose(kPlaces[chance() % 2], {{bytes, bytes + 1}, bytes, LossReason(chance() % 3)});
            break;
        }
        if (i % 100 == 0)
            for (const Loss &loss : ledger.takeLosses())
                told += loss.bytes;
        g_assert_true(ledger.totals().exact());
    }
    for (const Loss &loss : ledger.takeLosses())
        told += loss.bytes;
    g_assert_cmpuint(told, ==, ledger.totals().lost());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/byte-ledger/every byte is in one place", every_byte_is_in_one_place);
    g_test_add_func("/byte-ledger/nothing moves that is not there", nothing_moves_that_is_not_there);
    g_test_add_func("/byte-ledger/losses are joined where they touch and have one reason",
                    losses_are_joined_where_they_touch_and_have_one_reason);
    g_test_add_func("/byte-ledger/the sums are exact whatever happens", the_sums_are_exact_whatever_happens);
    return g_test_run();
}
