// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/streaming_pool.h"

#include "elements/rtmpserversrc/bell.h"
#include "lib/net/io_threads.h"

#include <algorithm>
#include <deque>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

namespace lt::rtmpserversrc {

namespace {

using net::Clock;
using net::TimePoint;

/// A job that has once blocked gets a thread of its own so many times.
constexpr unsigned kSlowRuns = 32;

} // namespace

class StreamingPool::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(std::shared_ptr<net::EventLoop> loop, const Options &options)
        : loop_(std::move(loop)), options_(options) {}

    void wake(const JobRef &job);
    void stop();
    std::size_t threads() const {
        std::lock_guard lock(mutex_);
        return workers_.size();
    }

private:
    struct Worker {
        Bell bell;
        std::thread thread;
        /// Since when it does what it does: in the idle stack nothing, else its job, or waking up.
        TimePoint since;
        Worker *nextToRing = nullptr;
    };
    using Lock = std::unique_lock<std::mutex>;

    void turnEnded();
    void watch();
    void look();
    void engage(TimePoint now);
    bool reliable(const Worker &worker, TimePoint now) const {
        return now - worker.since < options_.patience;
    }
    std::size_t reliableWorkers(TimePoint now) const;
    void call(TimePoint now);
    void ringAndUnlock(Lock &lock);
    void spawn(TimePoint now);
    void serve(Worker &self);
    bool park(Lock &lock, Worker &self);
    void put(const JobRef &job, TimePoint now);

    const std::shared_ptr<net::EventLoop> loop_;
    const Options options_;
    const unsigned processors_ = std::max(1u, std::thread::hardware_concurrency());

    mutable std::mutex mutex_; // guards all below
    std::deque<JobRef> waiting_;
    std::size_t newSlow_ = 0, newQuick_ = 0; ///< of those waiting, nobody has been called for yet
    std::size_t working_ = 0;                ///< jobs under way
    std::list<Worker> workers_;
    std::vector<Worker *> idle_; ///< the last one that stopped working is the first to be called
    std::vector<std::thread> ended_;
    Worker *toRing_ = nullptr;
    bool turnPending_ = false;
    bool watching_ = false;
    bool stopping_ = false;
};

void StreamingPool::Impl::put(const JobRef &job, TimePoint now) {
    job->state_ = Job::State::Waiting;
    job->since_ = now;
    waiting_.push_back(job);
}

void StreamingPool::Impl::wake(const JobRef &job) {
    const bool inTurn = loop_->onLoopThread();
    Lock lock(mutex_);
    if (job->state_ != Job::State::Idle) {
        if (job->state_ == Job::State::Working)
            job->state_ = Job::State::Again;
        return;
    }
    const auto now = inTurn ? loop_->now() : Clock::now();
    put(job, now);
    if (!inTurn) {
        // No turn comes that would look whether somebody is at it.
        call(now);
        ringAndUnlock(lock);
        return;
    }
    (job->slowRuns_ > 0 ? newSlow_ : newQuick_)++;
    if (!std::exchange(turnPending_, true)) {
        lock.unlock();
        loop_->atTurnsEnd([self = weak_from_this()] {
            if (const auto impl = self.lock())
                impl->turnEnded();
        });
    }
}

/// Loop's thread.
void StreamingPool::Impl::turnEnded() {
    const auto now = Clock::now();
    Lock lock(mutex_);
    turnPending_ = false;
    engage(now);
    watch();
    ringAndUnlock(lock);
}

/// What waits behind others is looked after: whoever is at it may block.
void StreamingPool::Impl::watch() {
    std::size_t coming = 0;
    for (const auto *worker = toRing_; worker; worker = worker->nextToRing)
        coming++;
    if (watching_ || waiting_.size() <= coming)
        return;
    watching_ = true;
    loop_->startTimer(options_.patience, [self = weak_from_this()] {
        if (const auto impl = self.lock())
            impl->look();
    });
}

void StreamingPool::Impl::look() {
    const auto now = Clock::now();
    Lock lock(mutex_);
    watching_ = false;
    if (!waiting_.empty() && reliableWorkers(now) == 0)
        call(now);
    watch();
    ringAndUnlock(lock);
}

/// Calls as many as what is new needs: one for each that may block, one for all others.
void StreamingPool::Impl::engage(TimePoint now) {
    const bool quick = std::exchange(newQuick_, 0) > 0 && reliableWorkers(now) == 0;
    for (std::size_t i = std::exchange(newSlow_, 0) + quick; i > 0; i--)
        call(now);
}

