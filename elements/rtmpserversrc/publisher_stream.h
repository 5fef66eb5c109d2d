// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/pooled_task.h"
#include "elements/rtmpserversrc/publisher_inbox.h"
#include "elements/rtmpserversrc/reports.h"
#include "elements/rtmpserversrc/settings.h"
#include "elements/rtmpserversrc/stream_clock.h"
#include "elements/rtmpserversrc/stream_output.h"

#include <atomic>
#include <deque>
#include <memory>

#include <gst/base/gstbasesrc.h>

namespace lt::rtmpserversrc {

/// The way from the inbox to the pad: what the pad's task does.
class PublisherStream final : public TaskWork {
public:
    /// `element` outlives it.
    explicit PublisherStream(GstBaseSrc *element) : element_(element) {}

    /// State changes, while there is no task.
    void begin(const Settings &settings, StreamNames names, std::shared_ptr<PublisherInbox> inbox);
    void end();
    /// The pipeline's clock stands still from now on. Any thread.
    void paused() { wasPaused_ = true; }

    // The pad's task.
    GstFlowReturn create(GstBuffer **buffer);
    bool hasWork() override;

    void callWhenWorkComes(std::function<void()> look) override {
        inbox_->callWhenWorthALook(std::move(look));
    }

private:
    void prepare(const Tag &tag);
    GstElement *element() const { return GST_ELEMENT_CAST(element_); }

    GstBaseSrc *const element_;
    std::shared_ptr<PublisherInbox> inbox_;
    StreamNames names_;
    StreamClock clock_;
    std::unique_ptr<StreamOutput> output_;
    std::deque<BufferRef> ready_;
    std::atomic<bool> wasPaused_ = false;
};

} // namespace lt::rtmpserversrc
