// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/context_thread.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <glib.h>
#include <pthread.h>

namespace lt::net {

class ContextThread::Impl {
public:
    Impl() : context(g_main_context_new()), loop(g_main_loop_new(context, FALSE)) {}
    ~Impl() {
        g_main_loop_unref(loop);
        g_main_context_unref(context);
    }
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;

    void run() {
        threadId = std::this_thread::get_id();
        g_main_context_push_thread_default(context);
        g_main_loop_run(loop);
        // Libraries finish cancelled operations in an idle callback; let those release their references.
        while (g_main_context_iteration(context, FALSE))
            ;
        g_main_context_pop_thread_default(context);
    }

    // Tasks wait in a queue of our own, under a std::mutex: the hand-over is then visible to ThreadSanitizer,
    // which cannot look into GLib.
    void post(Task task) {
        std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        if (tasks_.size() > 1)
            return;
        // Under the lock too: the thread frees the source, after runTasks() has had the lock.
        GSource *source = g_idle_source_new();
        g_source_set_priority(source, G_PRIORITY_DEFAULT);
        g_source_set_callback(
            source,
            [](gpointer self) -> gboolean {
                static_cast<Impl *>(self)->runTasks();
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
        g_source_attach(source, context);
        g_source_unref(source);
    }

    GMainContext *const context;
    GMainLoop *const loop;
    std::thread thread;
    std::atomic<std::thread::id> threadId{};

private:
    void runTasks() {
        std::vector<Task> batch;
        {
            std::lock_guard lock(mutex_);
            batch.swap(tasks_);
        }
        for (auto &task : batch)
            std::exchange(task, nullptr)();
    }

    std::mutex mutex_; // guards tasks_; never held while one runs
    std::vector<Task> tasks_;
};

ContextThread::ContextThread(const std::string &threadName) : impl_(std::make_shared<Impl>()) {
    // The thread keeps the state alive, so the last ContextThread may be dropped on the thread itself.
    impl_->thread = std::thread([impl = impl_] { impl->run(); });
    pthread_setname_np(impl_->thread.native_handle(), threadName.substr(0, 15).c_str());
}

ContextThread::~ContextThread() {
    // Through the queue, not directly: a quit before the loop runs would be forgotten.
    impl_->post([loop = impl_->loop] { g_main_loop_quit(loop); });
    if (onThread())
        impl_->thread.detach();
    else
        impl_->thread.join();
}

void ContextThread::post(Task task) {
    impl_->post(std::move(task));
}

void ContextThread::runSync(const Task &task) {
    if (onThread()) {
        task();
        return;
    }
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;
    impl_->post([&] {
        task();
        std::lock_guard lock(mutex);
        finished = true;
        done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return finished; });
}

bool ContextThread::onThread() const {
    return std::this_thread::get_id() == impl_->threadId.load();
}

ContextThread::Mailbox ContextThread::mailbox() const {
    return Mailbox(impl_);
}

void ContextThread::Mailbox::post(Task task) const {
    if (const auto impl = impl_.lock())
        impl->post(std::move(task));
}

GMainContext *ContextThread::context() const {
    return impl_->context;
}

} // namespace lt::net
