// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/stream_queue.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <glib.h>

using lt::chunker::Alarm;
using Queue = lt::chunker::StreamQueue<std::unique_ptr<int>>;
using Fate = Queue::Fate;
using Turn = Queue::Turn;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

std::unique_ptr<int> item(int number) {
    return std::make_unique<int>(number);
}

/// Rings when the test says so.
class HandAlarm : public Alarm {
public:
    bool wait() override {
        std::unique_lock lock(mutex_);
        waited_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return rung_ || cancelled_; });
        return !std::exchange(cancelled_, false);
    }
    void cancel() override { set(cancelled_); }
    bool move(std::optional<std::uint64_t> when) override {
        moved_ = when.value_or(0);
        return movable;
    }
    void ring() { set(rung_); }
    std::uint64_t movedTo() const { return moved_; }
    bool movable = true;
    void untilWaited() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waited_; });
    }

private:
    void set(bool &what) {
        std::lock_guard lock(mutex_);
        what = true;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool waited_ = false, rung_ = false, cancelled_ = false;
    std::atomic<std::uint64_t> moved_ = 0;
};

/// Started, and the consumer has heard of it.
std::unique_ptr<Queue> running(std::uint64_t maxNs = 100 * kMs, std::size_t maxItems = 8) {
    auto queue = std::make_unique<Queue>(maxNs, maxItems);
    std::unique_ptr<int> got;
    g_assert_true(queue->next(got, nullptr) == Turn::Stopped);
    queue->start();
    g_assert_true(queue->next(got, nullptr) == Turn::Restarted);
    return queue;
}

int taken(Queue &queue) {
    std::unique_ptr<int> got;
    g_assert_true(queue.next(got, nullptr) == Turn::Item);
    return *got;
}

} // namespace

static void everything_comes_out_in_order_and_bounded() {
    constexpr int kItems = 20000;
    auto queue = running(10 * kMs);
    std::thread producer([&] {
        for (int i = 0; i < kItems; i++) {
            if (i % 7 == 0)
                g_assert_true(queue->post(item(i)));
            else
                g_assert_true(queue->push(item(i), 3 * kMs) == Fate::Taken);
            if (i % 50 == 0)
                queue->wake();
        }
    });
    std::unique_ptr<int> got;
    for (int wanted = 0; wanted < kItems;) {
        g_assert_cmpuint(queue->queuedNs(), <=, 10 * kMs);
        const auto turn = queue->next(got, nullptr);
        if (turn == Turn::Item)
            g_assert_cmpint(*got, ==, wanted++);
        else
            g_assert_true(turn == Turn::Woken);
    }
    producer.join();
    g_assert_true(queue->empty());
    g_assert_cmpuint(queue->queuedNs(), ==, 0);
}

static void an_item_longer_than_the_queue_passes_when_it_is_empty() {
    auto queue = running(10 * kMs);
    g_assert_true(queue->push(item(1), 5000 * kMs) == Fate::Taken);
    auto second = std::async(std::launch::async, [&] { return queue->push(item(2), kMs); });
    g_assert_cmpint(taken(*queue), ==, 1);
    g_assert_true(second.get() == Fate::Taken);
    g_assert_cmpint(taken(*queue), ==, 2);
}

static void stopping_lets_a_waiting_producer_go_and_drops_what_waits() {
    auto queue = running(10 * kMs);
    g_assert_true(queue->push(item(1), 10 * kMs) == Fate::Taken);
    auto blocked = std::async(std::launch::async, [&] { return queue->push(item(2), 10 * kMs); });
    queue->stop();
    g_assert_true(blocked.get() == Fate::Stopped);
    g_assert_false(queue->post(item(3)));
    g_assert_false(queue->ask(item(4)));
    std::unique_ptr<int> got;
    g_assert_true(queue->next(got, nullptr) == Turn::Stopped);
    queue->start();
    g_assert_true(queue->next(got, nullptr) == Turn::Restarted);
    g_assert_true(queue->empty());
}

static void a_closed_queue_refuses_data_but_carries_events() {
    auto queue = running(10 * kMs);
    g_assert_true(queue->push(item(1), 10 * kMs) == Fate::Taken);
    auto blocked = std::async(std::launch::async, [&] { return queue->push(item(2), 10 * kMs); });
    queue->close();
    g_assert_true(blocked.get() == Fate::Closed);
    g_assert_true(queue->post(item(3)));
    g_assert_cmpint(taken(*queue), ==, 1);
    g_assert_cmpint(taken(*queue), ==, 3);
    queue->open();
    g_assert_true(queue->push(item(4), kMs) == Fate::Taken);
}

