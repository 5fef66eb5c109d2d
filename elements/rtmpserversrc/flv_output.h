// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/publisher_inbox.h"
#include "lib/gst/refs.h"

#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// Turns what the inbox gives out into buffers and segments. The pad's task alone.
///
/// Time in the FLV starts at 0. A segment's base says at what running time it began: that of the moment its
/// first frame arrived from the network, so the stream is in time however late the publisher came.
class FlvOutput {
public:
    explicit FlvOutput(bool withVideo) : withVideo_(withVideo) {}

    /// Before each tag: the segment it needs, if the one in force does not fit. `runningTime` is now.
    bool needsSegment() const { return needsSegment_; }
    GstSegment segmentFor(const Tag &tag, GstClockTime runningTime, rtmp::TimePoint now);
    /// From now on the clock relates to the stream in another way (it went on while we were paused).
    void breakTime() { needsSegment_ = true; }

    /// When a time of the stream is in running time; 0 before the first segment.
    GstClockTime runningTimeAt(std::uint64_t ms) const;

    bool needsHeader() const { return offset_ == 0; }
    BufferRef header(const Tag &first);
    BufferRef tag(Tag tag);

private:
    void stamp(GstBuffer *buffer, std::uint64_t ms);

    const bool withVideo_;
    bool needsSegment_ = true;
    GstSegment segment_{};
    GstClockTime lastRunningTime_ = 0;
    guint64 offset_ = 0;
};

} // namespace lt::rtmpserversrc
