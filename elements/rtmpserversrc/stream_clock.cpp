// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/stream_clock.h"

#include <algorithm>

namespace lt::rtmpserversrc {

GstSegment StreamClock::segmentFor(const Tag &tag, GstClockTime runningTime, rtmp::TimePoint now) {
    const auto age = static_cast<GstClockTime>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                   std::max(now, tag.media.arrival) - tag.media.arrival)
                                                   .count());
    const GstClockTime arrival = runningTime > age ? runningTime - age : 0;
    gst_segment_init(&segment_, GST_FORMAT_TIME);
    segment_.start = segment_.time = segment_.position = tag.ms * GST_MSECOND;
    segment_.base = std::max(arrival, lastRunningTime_);
    needsSegment_ = false;
    return segment_;
}

GstClockTime StreamClock::runningTimeAt(GstClockTime streamTime) const {
    if (segment_.format != GST_FORMAT_TIME)
        return 0;
    const GstClockTime time = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, streamTime);
    return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
}

void StreamClock::reached(GstClockTime streamTime) {
    lastRunningTime_ = std::max(lastRunningTime_, runningTimeAt(streamTime));
}

} // namespace lt::rtmpserversrc
