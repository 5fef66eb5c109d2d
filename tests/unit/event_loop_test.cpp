// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/io_threads.h"
#include "lib/net/turn_pacer.h"
#include "lib/net/unique_fd.h"

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <glib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace lt::net;

static void tasks_run_in_order_of_posting() {
    EventLoop loop("test");
    std::vector<int> seen;
    for (int i = 0; i < 1000; i++)
        loop.post([&seen, i] { seen.push_back(i); });
    loop.runSync([] {});
    g_assert_cmpuint(seen.size(), ==, 1000);
    for (int i = 0; i < 1000; i++)
        g_assert_cmpint(seen[static_cast<std::size_t>(i)], ==, i);
}

static void tasks_posted_before_the_end_still_run() {
    std::atomic<int> ran = 0;
    {
        EventLoop loop("test");
        for (int i = 0; i < 100; i++)
            loop.post([&ran] { ran++; });
    }
    g_assert_cmpint(ran, ==, 100);
    {
        ContextThread thread("test");
        for (int i = 0; i < 100; i++)
            thread.post([&ran] { ran++; });
    }
    g_assert_cmpint(ran, ==, 200);
}

static void tasks_from_many_threads_all_run() {
    int sum = 0; // touched by the loop's thread only
    {
        EventLoop loop("test");
        std::vector<std::thread> posters;
        for (int t = 0; t < 4; t++)
            posters.emplace_back([&] {
                for (int i = 0; i < 1000; i++)
                    loop.post([&sum] { sum++; });
            });
        for (auto &poster : posters)
            poster.join();
    }
    g_assert_cmpint(sum, ==, 4000);
}

static void the_last_reference_may_go_on_the_own_thread() {
    std::promise<void> gone;
    auto loop = std::make_shared<EventLoop>("test");
    auto *raw = loop.get();
    raw->post([loop = std::move(loop), &gone]() mutable {
        loop.reset();
        gone.set_value();
    });
    gone.get_future().wait();
    auto thread = std::make_shared<ContextThread>("test");
    std::promise<void> goneToo;
    auto *rawThread = thread.get();
    rawThread->post([thread = std::move(thread), &goneToo]() mutable {
        thread.reset();
        goneToo.set_value();
    });
    goneToo.get_future().wait();
}

namespace {

/// Reads a byte, then unwatches the other of two descriptors that became ready in the same turn.
struct Rival : FdListener {
    void onReady(std::uint32_t) override {
        calls++;
        loop->unwatch(rival->id);
    }
    EventLoop *loop = nullptr;
    Rival *rival = nullptr;
    EventLoop::WatchId id = 0;
    int calls = 0;
};

} // namespace

