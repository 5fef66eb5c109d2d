// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/streaming_pool.h"
#include "lib/gst/refs.h"

#include <functional>
#include <memory>

#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// What a pad's task asks of its element.
class TaskWork {
public:
    virtual ~TaskWork() = default;
    /// The task's function has something to do; it may wait all the same. On the task's thread of the moment,
    /// with the pad's stream lock.
    virtual bool hasWork() = 0;
    /// `look` is to be called, on any thread, whenever hasWork() may have become true; until it is replaced
    /// by an empty one.
    virtual void callWhenWorkComes(std::function<void()> look) = 0;
};

/// Where a pad's GstTask runs: on `pool`, one round of its function after the other while there is work,
/// instead of on a thread that waits in it; only while somebody else holds `pool`. All else is as GstTask
/// does it by itself, but that nobody is told of threads that enter or leave (STREAM_STATUS). `work` outlives
/// the task.
ObjectRef<GstTaskPool> makePooledTask(const std::shared_ptr<StreamingPool> &pool, TaskWork &work);

} // namespace lt::rtmpserversrc