static void a_question_waits_for_its_answer() {
    auto queue = running();
    auto yes = std::async(std::launch::async, [&] { return queue->ask(item(1)); });
    g_assert_cmpint(taken(*queue), ==, 1);
    queue->answer(true);
    g_assert_true(yes.get());

    auto dropped = std::async(std::launch::async, [&] { return queue->ask(item(2)); });
    while (queue->empty())
        std::this_thread::yield();
    queue->stop();
    g_assert_false(dropped.get());
}

static void a_question_taken_before_the_stop_still_waits() {
    auto queue = running();
    int asked = 7; // used by the consumer until it answers
    std::atomic<bool> returned = false;
    auto answer = std::async(std::launch::async, [&] {
        const bool result = queue->ask(std::unique_ptr<int>(new int(asked)));
        returned = true;
        return result;
    });
    g_assert_cmpint(taken(*queue), ==, 7);
    queue->stop();
    queue->start();
    g_assert_false(returned);
    queue->answer(true);
    g_assert_true(answer.get());
}

static void the_alarm_ends_a_wait_and_items_cancel_the_alarm() {
    auto queue = running();
    HandAlarm alarm;
    auto turn = std::async(std::launch::async, [&] {
        std::unique_ptr<int> got;
        return queue->next(got, &alarm);
    });
    alarm.untilWaited();
    g_assert_true(queue->push(item(1), kMs) == Fate::Taken);
    g_assert_true(turn.get() == Turn::Item);

    HandAlarm second;
    turn = std::async(std::launch::async, [&] {
        std::unique_ptr<int> got;
        return queue->next(got, &second);
    });
    second.untilWaited();
    second.ring();
    g_assert_true(turn.get() == Turn::Deadline);

    for (const bool stop : {false, true}) {
        HandAlarm third;
        turn = std::async(std::launch::async, [&] {
            std::unique_ptr<int> got;
            return queue->next(got, &third);
        });
        third.untilWaited();
        if (stop)
            queue->stop();
        else
            queue->wake();
        g_assert_true(turn.get() == (stop ? Turn::Stopped : Turn::Woken));
    }
}

namespace {
/// The consumer's thread in next(), until the alarm is waited for.
std::future<Turn> waitingOn(Queue &queue, HandAlarm &alarm) {
    auto turn = std::async(std::launch::async, [&] {
        std::unique_ptr<int> got;
        return queue.next(got, &alarm);
    });
    alarm.untilWaited();
    return turn;
}

void untilEntered(Queue &queue) {
    while (!queue.enter())
        std::this_thread::yield();
}
} // namespace

static void the_producer_has_a_turn_only_while_the_consumer_waits_for_something_to_do() {
    auto queue = running();
    g_assert_false(queue->enter()); // it is at work
    HandAlarm alarm;
    auto turn = waitingOn(*queue, alarm);
    g_assert_true(queue->enter());
    queue->leave(std::nullopt);
    queue->close();
    g_assert_false(queue->enter());
    queue->open();
    g_assert_true(queue->push(item(1), kMs) == Fate::Taken);
    g_assert_false(queue->enter());
    g_assert_true(turn.get() == Turn::Item);
    queue->stop();
    g_assert_false(queue->enter());
}

static void the_end_of_the_producers_turn_moves_the_alarm_or_wakes() {
    auto queue = running();
    HandAlarm alarm;
    auto turn = waitingOn(*queue, alarm);
    g_assert_true(queue->enter());
    queue->leave(7);
    g_assert_cmpuint(alarm.movedTo(), ==, 7);
    g_assert_true(queue->enter()); // nobody was woken
    queue->leave(std::nullopt);
    g_assert_cmpuint(alarm.movedTo(), ==, 0);
    g_assert_true(queue->enter());
    alarm.movable = false;
    queue->leave(8);
    g_assert_true(turn.get() == Turn::Woken);

    turn = std::async(std::launch::async, [&] {
        std::unique_ptr<int> got;
        return queue->next(got, nullptr);
    });
    untilEntered(*queue);
    queue->leave(9); // there is no alarm that could be moved
    g_assert_true(turn.get() == Turn::Woken);
}

