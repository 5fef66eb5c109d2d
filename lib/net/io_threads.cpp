// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/io_threads.h"

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
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
            mailbox_ = thread->mailbox();
            if (begin_)
                begin_(*thread);
        }
        return thread;
    }

    void tell(std::vector<RunningThread> &running) const {
        std::lock_guard lock(mutex_);
        if (mailbox_ && mailbox_->open())
            running.push_back({name_, [mailbox = *mailbox_](Task task) {
                                   mailbox.post(std::move(task));
                               }});
    }

private:
    const std::string name_;
    const Begin begin_;
    mutable std::mutex mutex_;
    std::weak_ptr<Thread> current_;
    std::optional<typename Thread::Mailbox> mailbox_; // of the last one
};

/// A streaming thread that wakes an IO thread must not lose its processor to it: for the length of a whole
/// fan-out, 20 ms with 5000 viewers, or once for each chunk of audio where it has chunks for several streams.
/// A thread of this policy does not preempt who has woken it.
void doNotPreempt(EventLoop &loop) {
    loop.post([] {
        const sched_param none{};
        sched_setscheduler(0, SCHED_BATCH, &none); // where it is not allowed all is as it was
    });
}

/// Audio frames of many publishers come one by one: two milliseconds of them in one turn cost half as much,
/// and are far from what a listener could notice.
void gatherFrames(EventLoop &loop) {
    loop.post([&loop] { loop.setPace(std::chrono::milliseconds(2)); });
}

struct Threads {
    using FanoutLoops = std::array<std::unique_ptr<Shared<EventLoop>>, kMaxFanoutLoops>;

    Threads() {
        for (unsigned i = 0; i < kMaxFanoutLoops; i++)
            fanout[i] = std::make_unique<Shared<EventLoop>>(
                i == 0 ? "lt-fanout" : "lt-fanout-" + std::to_string(i), doNotPreempt);
    }

    Shared<EventLoop> ingest{"lt-ingest", gatherFrames}, messages{"lt-messages"};
    Shared<EventLoop> recogniser{"lt-recogniser", doNotPreempt};
    Shared<ContextThread> http{"lt-http"}, dial{"lt-dial"};
    FanoutLoops fanout;
};

Threads &threads() {
    static Threads all;
    return all;
}

} // namespace

std::shared_ptr<EventLoop> ingestLoop() {
    return threads().ingest.get();
}

std::shared_ptr<EventLoop> fanoutLoop(unsigned index) {
    return threads().fanout.at(index)->get();
}

std::shared_ptr<EventLoop> messageLoop() {
    return threads().messages.get();
}

std::shared_ptr<ContextThread> httpThread() {
    return threads().http.get();
}

std::shared_ptr<EventLoop> recogniserLoop() {
    return threads().recogniser.get();
}

std::shared_ptr<ContextThread> dialThread() {
    return threads().dial.get();
}

std::vector<RunningThread> runningIoThreads() {
    std::vector<RunningThread> running;
    const Threads &all = threads();
    all.ingest.tell(running);
    for (const auto &loop : all.fanout)
        loop->tell(running);
    all.http.tell(running);
    all.recogniser.tell(running);
    all.dial.tell(running);
    return running;
}

} // namespace lt::net
