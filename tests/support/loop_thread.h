// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lt::support {

/// A thread with a GMainContext of its own as thread-default, for the libsoup objects of a test helper. The
/// helpers run in processes that load plugins, where the static library must not be linked a second time;
/// hence a small class of their own.
class LoopThread {
public:
    using Task = std::function<void()>;

    explicit LoopThread(const char *name);
    /// Runs what was posted, then joins. Never on the thread itself.
    ~LoopThread();
    LoopThread(const LoopThread &) = delete;
    LoopThread &operator=(const LoopThread &) = delete;

    /// In order of posting. Any thread.
    void post(Task task);
    /// Runs `task` on the thread and waits for its end; at once when already there.
    void call(const Task &task);
    /// Calls `task` on the thread after `delayMs`, repeatedly if it returns true. The thread only; dropping
    /// the returned reference cancels.
    SourceRef startTimer(unsigned delayMs, std::function<bool()> task);
    /// Calls `task` once, when nothing else is to be done: output that can be written has been written.
    SourceRef whenIdle(Task task);
    bool onThread() const { return std::this_thread::get_id() == id_.load(); }

private:
    SourceRef attach(GSource *source, std::function<bool()> task);
    void run();
    void runTasks();

    GMainContext *const context_;
    GMainLoop *const loop_;
    std::mutex mutex_; // guards tasks_; not held while one runs
    std::vector<Task> tasks_;
    std::atomic<std::thread::id> id_{};
    std::thread thread_;
};

} // namespace lt::support
