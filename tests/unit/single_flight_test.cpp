// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/refusal.h"
#include "lib/admission/single_flight.h"

#include <atomic>
#include <thread>
#include <vector>

#include <glib.h>

using lt::SingleFlight;

static void of_32_at_once_exactly_one_wins() {
    for (int round = 0; round < 50; round++) {
        SingleFlight flight;
        std::atomic<bool> go = false;
        std::atomic<int> winners = 0;
        std::vector<std::optional<SingleFlight::Slot>> slots(32);
        std::vector<std::thread> contenders;
        for (auto &slot : slots)
            contenders.emplace_back([&] {
                while (!go)
                    std::this_thread::yield();
                slot = flight.acquire("demo");
                winners += slot.has_value();
            });
        go = true;
        for (auto &contender : contenders)
            contender.join();
        g_assert_cmpint(winners, ==, 1);
    }
}

static void a_freed_name_is_usable_at_once() {
    SingleFlight flight;
    auto slot = flight.acquire("a");
    g_assert_true(slot.has_value());
    g_assert_false(flight.acquire("a").has_value());
    g_assert_true(flight.acquire("b").has_value());
    slot->release();
    g_assert_false(flight.held("a"));
    slot = flight.acquire("a");
    g_assert_true(slot.has_value());
    g_assert_true(flight.held("a"));
    slot.reset();
    g_assert_false(flight.held("a"));
}

static void a_moved_slot_frees_its_name_once() {
    SingleFlight flight;
    auto first = flight.acquire("a");
    SingleFlight::Slot moved = std::move(*first);
    first.reset();
    g_assert_true(flight.held("a"));
    auto second = flight.acquire("b");
    moved = std::move(*second);
    g_assert_false(flight.held("a"));
    g_assert_true(flight.held("b"));
}

static void a_slot_may_outlive_its_guard() {
    std::optional<SingleFlight::Slot> slot;
    {
        SingleFlight flight;
        slot = flight.acquire("a");
    }
    slot.reset();
}

static void each_refusal_has_its_word_and_status() {
    g_assert_true(lt::refusalWord(lt::RefusalCode::ResourceExhausted) == "RESOURCE_EXHAUSTED");
    g_assert_true(lt::refusalWord(lt::RefusalCode::Unauthenticated) == "UNAUTHENTICATED");
    g_assert_true(lt::refusalWord(lt::RefusalCode::InvalidArgument) == "INVALID_ARGUMENT");
    g_assert_true(lt::refusalWord(lt::RefusalCode::Unavailable) == "UNAVAILABLE");
    g_assert_cmpuint(lt::refusalHttpStatus(lt::RefusalCode::Unauthenticated), ==, 401);
    g_assert_cmpuint(lt::refusalHttpStatus(lt::RefusalCode::Unavailable), ==, 503);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/single-flight/one-of-32", of_32_at_once_exactly_one_wins);
    g_test_add_func("/single-flight/freed", a_freed_name_is_usable_at_once);
    g_test_add_func("/single-flight/moved", a_moved_slot_frees_its_name_once);
    g_test_add_func("/single-flight/outlives", a_slot_may_outlive_its_guard);
    g_test_add_func("/refusal/words", each_refusal_has_its_word_and_status);
    return g_test_run();
}
