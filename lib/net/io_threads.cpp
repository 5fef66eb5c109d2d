// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/io_threads.h"

#include <array>
#include <mutex>
#include <string>
#include <utility>

#include <sched.h>

namespace lt::net {

namespace {

/// One thread shared by all who hold it at the same time.
template <typename Thread>
class Shared {
public:
    using Begin = void (*)(Thread &);

    /// `begin` is called with each thread that starts.
    explicit Shared(std::string name, Begin begin = nullptr) : name_(std::move(name)), begin_(begin) {}

    std::shared_ptr<Thread> get() {
        std::lock_guard lock(mutex_);
        auto thread = current_.lock();
        if (!thread) {
            thread = std::make_shared<Thread>(name_);
            current_ = thread;
            if (begin_)
                begin_(*thread);
        }
        return thread;
    }

private:
    const std::string name_;
    const Begin begin_;
    std::mutex mutex_;
    std::weak_ptr<Thread> current_;
};

/// A streaming thread that wakes a fan-out thread must not lose its processor to it for the length of a whole
/// fan-out, 20 ms with 5000 viewers: a thread of this policy does not preempt who has woken it.
void doNotPreempt(EventLoop &loop) {
    loop.post([] {
        const sched_param none{};
        sched_setscheduler(0, SCHED_BATCH, &none); // where it is not allowed all is as it was
    });
}

} // namespace

std::shared_ptr<EventLoop> ingestLoop() {
    static Shared<EventLoop> loop("lt-ingest");
    return loop.get();
}

std::shared_ptr<EventLoop> fanoutLoop(unsigned index) {
    using Loops = std::array<std::unique_ptr<Shared<EventLoop>>, kMaxFanoutLoops>;
    static const Loops loops = [] {
        Loops made;
        for (unsigned i = 0; i < kMaxFanoutLoops; i++)
            made[i] = std::make_unique<Shared<EventLoop>>(
                i == 0 ? "lt-fanout" : "lt-fanout-" + std::to_string(i), doNotPreempt);
        return made;
    }();
    return loops.at(index)->get();
}

std::shared_ptr<EventLoop> messageLoop() {
    static Shared<EventLoop> loop("lt-messages");
    return loop.get();
}

std::shared_ptr<ContextThread> httpThread() {
    static Shared<ContextThread> thread("lt-http");
    return thread.get();
}

std::shared_ptr<ContextThread> recogniserThread() {
    static Shared<ContextThread> thread("lt-recogniser");
    return thread.get();
}

} // namespace lt::net
