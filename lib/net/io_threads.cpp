// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/io_threads.h"

#include <array>
#include <mutex>
#include <string>
#include <utility>

namespace lt::net {

namespace {

/// One thread shared by all who hold it at the same time.
template <typename Thread>
class Shared {
public:
    explicit Shared(std::string name) : name_(std::move(name)) {}

    std::shared_ptr<Thread> get() {
        std::lock_guard lock(mutex_);
        auto thread = current_.lock();
        if (!thread) {
            thread = std::make_shared<Thread>(name_);
            current_ = thread;
        }
        return thread;
    }

private:
    const std::string name_;
    std::mutex mutex_;
    std::weak_ptr<Thread> current_;
};

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
            made[i] =
                std::make_unique<Shared<EventLoop>>(i == 0 ? "lt-fanout" : "lt-fanout-" + std::to_string(i));
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
