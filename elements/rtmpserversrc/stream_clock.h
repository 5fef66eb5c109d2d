// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/publisher_inbox.h"

#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// Where the stream's time, which starts at 0, lies in running time. The pad's task alone.
///
/// A segment's base is the running time at which its first frame arrived from the network, so the stream is
/// in time however late the publisher came.
class StreamClock {
public:
    /// Before each tag: the segment it needs, if the one in force does not fit. `runningTime` is now.
    bool needsSegment() const { return needsSegment_; }
    GstSegment segmentFor(const Tag &tag, GstClockTime runningTime, rtmp::TimePoint now);
    /// From now on the clock relates to the stream in another way (it went on while we were paused).
    void breakTime() { needsSegment_ = true; }
    /// What has gone out reaches up to here.
    void reached(GstClockTime streamTime);
    /// 0 before the first segment.
    GstClockTime runningTimeAt(GstClockTime streamTime) const;

private:
    bool needsSegment_ = true;
    GstSegment segment_{};
    GstClockTime lastRunningTime_ = 0;
};

} // namespace lt::rtmpserversrc