/// Those that work and will soon be at the next job.
std::size_t StreamingPool::Impl::reliableWorkers(TimePoint now) const {
    std::size_t count = 0;
    for (const auto &worker : workers_)
        count += reliable(worker, now);
    for (const auto *worker : idle_)
        count -= reliable(*worker, now);
    return count;
}

void StreamingPool::Impl::call(TimePoint now) {
    if (idle_.empty()) {
        // More threads than jobs would have nothing to do.
        if (workers_.size() < waiting_.size() + working_)
            spawn(now);
        return;
    }
    auto *worker = idle_.back();
    idle_.pop_back();
    worker->since = now;
    worker->nextToRing = std::exchange(toRing_, worker);
}

/// The lock goes first: who is woken under it would only wait for it.
void StreamingPool::Impl::ringAndUnlock(Lock &lock) {
    auto *worker = std::exchange(toRing_, nullptr);
    lock.unlock();
    while (worker) {
        auto *next = std::exchange(worker->nextToRing, nullptr);
        worker->bell.ring();
        worker = next;
    }
}

void StreamingPool::Impl::spawn(TimePoint now) try {
    for (auto &thread : std::exchange(ended_, {}))
        thread.join();
    auto &worker = workers_.emplace_back();
    worker.since = now;
    try {
        worker.thread = std::thread([self = shared_from_this(), &worker] { self->serve(worker); });
    } catch (...) {
        workers_.pop_back();
        throw;
    }
    pthread_setname_np(worker.thread.native_handle(), "lt-stream");
} catch (const std::system_error &) {
    // No more threads to be had: those that are there come to it in the end, and look() tries again.
}

void StreamingPool::Impl::serve(Worker &self) {
    Lock lock(mutex_);
    for (auto now = Clock::now();;) {
        if (waiting_.empty()) {
            if (stopping_ || !park(lock, self))
                break;
            now = Clock::now();
            continue;
        }
        const auto job = std::move(waiting_.front());
        waiting_.pop_front();
        job->state_ = Job::State::Working;
        working_++;
        self.since = now;
        if (!waiting_.empty() && now - waiting_.front()->since_ > options_.helpAfter &&
            reliableWorkers(now) < processors_)
            call(now);
        ringAndUnlock(lock);
        job->work();
        now = Clock::now();
        lock.lock();
        working_--;
        if (now - self.since >= options_.patience)
            job->slowRuns_ = kSlowRuns;
        else if (job->slowRuns_ > 0)
            job->slowRuns_--;
        if (std::exchange(job->state_, Job::State::Idle) == Job::State::Again)
            put(job, now); // this thread is at it
    }
    // stop() joins those it finds in the list.
    if (stopping_)
        return;
    ended_.push_back(std::move(self.thread));
    workers_.remove_if([&](const Worker &worker) { return &worker == &self; });
}

/// False: nobody has needed this thread for long.
bool StreamingPool::Impl::park(Lock &lock, Worker &self) {
    idle_.push_back(&self);
    lock.unlock();
    const bool rung = self.bell.awaitFor(options_.idle);
    lock.lock();
    if (rung)
        return true;
    const auto at = std::find(idle_.begin(), idle_.end(), &self);
    if (at != idle_.end()) {
        idle_.erase(at);
        return false;
    }
    // Called just now.
    lock.unlock();
    self.bell.await();
    lock.lock();
    return true;
}

void StreamingPool::Impl::stop() {
    Lock lock(mutex_);
    stopping_ = true;
    while (!idle_.empty())
        call(Clock::now());
    ringAndUnlock(lock);
    // Nobody adds to the list any more: only wake() makes threads, and its caller holds the pool.
    for (auto &worker : workers_)
        worker.thread.join();
    for (auto &thread : ended_)
        thread.join();
}

StreamingPool::StreamingPool(std::shared_ptr<net::EventLoop> loop, const Options &options)
    : impl_(std::make_shared<Impl>(std::move(loop), options)) {}

StreamingPool::~StreamingPool() {
    impl_->stop();
}

void StreamingPool::wake(const JobRef &job) {
    impl_->wake(job);
}

std::size_t StreamingPool::threads() const {
    return impl_->threads();
}

std::shared_ptr<StreamingPool> streamingPool() {
    static std::mutex mutex;
    static std::weak_ptr<StreamingPool> current;
    std::lock_guard lock(mutex);
    auto pool = current.lock();
    if (!pool)
        current = pool = std::make_shared<StreamingPool>(net::ingestLoop());
    return pool;
}

} // namespace lt::rtmpserversrc
