// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "tests/support/process.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>

#include <gst/gst.h>

namespace lt::test {

using Message = MiniRef<GstMessage>;

/// One session: counts what arrives behind the parser.
class Receiver {
public:
    explicit Receiver(const std::string &stream, guint port = 0, const char *more = "") {
        GError *error = nullptr;
        const std::string line = "rtmpserversrc name=src stream=" + stream + " port=" + std::to_string(port) +
                                 " " + more +
                                 " ! flvdemux name=demux ! aacparse ! fakesink name=sink sync=false "
                                 "async=false signal-handoffs=true";
        pipeline_.reset(gst_parse_launch(line.c_str(), &error));
        g_assert_no_error(error);
        ObjectRef<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "sink"));
        g_signal_connect(sink.get(), "handoff", G_CALLBACK(onHandoff), this);
    }
    ~Receiver() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
    Receiver(const Receiver &) = delete;
    Receiver &operator=(const Receiver &) = delete;

    Receiver &play() {
        g_assert_cmpint(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING), !=,
                        GST_STATE_CHANGE_FAILURE);
        return *this;
    }
    std::uint16_t port() {
        ObjectRef<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "src"));
        guint port = 0;
        g_object_get(source.get(), "current-port", &port, nullptr);
        return static_cast<std::uint16_t>(port);
    }
    std::string url(const std::string &stream) {
        return "rtmp://127.0.0.1:" + std::to_string(port()) + "/live/" + stream;
    }
    void waitForEos() {
        ObjectRef<GstBus> bus(gst_element_get_bus(pipeline_.get()));
        Message message(gst_bus_timed_pop_filtered(
            bus.get(), 60 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        g_assert_nonnull(message.get());
        if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
            GError *error = nullptr;
            gst_message_parse_error(message.get(), &error, nullptr);
            g_assert_no_error(error);
        }
    }
    void waitForFrames(unsigned count) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, std::chrono::milliseconds(support::kPatienceMs),
                                        [&] { return frames_ >= count; }));
    }
    GstClockTime runningTime() { return gst_element_get_current_running_time(pipeline_.get()); }
    GstElement *pipeline() { return pipeline_.get(); }

    /// Samples of all frames, their rate, and the largest step between two frames' times.
    double seconds() const { return frames_ * 1024.0 / rate_; }
    unsigned frames() const { return frames_; }
    int rate() const { return rate_; }
    GstClockTime largestStep() const { return largestStep_; }
    GstClockTime firstRunningTime() const { return firstRunningTime_; }
    GstClockTime firstSeenAt() const { return firstSeenAt_; }

private:
    static void onHandoff(GstElement *, GstBuffer *buffer, GstPad *pad, gpointer data) {
        static_cast<Receiver *>(data)->note(buffer, pad);
    }
    void note(GstBuffer *buffer, GstPad *pad) {
        std::lock_guard lock(mutex_);
        const GstClockTime time = GST_BUFFER_PTS(buffer);
        MiniRef<GstCaps> caps(gst_pad_get_current_caps(pad));
        gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "rate", &rate_);
        if (frames_ == 0) {
            lt::EventRef event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
            const GstSegment *segment = nullptr;
            gst_event_parse_segment(event.get(), &segment);
            firstRunningTime_ = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
            firstSeenAt_ = runningTime();
        } else {
            g_assert_cmpuint(time, >=, last_);
            largestStep_ = std::max(largestStep_, time - last_);
        }
        last_ = time;
        frames_++;
        changed_.notify_all();
    }

    ObjectRef<GstElement> pipeline_;
    std::mutex mutex_; // guards what follows until the end of the stream
    std::condition_variable changed_;
    unsigned frames_ = 0;
    int rate_ = 1;
    GstClockTime last_ = 0;
    GstClockTime largestStep_ = 0;
    GstClockTime firstRunningTime_ = 0;
    GstClockTime firstSeenAt_ = 0;
};

/// A publisher of GStreamer's in this process.
class GstPublisher {
public:
    explicit GstPublisher(const std::string &line) {
        GError *error = nullptr;
        pipeline_.reset(gst_parse_launch(line.c_str(), &error));
        g_assert_no_error(error);
        gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    }
    ~GstPublisher() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
    GstPublisher(const GstPublisher &) = delete;
    GstPublisher &operator=(const GstPublisher &) = delete;

    /// What it ended with: "" for EOS, else the error and its details.
    std::string end() {
        ObjectRef<GstBus> bus(gst_element_get_bus(pipeline_.get()));
        Message message(gst_bus_timed_pop_filtered(
            bus.get(), 60 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        g_assert_nonnull(message.get());
        if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
            return "";
        GError *raw = nullptr;
        gchar *debug = nullptr;
        gst_message_parse_error(message.get(), &raw, &debug);
        lt::ErrorRef error(raw);
        lt::CharPtr details(debug);
        return std::string(error->message) + " " + (debug ? debug : "");
    }

private:
    ObjectRef<GstElement> pipeline_;
};

} // namespace lt::test
