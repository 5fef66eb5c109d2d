// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/flv_output.h"

#include "lib/rtmp/flv.h"

#include <cstdlib>

namespace lt::rtmpserversrc {

GstSegment FlvOutput::segmentFor(const Tag &tag, GstClockTime runningTime, rtmp::TimePoint now) {
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

GstClockTime FlvOutput::runningTimeAt(std::uint64_t ms) const {
    const GstClockTime time = segment_.format == GST_FORMAT_TIME
                                  ? gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, ms * GST_MSECOND)
                                  : 0;
    return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
}

BufferRef FlvOutput::header(const Tag &first) {
    const auto bytes = rtmp::flvHeader(true, withVideo_);
    BufferRef buffer(gst_buffer_new_memdup(bytes.data(), bytes.size()));
    stamp(buffer.get(), first.ms);
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_HEADER);
    return buffer;
}

BufferRef FlvOutput::tag(Tag tag) {
    const auto ms = tag.ms;
    const bool delta = tag.media.kind == rtmp::MediaTag::Kind::Video;
    const auto flv =
        rtmp::makeFlvTag(tag.media.flvType(), static_cast<std::uint32_t>(ms), std::move(tag.media.body));
    BufferRef buffer(gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0), flv.region,
                                                 flv.start + flv.size, flv.start, flv.size, flv.region,
                                                 std::free));
    stamp(buffer.get(), ms);
    if (tag.discont)
        GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    if (delta)
        GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    return buffer;
}

void FlvOutput::stamp(GstBuffer *buffer, std::uint64_t ms) {
    GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = ms * GST_MSECOND;
    // The demuxer takes offset 0 for the beginning of a file, and nothing else.
    GST_BUFFER_OFFSET(buffer) = offset_;
    offset_ += gst_buffer_get_size(buffer);
    GST_BUFFER_OFFSET_END(buffer) = offset_;
    lastRunningTime_ = std::max(lastRunningTime_, runningTimeAt(ms));
}

} // namespace lt::rtmpserversrc
