// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

typedef struct _GMainContext GMainContext;

namespace lt::net {

/// One thread that iterates its own GMainContext, as its thread-default: the home of libsoup objects, which
/// must be created, used and destroyed on it.
///
/// Destroying the last reference runs the tasks already posted, then joins the thread (or lets it end by
/// itself when that reference is dropped on it).
class LT_EXPORT ContextThread {
public:
    using Task = std::function<void()>;

    explicit ContextThread(const std::string &threadName);
    ~ContextThread();
    ContextThread(const ContextThread &) = delete;
    ContextThread &operator=(const ContextThread &) = delete;

    /// Runs `task` on the thread, in order of posting. Any thread.
    void post(Task task);
    /// Runs `task` on the thread and waits for its end; on the thread itself runs it at once. For set-up and
    /// tear-down.
    void runSync(const Task &task);
    bool onThread() const;

    /// A way in that does not keep the thread: what is posted after its end is never run. Any thread.
    class LT_EXPORT Mailbox;
    Mailbox mailbox() const;
    GMainContext *context() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

class LT_EXPORT ContextThread::Mailbox {
public:
    void post(Task task) const;
    /// The thread still runs, or is about to end.
    bool open() const { return !impl_.expired(); }

private:
    friend class ContextThread;
    explicit Mailbox(std::weak_ptr<Impl> impl) : impl_(std::move(impl)) {}
    std::weak_ptr<Impl> impl_;
};

} // namespace lt::net
