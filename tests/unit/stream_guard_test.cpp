// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way in, apart from the doors that use it. Runs under ThreadSanitizer.
#include "lib/admission/stream_guard.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <glib.h>

using namespace lt;
using namespace std::chrono_literals;

namespace {

using Why = StreamGuard::Why;

StreamPassRef entered(std::variant<StreamPassRef, StreamGuard::Denied> result) {
    if (const auto *denied = std::get_if<StreamGuard::Denied>(&result))
        g_error("not let in: %s", denied->refusal.reason.c_str());
    return std::get<StreamPassRef>(std::move(result));
}

void expectDenied(const std::variant<StreamPassRef, StreamGuard::Denied> &result, Why why,
                  const char *sentence, RefusalCode code = RefusalCode::ResourceExhausted) {
    g_assert_true(std::holds_alternative<StreamGuard::Denied>(result));
    const auto &denied = std::get<StreamGuard::Denied>(result);
    g_assert_true(denied.why == why);
    g_assert_true(denied.refusal.code == code);
    g_assert_cmpstr(denied.refusal.reason.c_str(), ==, sentence);
}

void of_32_at_once_exactly_one_wins() {
    for (int round = 0; round < 50; round++) {
        StreamGuard guard({0, 1, 0}, "streams");
        std::atomic<bool> go = false;
        std::atomic<int> winners = 0;
        std::vector<StreamPassRef> passes(32);
        std::vector<std::thread> contenders;
        for (auto &pass : passes)
            contenders.emplace_back([&] {
                while (!go)
                    std::this_thread::yield();
                auto result = guard.admitStream("demo");
                if (auto *own = std::get_if<StreamPassRef>(&result)) {
                    pass = std::move(*own);
                    winners++;
                }
            });
        go = true;
        for (auto &contender : contenders)
            contender.join();
        g_assert_cmpint(winners, ==, 1);
    }
}

void a_freed_place_is_usable_at_once() {
    StreamGuard guard({2, 1, 0}, "sessions");
    auto a = entered(guard.admitStream("a"));
    const auto b = entered(guard.admitStream("b"));
    expectDenied(guard.admitStream("c"), Why::Total, "No more than 2 sessions at a time: try again later.");
    a->leave();
    const auto c = entered(guard.admitStream("c"));
    a.reset(); // has left already: nothing more is freed
    g_assert_cmpuint(guard.inside(), ==, 2);
    expectDenied(guard.admitStream("d"), Why::Total, "No more than 2 sessions at a time: try again later.");
}

void who_comes_to_a_session_that_is_taken_hears_that_first() {
    StreamGuard guard({1, 1, 0}, "streams");
    const auto pass = entered(guard.admitStream("a"));
    expectDenied(guard.admitStream("a"), Why::Session,
                 "No more than 1 stream of one session: try again later.");
}

void addresses_have_a_limit_of_their_own() {
    StreamGuard guard({0, 0, 2}, "viewers");
    const auto first = entered(guard.admitStream("a", "10.0.0.1")),
               second = entered(guard.admitStream("b", "10.0.0.1"));
    expectDenied(guard.admitStream("c", "10.0.0.1"), Why::Address,
                 "No more than 2 viewers from one address: try again later.");
    entered(guard.admitStream("c", "10.0.0.2"));
}

void new_limits_hold_for_who_comes_afterwards() {
    StreamGuard guard({3, 1, 0}, "sessions");
    const auto a = entered(guard.admitStream("a")), b = entered(guard.admitStream("b"));
    guard.setLimits({1, 1, 0});
    expectDenied(guard.admitStream("c"), Why::Total, "No more than 1 session at a time: try again later.");
    g_assert_cmpuint(guard.inside(), ==, 2);
    guard.setLimits({3, 1, 0});
    entered(guard.admitStream("c"));
}

void nobody_is_let_in_once_it_is_closed() {
    StreamGuard guard({0, 1, 0}, "sessions");
    guard.close("The server is shutting down.");
    expectDenied(guard.admitStream("a"), Why::Closed, "The server is shutting down.",
                 RefusalCode::Unavailable);
}

void a_pass_may_outlive_its_guard() {
    StreamPassRef pass;
    {
        StreamGuard guard({}, "streams");
        pass = entered(guard.admitStream("a"));
    }
    pass.reset();
}

void each_stream_may_ask_so_often_and_not_once_more() {
    StreamGuard guard({}, "streams");
    const auto one = entered(guard.admitStream("a")), other = entered(guard.admitStream("a"));
    const SlidingLog::TimePoint start(1000s);
    one->setRate(5);
    other->setRate(5);
    for (int i = 0; i < 5; i++)
        g_assert_true(one->mayAsk(start + i * 100ms));
    g_assert_false(one->mayAsk(start + 999ms));
    g_assert_true(one->mayAsk(start + 1000ms));
    g_assert_true(other->mayAsk(start)); // has a log of its own
    StreamPass uncounted;
    for (int i = 0; i < 1000; i++)
        g_assert_true(uncounted.mayAsk(start));
}

void each_refusal_has_its_word_and_status() {
    g_assert_true(refusalWord(RefusalCode::ResourceExhausted) == "RESOURCE_EXHAUSTED");
    g_assert_true(refusalWord(RefusalCode::Unauthenticated) == "UNAUTHENTICATED");
    g_assert_true(refusalWord(RefusalCode::InvalidArgument) == "INVALID_ARGUMENT");
    g_assert_true(refusalWord(RefusalCode::Unavailable) == "UNAVAILABLE");
    g_assert_cmpuint(refusalHttpStatus(RefusalCode::Unauthenticated), ==, 401);
    g_assert_cmpuint(refusalHttpStatus(RefusalCode::Unavailable), ==, 503);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define T(name) g_test_add_func("/stream-guard/" #name, name)
    T(of_32_at_once_exactly_one_wins);
    T(a_freed_place_is_usable_at_once);
    T(who_comes_to_a_session_that_is_taken_hears_that_first);
    T(addresses_have_a_limit_of_their_own);
    T(new_limits_hold_for_who_comes_afterwards);
    T(nobody_is_let_in_once_it_is_closed);
    T(a_pass_may_outlive_its_guard);
    T(each_stream_may_ask_so_often_and_not_once_more);
    T(each_refusal_has_its_word_and_status);
    return g_test_run();
}
