// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace lt::net {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;
using Task = std::function<void()>;

/// Told by the loop, on the loop's thread, that a descriptor is ready.
class LT_EXPORT FdListener {
public:
    virtual ~FdListener() = default;
    /// `events` are EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP … May unwatch itself or any other descriptor.
    virtual void onReady(std::uint32_t events) = 0;
};

/// One thread with one epoll set, for sockets that are many (RTMP publishers, viewers).
///
/// post() may be called from any thread; everything else only on the loop's own thread. Destroying the last
/// reference runs the tasks already posted, then joins the thread (or lets it end by itself when that
/// reference is dropped on it).
class LT_EXPORT EventLoop {
public:
    /// 0 is never a valid id.
    using WatchId = std::uint64_t;
    using TimerId = std::uint64_t;

    /// Throws std::system_error when the kernel has no descriptors left; callers at C boundaries catch it.
    explicit EventLoop(const std::string &threadName);
    ~EventLoop();
    EventLoop(const EventLoop &) = delete;
    EventLoop &operator=(const EventLoop &) = delete;

    /// Runs `task` on the loop's thread, in order of posting. Any thread, never blocks on IO.
    void post(Task task);
    /// Runs `task` on the loop's thread and waits for its end; on the loop's own thread runs it at once. For
    /// tear-down.
    void runSync(const Task &task);
    bool onLoopThread() const;

    /// A way in that does not keep the loop: what is posted after its end is never run. Any thread.
    class LT_EXPORT Mailbox;
    Mailbox mailbox() const;

    /// Level-triggered unless EPOLLET is given. `listener` must stay alive until unwatch(); the descriptor
    /// stays the caller's.
    WatchId watch(int fd, std::uint32_t events, FdListener *listener);
    void modify(WatchId id, std::uint32_t events);
    /// After this the listener is never called again, not even for events of the current turn. 0 is ignored.
    void unwatch(WatchId id);

    /// From now on, where many events come, each may wait for up to `pace`, so that one turn serves several.
    /// Tasks and timers do not wait, nor does anything while somebody holds a Haste.
    void setPace(Duration pace);
    /// A dialogue is under way, whose every answer counts. Loop's thread; the loop outlives it.
    class LT_EXPORT Haste {
    public:
        explicit Haste(EventLoop &loop);
        ~Haste();
        Haste(const Haste &) = delete;
        Haste &operator=(const Haste &) = delete;

    private:
        EventLoop &loop_;
    };

    /// Runs `task` when all that this turn has found is done, before the loop waits again. Loop's thread.
    void atTurnsEnd(Task task);

    TimerId startTimer(Duration delay, Task task);
    /// Unknown and expired ids, and 0, are ignored.
    void cancelTimer(TimerId id);
    /// The loop's time, read once per turn: cheap, good for timeouts.
    TimePoint now() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

class LT_EXPORT EventLoop::Mailbox {
public:
    void post(Task task) const;
    /// The thread still runs, or is about to end.
    bool open() const { return !impl_.expired(); }

private:
    friend class EventLoop;
    explicit Mailbox(std::weak_ptr<Impl> impl) : impl_(std::move(impl)) {}
    std::weak_ptr<Impl> impl_;
};

} // namespace lt::net