static void an_unwatched_listener_is_not_called_in_the_same_turn() {
    int sockets[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
    UniqueFd one(sockets[0]), two(sockets[1]);
    Rival first, second;
    EventLoop loop("test");
    loop.runSync([&] {
        for (auto *rival : {&first, &second})
            rival->loop = &loop;
        first.rival = &second;
        second.rival = &first;
        first.id = loop.watch(one.get(), EPOLLOUT | EPOLLONESHOT, &first);
        second.id = loop.watch(two.get(), EPOLLOUT | EPOLLONESHOT, &second);
    });
    loop.runSync([] {}); // a turn has passed
    loop.runSync([&] { g_assert_cmpint(first.calls + second.calls, ==, 1); });
}

static void timers_fire_in_order_and_cancelled_ones_never() {
    EventLoop loop("test");
    std::vector<int> fired;
    std::promise<void> done;
    loop.post([&] {
        loop.startTimer(std::chrono::milliseconds(2), [&] {
            fired.push_back(2);
            done.set_value();
        });
        loop.startTimer(std::chrono::milliseconds(1), [&] { fired.push_back(1); });
        loop.cancelTimer(loop.startTimer(std::chrono::milliseconds(0), [&] { fired.push_back(0); }));
        loop.cancelTimer(0);
    });
    done.get_future().wait();
    loop.runSync([&] {
        g_assert_cmpuint(fired.size(), ==, 2);
        g_assert_cmpint(fired[0], ==, 1);
        g_assert_cmpint(fired[1], ==, 2);
    });
}

static void the_process_shares_its_threads_while_somebody_holds_them() {
    auto one = ingestLoop();
    g_assert_true(one == ingestLoop());
    g_assert_true(one != fanoutLoop());
    std::weak_ptr<EventLoop> weak = one;
    one.reset();
    g_assert_true(weak.expired());
    g_assert_nonnull(ingestLoop().get());
    auto http = httpThread();
    g_assert_true(http == httpThread());
    g_assert_false(http->onThread());
    http->runSync([&] { g_assert_true(http->onThread()); });
}

static void events_gather_only_where_many_come() {
    using namespace std::chrono_literals;
    TimePoint now{1h};
    TurnPacer pacer(2ms);
    const auto turns = [&](int count, Duration apart, std::size_t events) {
        Duration wait{};
        for (int i = 0; i < count; i++)
            wait = pacer.after(events, now += apart);
        return wait;
    };
    g_assert_true(turns(1000, 23ms, 1) == 0ms);  // one publisher
    g_assert_true(turns(1000, 2ms, 1) == 0ms);   // would win nothing
    g_assert_true(turns(1000, 465us, 1) == 2ms); // fifty publishers
    g_assert_true(turns(1000, 2ms, 4) == 2ms);   // the same once they gather
    g_assert_true(turns(100, 23ms, 1) == 0ms);   // they have gone
    TurnPacer never;
    for (int i = 0; i < 1000; i++)
        g_assert_true(never.after(100, now += 1us) == 0ms);
}

static void a_paced_loop_serves_tasks_timers_and_those_in_haste() {
    using namespace std::chrono_literals;
    struct Reader : FdListener {
        void onReady(std::uint32_t) override {
            char byte;
            received += static_cast<int>(read(fd, &byte, 1));
            received.notify_all();
        }
        int fd = -1;
        std::atomic<int> received = 0;
    } reader;
    constexpr int kBytes = 3000;
    int sockets[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
    const UniqueFd ours(sockets[0]), theirs(sockets[1]);
    reader.fd = theirs.get();
    std::optional<EventLoop::Haste> haste;
    std::promise<void> due;
    EventLoop loop("test");
    loop.runSync([&] {
        // Longer than the test may take in all, were it waited out each time.
        loop.setPace(100ms);
        loop.watch(reader.fd, EPOLLIN, &reader);
        loop.startTimer(1ms, [&] { due.set_value(); });
        haste.emplace(loop);
    });
    const std::string bytes(kBytes, 'x');
    g_assert_cmpint(write(ours.get(), bytes.data(), bytes.size()), ==, kBytes);
    for (int seen = 0; (seen = reader.received) < kBytes;)
        reader.received.wait(seen);
    due.get_future().wait();
    loop.runSync([&] { haste.reset(); });
    for (int i = 0; i < 1000; i++)
        loop.runSync([] {});
    g_assert_cmpint(write(ours.get(), "x", 1), ==, 1); // and without haste it only takes longer
    reader.received.wait(kBytes);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/event-loop/order", tasks_run_in_order_of_posting);
    g_test_add_func("/event-loop/end", tasks_posted_before_the_end_still_run);
    g_test_add_func("/event-loop/many-threads", tasks_from_many_threads_all_run);
    g_test_add_func("/event-loop/own-thread", the_last_reference_may_go_on_the_own_thread);
    g_test_add_func("/event-loop/unwatch", an_unwatched_listener_is_not_called_in_the_same_turn);
    g_test_add_func("/event-loop/timers", timers_fire_in_order_and_cancelled_ones_never);
    g_test_add_func("/event-loop/shared", the_process_shares_its_threads_while_somebody_holds_them);
    g_test_add_func("/event-loop/pace/when", events_gather_only_where_many_come);
    g_test_add_func("/event-loop/pace/served", a_paced_loop_serves_tasks_timers_and_those_in_haste);
    return g_test_run();
}
