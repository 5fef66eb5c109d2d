// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/streaming_pool.h"

#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <glib.h>

using namespace lt;
using namespace std::chrono_literals;
using rtmpserversrc::StreamingPool;

namespace {

class Job final : public StreamingPool::Job {
public:
    explicit Job(std::function<void()> body) : body_(std::move(body)) {}
    void work() override { body_(); }

private:
    const std::function<void()> body_;
};

StreamingPool::JobRef jobOf(std::function<void()> body) {
    return std::make_shared<Job>(std::move(body));
}

std::shared_ptr<net::EventLoop> newLoop() {
    return std::make_shared<net::EventLoop>("test");
}

/// Longer than any test takes.
constexpr StreamingPool::Options kForEver = {1h, 1h, 3600s};

/// Waits until a counter has come so far.
void await(const std::atomic<int> &counter, int least) {
    for (int seen; (seen = counter) < least;)
        counter.wait(seen);
}

} // namespace

static void what_one_turn_brings_is_done_by_one_thread() {
    const auto loop = newLoop();
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::atomic<int> done = 0;
    StreamingPool pool(loop, kForEver);
    std::vector<StreamingPool::JobRef> jobs;
    for (int i = 0; i < 100; i++)
        jobs.push_back(jobOf([&] {
            std::lock_guard lock(mutex);
            threads.insert(std::this_thread::get_id());
            done++;
            done.notify_one();
        }));
    for (int turn = 1; turn <= 10; turn++) {
        loop->runSync([&] {
            for (const auto &job : jobs)
                pool.wake(job);
        });
        await(done, turn * 100);
    }
    g_assert_cmpuint(threads.size(), ==, 1);
    g_assert_false(threads.contains(std::this_thread::get_id()));
    g_assert_cmpuint(pool.threads(), ==, 1);
}

static void work_begins_when_the_turn_has_ended() {
    const auto loop = newLoop();
    std::promise<void> done;
    StreamingPool pool(loop, kForEver);
    const auto job = jobOf([&] { done.set_value(); });
    loop->runSync([&] {
        pool.wake(job);
        g_assert_cmpuint(pool.threads(), ==, 0);
    });
    done.get_future().wait();
}

static void a_job_that_blocks_holds_back_no_other() {
    const auto loop = newLoop();
    std::promise<void> release;
    const auto released = release.get_future().share();
    constexpr int kBlocked = 5;
    std::atomic<int> blocked = 0, done = 0;
    StreamingPool pool(loop);
    std::vector<StreamingPool::JobRef> jobs;
    for (int i = 0; i < kBlocked; i++)
        jobs.push_back(jobOf([&] {
            blocked++;
            blocked.notify_one();
            released.wait();
        }));
    jobs.push_back(jobOf([&] {
        done++;
        done.notify_one();
    }));
    const auto wakeAll = [&] {
        for (const auto &job : jobs)
            pool.wake(job);
    };
    loop->runSync(wakeAll);
    await(blocked, kBlocked);
    await(done, 1);
    // Also when they are waited for already.
    loop->runSync(wakeAll);
    await(done, 2);
    g_assert_cmpuint(pool.threads(), >=, kBlocked + 1);
    release.set_value();
    await(blocked, 2 * kBlocked); // each was woken once more while it was at work
}

static void a_job_is_done_by_one_thread_at_a_time_and_no_wake_is_lost() {
    const auto loop = newLoop();
    constexpr int kJobs = 8, kWakers = 3, kWakes = 2000;
    struct Counted {
        std::atomic<int> asked = 0, seen = 0;
        std::atomic<bool> atWork = false;
        StreamingPool::JobRef job;
    };
    std::vector<Counted> all(kJobs);
    std::atomic<int> complete = 0;
    StreamingPool pool(loop);
    for (auto &one : all)
        one.job = jobOf([&] {
            g_assert_false(one.atWork.exchange(true));
            const int asked = one.asked;
            const int before = one.seen.exchange(asked);
            one.atWork = false;
            if (asked == kWakers * kWakes && before != asked) {
                complete++;
                complete.notify_one();
            }
        });
    const auto wakeEach = [&] {
        for (auto &one : all) {
            one.asked++;
            pool.wake(one.job);
        }
    };
    std::vector<std::thread> wakers;
    for (int i = 1; i < kWakers; i++)
        wakers.emplace_back([&] {
            for (int n = 0; n < kWakes; n++)
                wakeEach();
        });
    for (int n = 0; n < kWakes; n++)
        loop->post(wakeEach);
    for (auto &waker : wakers)
        waker.join();
    await(complete, kJobs);
}

static void threads_without_work_end() {
    const auto loop = newLoop();
    std::atomic<int> done = 0;
    StreamingPool pool(loop, {1h, 1h, 0s});
    const auto job = jobOf([&] {
        done++;
        done.notify_one();
    });
    for (int i = 1; i <= 3; i++) {
        pool.wake(job);
        await(done, i);
        while (pool.threads() > 0)
            std::this_thread::yield();
    }
}

static void what_waits_is_done_before_the_pool_ends() {
    const auto loop = newLoop();
    std::atomic<int> done = 0;
    {
        StreamingPool pool(loop, kForEver);
        for (int i = 0; i < 20; i++)
            pool.wake(jobOf([&] { done++; }));
    }
    g_assert_cmpint(done, ==, 20);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/streaming-pool/shared", what_one_turn_brings_is_done_by_one_thread);
    g_test_add_func("/streaming-pool/turn", work_begins_when_the_turn_has_ended);
    g_test_add_func("/streaming-pool/blocked", a_job_that_blocks_holds_back_no_other);
    g_test_add_func("/streaming-pool/order", a_job_is_done_by_one_thread_at_a_time_and_no_wake_is_lost);
    g_test_add_func("/streaming-pool/idle", threads_without_work_end);
    g_test_add_func("/streaming-pool/end", what_waits_is_done_before_the_pool_ends);
    return g_test_run();
}
