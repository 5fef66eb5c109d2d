// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/publisher.h"

#include "tests/bench/support/monotonic.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lt::bench {

namespace {

constexpr char kPipeline[] =
    "appsrc name=source is-live=true format=time max-bytes=0 "
    "caps=audio/x-raw,format=S16LE,layout=interleaved,rate=44100,channels=1 "
    "! voaacenc bitrate=96000 ! tee name=coded "
    "coded. ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 "
    "! flvmux streamable=true ! rtmp2sink name=out async-connect=false sync=false async=false "
    "coded. ! queue ! aacparse ! avdec_aac name=decoder ! fakesink sync=false async=false";

constexpr std::size_t kBlockFrames = Publisher::kRate / 100; // as an audio mixer hands them over
constexpr GstClockTime kEosTimeout = 10 * GST_SECOND;

} // namespace

Publisher::Publisher(std::string url, SpeechPlan plan) : plan_(std::move(plan)) {
    ErrorOut error;
    GstElement *parsed = gst_parse_launch_full(kPipeline, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, error.out());
    if (!parsed)
        throw std::runtime_error(std::string("the publisher cannot be built: ") + error.message());
    pipeline_.reset(GST_ELEMENT(gst_object_ref_sink(parsed)));
    source_.reset(GST_APP_SRC(gst_bin_get_by_name(GST_BIN(parsed), "source")));
    const ObjectRef<GstElement> out(gst_bin_get_by_name(GST_BIN(parsed), "out"));
    g_object_set(out.get(), "location", url.c_str(), nullptr);
    const ObjectRef<GstElement> decoder(gst_bin_get_by_name(GST_BIN(parsed), "decoder"));
    const ObjectRef<GstPad> pad(gst_element_get_static_pad(decoder.get(), "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, onDecoded, this, nullptr);
}

Publisher::~Publisher() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

/// The decoder's own format is F32LE.
GstPadProbeReturn Publisher::onDecoded(GstPad *, GstPadProbeInfo *info, gpointer self) {
    const gsize bytes = gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info));
    static_cast<Publisher *>(self)->log_.decoded.append(monotonicNs(), bytes / sizeof(float));
    return GST_PAD_PROBE_OK;
}

bool Publisher::speak(std::int64_t startNs) {
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    feed(startNs);
    return waitForEnd();
}

void Publisher::feed(std::int64_t startNs) {
    sleepUntilNs(startNs);
    const ObjectRef<GstClock> clock(gst_element_get_clock(pipeline_.get()));
    const GstClockTime start =
        clock ? gst_clock_get_time(clock.get()) - gst_element_get_base_time(pipeline_.get()) : 0;
    const auto at = [](std::size_t frame) {
        return gst_util_uint64_scale(frame, GST_SECOND, kRate);
    };
    for (std::size_t done = 0; done < plan_.samples.size();) {
        const std::size_t frames = std::min(kBlockFrames, plan_.samples.size() - done);
        const std::size_t bytes = frames * sizeof(std::int16_t);
        BufferRef buffer(gst_buffer_new_memdup(plan_.samples.data() + done, bytes));
        GST_BUFFER_PTS(buffer.get()) = start + at(done);
        GST_BUFFER_DURATION(buffer.get()) = at(done + frames) - at(done);
        // As a microphone does: a buffer is there when its last frame has been heard.
        sleepUntilNs(startNs + static_cast<std::int64_t>(at(done + frames)));
        log_.handed.append(monotonicNs(), frames);
        if (gst_app_src_push_buffer(source_.get(), buffer.release()) != GST_FLOW_OK)
            return; // the bus tells why
        done += frames;
    }
    gst_app_src_end_of_stream(source_.get());
}

bool Publisher::waitForEnd() const {
    const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    const auto kinds = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    const MiniRef<GstMessage> message(gst_bus_timed_pop_filtered(bus.get(), kEosTimeout, kinds));
    const bool ended = message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS;
    ErrorOut error;
    if (message && !ended)
        gst_message_parse_error(message.get(), error.out(), nullptr);
    if (!ended)
        g_printerr("Publishing failed: %s\n", message ? error.message() : "it does not come to an end");
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    return ended;
}

} // namespace lt::bench
