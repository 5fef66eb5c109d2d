// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/store_planner.h"

#include <condition_variable>
#include <mutex>

namespace lt::store {

/// The writer's clock, so that a test can let minutes pass.
class TimeSource {
public:
    virtual ~TimeSource() = default;
    virtual TimePoint now() const { return TimePoint::clock::now(); }
    /// Until `until`, a notification, or sooner.
    virtual void wait(std::unique_lock<std::mutex> &lock, std::condition_variable &changed, TimePoint until) {
        if (until == TimePoint::max())
            changed.wait(lock);
        else
            changed.wait_until(lock, until);
    }
};

} // namespace lt::store
