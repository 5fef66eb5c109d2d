// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/publisher_stream.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtmp_server_src_debug);
#define GST_CAT_DEFAULT gst_rtmp_server_src_debug

namespace lt::rtmpserversrc {

void PublisherStream::begin(const Settings &settings, StreamNames names,
                            std::shared_ptr<PublisherInbox> inbox) {
    inbox_ = std::move(inbox);
    names_ = std::move(names);
    clock_ = StreamClock();
    output_ = settings.output == OutputForm::Flv ? makeFlvOutput(settings.wantVideo()) : makeAudioOutput();
    ready_.clear();
    wasPaused_ = false;
}

void PublisherStream::end() {
    ready_.clear();
}

/// What has to go downstream before or beside a tag.
void PublisherStream::prepare(const Tag &tag) {
    if (const auto caps = output_->newCaps(tag))
        gst_base_src_set_caps(element_, caps.get());
    if (wasPaused_.exchange(false))
        clock_.breakTime();
    if (clock_.needsSegment()) {
        const GstClockTime now = gst_element_get_current_running_time(element());
        const auto segment =
            clock_.segmentFor(tag, GST_CLOCK_TIME_IS_VALID(now) ? now : 0, std::chrono::steady_clock::now());
        GST_DEBUG_OBJECT(element_, "%" GST_SEGMENT_FORMAT, static_cast<const void *>(&segment));
        gst_base_src_new_segment(element_, &segment);
    }
    if (tag.lost > 0)
        reportLost(element(), tag.lost);
}

/// News are told here, where nothing has to follow them; what waits for a frame would hold a thread.
bool PublisherStream::hasWork() {
    if (!ready_.empty() || element_->num_buffers_left == 0)
        return true;
    for (;;) {
        std::optional<Arrival> news;
        const bool work = inbox_->worthALook(news);
        if (!news)
            return work;
        reportNews(element(), names_, *news, clock_);
    }
}

GstFlowReturn PublisherStream::create(GstBuffer **buffer) {
    while (ready_.empty()) {
        auto arrival = inbox_->next();
        if (!arrival)
            return GST_FLOW_FLUSHING;
        if (std::holds_alternative<StreamOver>(*arrival))
            return GST_FLOW_EOS;
        if (auto *tag = std::get_if<Tag>(&*arrival)) {
            prepare(*tag);
            output_->add(std::move(*tag), ready_);
        } else {
            reportNews(element(), names_, *arrival, clock_);
        }
    }
    *buffer = ready_.front().release();
    ready_.pop_front();
    clock_.reached(GST_BUFFER_PTS(*buffer));
    return GST_FLOW_OK;
}

} // namespace lt::rtmpserversrc