static void what_comes_in_the_producers_turn_is_the_consumers_when_it_ends() {
    for (const bool wake : {true, false}) {
        auto queue = running();
        HandAlarm alarm;
        auto turn = waitingOn(*queue, alarm);
        g_assert_true(queue->enter());
        std::atomic<bool> mine = true;
        auto end = std::async(std::launch::async, [&] {
            const auto ended = turn.get();
            g_assert_false(mine);
            return ended;
        });
        wake ? queue->wake() : alarm.ring();
        for (int i = 0; i < 100; i++)
            std::this_thread::yield(); // it can show that the turn is not respected, no more
        mine = false;
        queue->leave(std::nullopt);
        g_assert_true(end.get() == (wake ? Turn::Woken : Turn::Deadline));
    }
}

static void stopping_does_not_wait_for_the_producers_turn() {
    for (const bool woken : {false, true}) {
        auto queue = running();
        HandAlarm alarm;
        auto turn = waitingOn(*queue, alarm);
        g_assert_true(queue->enter());
        if (woken)
            queue->wake(); // it waits for the end of the turn, or is about to
        queue->stop();
        g_assert_true(turn.get() == Turn::Stopped);
        queue->start();
        g_assert_false(queue->enter());
        queue->leave(5);
        std::unique_ptr<int> got;
        g_assert_true(queue->next(got, nullptr) == Turn::Restarted);
    }
}

static void turns_and_items_keep_the_order() {
    constexpr int kItems = 20000;
    auto queue = running(10 * kMs);
    int worked = 0; // of whose turn it is; the sanitizer sees who is not alone
    std::atomic<int> direct = 0;
    std::thread producer([&] {
        for (int i = 0; i < kItems; i++) {
            if (i % 7 != 0 && queue->enter()) {
                g_assert_cmpint(worked++, ==, i);
                queue->leave(i % 3 ? std::nullopt : std::optional<std::uint64_t>(i));
                direct++;
            } else {
                g_assert_true(queue->push(item(i), kMs) == Fate::Taken);
            }
            if (i % 50 == 0)
                queue->wake();
            if (i % 64 == 0)
                std::this_thread::yield();
        }
        queue->post(item(-1));
    });
    std::unique_ptr<int> got;
    for (;;) {
        if (queue->next(got, nullptr) != Turn::Item)
            continue;
        if (*got < 0)
            break;
        g_assert_cmpint(worked++, ==, *got);
    }
    producer.join();
    g_assert_cmpint(worked, ==, kItems);
    g_test_message("%d of %d were direct", direct.load(), kItems);
}

static void starts_and_stops_under_load_lose_nobody() {
    Queue queue(5 * kMs, 4);
    std::atomic<bool> end = false;
    std::thread producer([&] {
        for (int i = 0; !end; i++) {
            if (i % 5 == 0)
                queue.ask(item(i));
            else if (queue.enter())
                queue.leave(i);
            else
                queue.push(item(i), kMs);
        }
    });
    std::thread consumer([&] {
        std::unique_ptr<int> got;
        while (!end) {
            if (queue.next(got, nullptr) == Turn::Item && *got % 5 == 0)
                queue.answer(true);
        }
    });
    for (int i = 0; i < 2000; i++) {
        queue.start();
        queue.wake();
        i % 3 ? queue.stop() : queue.close();
    }
    queue.start(); // an asked item in the consumer's hands gets its answer
    end = true;
    queue.stop();
    consumer.join();
    queue.stop();
    producer.join();
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/stream-queue/order", everything_comes_out_in_order_and_bounded);
    g_test_add_func("/stream-queue/long-item", an_item_longer_than_the_queue_passes_when_it_is_empty);
    g_test_add_func("/stream-queue/stop", stopping_lets_a_waiting_producer_go_and_drops_what_waits);
    g_test_add_func("/stream-queue/close", a_closed_queue_refuses_data_but_carries_events);
    g_test_add_func("/stream-queue/ask", a_question_waits_for_its_answer);
    g_test_add_func("/stream-queue/ask-stop", a_question_taken_before_the_stop_still_waits);
    g_test_add_func("/stream-queue/alarm", the_alarm_ends_a_wait_and_items_cancel_the_alarm);
    g_test_add_func("/stream-queue/turn",
                    the_producer_has_a_turn_only_while_the_consumer_waits_for_something_to_do);
    g_test_add_func("/stream-queue/turn-alarm", the_end_of_the_producers_turn_moves_the_alarm_or_wakes);
    g_test_add_func("/stream-queue/turn-meanwhile",
                    what_comes_in_the_producers_turn_is_the_consumers_when_it_ends);
    g_test_add_func("/stream-queue/turn-stop", stopping_does_not_wait_for_the_producers_turn);
    g_test_add_func("/stream-queue/turn-order", turns_and_items_keep_the_order);
    g_test_add_func("/stream-queue/load", starts_and_stops_under_load_lose_nobody);
    return g_test_run();
}
