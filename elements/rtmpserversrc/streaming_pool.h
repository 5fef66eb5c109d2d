// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace lt::rtmpserversrc {

/// Threads that push the frames of many elements. Waking a thread costs more than pushing a frame, so what a
/// turn of the loop brings for several elements is pushed by one thread, woken once, at the end of the turn.
///
/// Nobody waits for somebody else's slow downstream: a job that has blocked for longer than `patience` is
/// given a thread of its own from then on, as long as it needs one, and those behind it get another. So there
/// are as many threads as there are blocked jobs, and one or a few for all the others; who finds nothing to
/// do for some seconds ends.
class StreamingPool {
public:
    /// The work of one element: done by one thread at a time, each time somebody has called wake().
    class Job {
    public:
        virtual ~Job() = default;
        /// Does what there is to do; may block.
        virtual void work() = 0;

    private:
        friend class StreamingPool;
        enum class State { Idle, Waiting, Working, Again };
        // Under the pool's lock.
        State state_ = State::Idle;
        unsigned slowRuns_ = 0; ///< so many more times it gets a thread of its own
        net::TimePoint since_;  ///< waiting
    };
    using JobRef = std::shared_ptr<Job>;

    struct Options {
        net::Duration patience = std::chrono::milliseconds(2);
        /// When the first in the queue has waited this long, another processor helps.
        net::Duration helpAfter = std::chrono::microseconds(500);
        std::chrono::seconds idle{5}; ///< a thread ends after this long without work
    };

    /// `loop` is the one whose turns bring the work.
    explicit StreamingPool(std::shared_ptr<net::EventLoop> loop)
        : StreamingPool(std::move(loop), Options()) {}
    StreamingPool(std::shared_ptr<net::EventLoop> loop, const Options &options);
    /// Waits for the work under way. Not on a thread of the pool.
    ~StreamingPool();
    StreamingPool(const StreamingPool &) = delete;
    StreamingPool &operator=(const StreamingPool &) = delete;

    /// There is work for `job`: it begins soon, or once more after it has ended. Any thread; on the loop's
    /// the work begins when the turn has ended.
    void wake(const JobRef &job);
    std::size_t threads() const;

private:
    class Impl;
    const std::shared_ptr<Impl> impl_;
};

/// The process's, on net::ingestLoop(), for as long as somebody holds it.
std::shared_ptr<StreamingPool> streamingPool();

} // namespace lt::rtmpserversrc
