// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include <gst/gst.h>

namespace lt::service {

/// Whether the publisher of a pipeline has left, asked of its rtmpserversrc. Messages come from the streaming
/// thread, and not at all when something downstream never returns from a push; the port knows all the same.
/// Any thread.
class PublisherWatch {
public:
    /// Asks every rtmpserversrc there is in `bin` from now on; until forget(), which comes before the last
    /// reference to the pipeline goes.
    void lookAt(GstBin *bin);
    void forget();
    /// How much the pipeline has not taken yet of what was published; nothing while somebody publishes, or is
    /// waited for who may come back. Does not wait for the pipeline.
    std::optional<std::chrono::milliseconds> leftBehind() const;

private:
    mutable std::mutex mutex_; // guards all below
    std::vector<ObjectRef<GstElement>> sources_;
};

} // namespace lt::service
