// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/loop_thread.h"

#include <condition_variable>
#include <utility>

#include <pthread.h>

namespace lt::support {

LoopThread::LoopThread(const char *name)
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)), thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), name);
}

LoopThread::~LoopThread() {
    // Through the queue: a quit before the loop runs would be forgotten.
    post([this] { g_main_loop_quit(loop_); });
    thread_.join();
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
}

void LoopThread::run() {
    id_ = std::this_thread::get_id();
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    // libsoup finishes cancelled operations in idle callbacks, which hold references.
    while (g_main_context_iteration(context_, FALSE))
        ;
    g_main_context_pop_thread_default(context_);
}

void LoopThread::runTasks() {
    std::vector<Task> batch;
    {
        std::lock_guard lock(mutex_);
        batch.swap(tasks_);
    }
    for (auto &task : batch)
        std::exchange(task, nullptr)();
}

void LoopThread::post(Task task) {
    {
        std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        if (tasks_.size() > 1)
            return;
    }
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer self) -> gboolean {
            static_cast<LoopThread *>(self)->runTasks();
            return G_SOURCE_REMOVE;
        },
        this, nullptr);
    g_source_attach(source, context_);
    g_source_unref(source);
}

void LoopThread::call(const Task &task) {
    if (onThread()) {
        task();
        return;
    }
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;
    post([&] {
        task();
        std::lock_guard lock(mutex);
        finished = true;
        done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return finished; });
}

SourceRef LoopThread::attach(GSource *source, std::function<bool()> task) {
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
            return (*static_cast<std::function<bool()> *>(data))() ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
        },
        new std::function<bool()>(std::move(task)),
        [](gpointer data) { delete static_cast<std::function<bool()> *>(data); });
    g_source_attach(source, context_);
    return SourceRef(source);
}

SourceRef LoopThread::startTimer(unsigned delayMs, std::function<bool()> task) {
    return attach(g_timeout_source_new(delayMs), std::move(task));
}

SourceRef LoopThread::whenIdle(Task task) {
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_LOW);
    return attach(source, [task = std::move(task)] {
        task();
        return false;
    });
}

} // namespace lt::support
