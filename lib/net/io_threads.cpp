// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/io_threads.h"

#include <mutex>

namespace lt::net {

namespace {

/// One thread shared by all who hold it at the same time.
template <typename Thread>
class Shared {
public:
    explicit Shared(const char *name) : name_(name) {}

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
    const char *name_;
    std::mutex mutex_;
    std::weak_ptr<Thread> current_;
};

} // namespace

std::shared_ptr<EventLoop> ingestLoop() {
    static Shared<EventLoop> loop("lt-ingest");
    return loop.get();
}

std::shared_ptr<EventLoop> fanoutLoop() {
    static Shared<EventLoop> loop("lt-fanout");
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
