// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/publisher_session.h"

#include "tests/bench/support/monotonic.h"

#include <cinttypes>
#include <cstdio>
#include <span>
#include <utility>

namespace lt::bench {

namespace {

constexpr char kPipeline[] =
    "appsrc name=source is-live=true format=time max-bytes=0 "
    "caps=audio/x-raw,format=S16LE,layout=interleaved,rate=44100,channels=2,channel-mask=(bitmask)0x3 "
    "! voaacenc name=encoder bitrate=128000 ! tee name=coded "
    "coded. ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 "
    "! flvmux streamable=true ! rtmp2sink name=out async-connect=false sync=false async=false "
    "coded. ! queue ! aacparse ! avdec_aac name=decoder ! audioconvert "
    "! audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved ! identity name=plain "
    "! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! identity "
    "name=converted "
    "! fakesink sync=false async=false";

constexpr GstClockTime kEosTimeout = 10 * GST_SECOND;

std::span<const std::int16_t> samplesOf(const BufferMap &map) {
    return {static_cast<const std::int16_t *>(static_cast<const void *>(map.data())),
            map.size() / sizeof(std::int16_t)};
}

/// Places markers found in `markers` on the times of `log`, per marker sent; 0 = not found.
std::vector<std::int64_t> timesOf(const std::vector<double> &sent, const MarkerDetector &markers,
                                  const PcmLog &log, double &offset) {
    std::vector<std::int64_t> times(sent.size());
    offset = 0;
    const auto alignment = align(sent, markers);
    if (!alignment)
        return times;
    offset = alignment->offsetSeconds;
    for (std::size_t i = 0; i < sent.size(); i++)
        if (alignment->received[i])
            times[i] = log.availableNs(*alignment->received[i] * markers.rate()).value_or(0);
    return times;
}

} // namespace

PublisherSession::PublisherSession(PublisherSettings settings, const std::atomic<bool> &stop)
    : settings_(std::move(settings)), stop_(stop), signal_(settings_.seed, settings_.seconds) {}

PublisherSession::~PublisherSession() {
    if (pipeline_)
        gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

bool PublisherSession::build() {
    ErrorOut error;
    pipeline_.reset(GST_ELEMENT(gst_object_ref_sink(
        gst_parse_launch_full(kPipeline, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, error.out()))));
    if (!pipeline_) {
        g_printerr("The publisher's pipeline cannot be built: %s\n", error.message());
        return false;
    }
    source_.reset(GST_APP_SRC(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "source")));
    const ObjectRef<GstElement> out(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "out"));
    g_object_set(out.get(), "location", settings_.url.c_str(), nullptr);
    watchPads();
    return true;
}

void PublisherSession::watchPads() {
    const auto watch = [this](const char *element, const char *pad, GstPadProbeCallback callback) {
        const ObjectRef<GstElement> owner(gst_bin_get_by_name(GST_BIN(pipeline_.get()), element));
        const ObjectRef<GstPad> place(gst_element_get_static_pad(owner.get(), pad));
        gst_pad_add_probe(place.get(), GST_PAD_PROBE_TYPE_BUFFER, callback, this, nullptr);
    };
    watch("encoder", "sink", onHandedOver);
    watch("decoder", "src", onDecoded);
    watch("plain", "sink", onPlain);
    watch("converted", "sink", onConverted);
    watch("out", "sink", onFlv);
}

GstPadProbeReturn PublisherSession::onHandedOver(GstPad *, GstPadProbeInfo *info, gpointer self) {
    const gsize bytes = gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info));
    static_cast<PublisherSession *>(self)->handedOver_.append(
        monotonicNs(), bytes / (sizeof(std::int16_t) * kSourceChannels));
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn PublisherSession::onDecoded(GstPad *, GstPadProbeInfo *info, gpointer self) {
    // The decoder's own format is F32LE, planar or not.
    const gsize bytes = gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info));
    static_cast<PublisherSession *>(self)->decoded_.append(monotonicNs(),
                                                           bytes / (sizeof(float) * kSourceChannels));
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn PublisherSession::onPlain(GstPad *, GstPadProbeInfo *info, gpointer self) {
    const BufferMap map(GST_PAD_PROBE_INFO_BUFFER(info));
    static_cast<PublisherSession *>(self)->decodedMarkers_.feed(samplesOf(map));
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn PublisherSession::onConverted(GstPad *, GstPadProbeInfo *info, gpointer self) {
    auto *session = static_cast<PublisherSession *>(self);
    const BufferMap map(GST_PAD_PROBE_INFO_BUFFER(info));
    session->converted_.append(monotonicNs(), map.size() / sizeof(std::int16_t));
    session->convertedMarkers_.feed(samplesOf(map));
    return GST_PAD_PROBE_OK;
}

/// rtmp2sink takes the headers at once, for later, and keeps the first other tag until the publish is
/// accepted: the pad it comes from is idle again when it has been.
GstPadProbeReturn PublisherSession::onFlv(GstPad *pad, GstPadProbeInfo *info, gpointer self) {
    if (GST_BUFFER_FLAG_IS_SET(GST_PAD_PROBE_INFO_BUFFER(info), GST_BUFFER_FLAG_HEADER))
        return GST_PAD_PROBE_OK;
    const ObjectRef<GstPad> peer(gst_pad_get_peer(pad));
    gst_pad_add_probe(peer.get(), GST_PAD_PROBE_TYPE_IDLE, onFlvSent, self, nullptr);
    return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn PublisherSession::onFlvSent(GstPad *, GstPadProbeInfo *, gpointer self) {
    static_cast<PublisherSession *>(self)->acceptedNs_ = monotonicNs();
    return GST_PAD_PROBE_REMOVE;
}

bool PublisherSession::run() {
    if (!build())
        return false;
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    feed();
    return waitForEnd();
}

void PublisherSession::feed() {
    const std::uint64_t frames = settings_.feedFrames;
    const auto total = static_cast<std::uint64_t>(settings_.seconds * kSourceRate);
    sleepUntilNs(settings_.startNs);
    const ObjectRef<GstClock> clock(gst_element_get_clock(GST_ELEMENT(pipeline_.get())));
    const GstClockTime base = gst_element_get_base_time(pipeline_.get());
    const GstClockTime start = clock ? gst_clock_get_time(clock.get()) - base : 0;
    for (std::uint64_t done = 0; done < total && !stop_; done += frames) {
        const gsize bytes = frames * kSourceChannels * sizeof(std::int16_t);
        auto *samples = static_cast<std::int16_t *>(g_malloc(bytes));
        signal_.fill({samples, frames * kSourceChannels});
        BufferRef buffer(gst_buffer_new_wrapped(samples, bytes));
        const auto at = [](std::uint64_t frame) {
            return gst_util_uint64_scale(frame, GST_SECOND, kSourceRate);
        };
        GST_BUFFER_PTS(buffer.get()) = start + at(done);
        GST_BUFFER_DURATION(buffer.get()) = at(done + frames) - at(done);
        // As a microphone does: a buffer is there when its last frame has been heard.
        sleepUntilNs(settings_.startNs + static_cast<std::int64_t>(at(done + frames)));
        if (gst_app_src_push_buffer(source_.get(), buffer.release()) != GST_FLOW_OK)
            return; // the bus tells why
    }
    gst_app_src_end_of_stream(source_.get());
}

bool PublisherSession::waitForEnd() {
    const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    const auto kinds = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    const MiniRef<GstMessage> message(gst_bus_timed_pop_filtered(bus.get(), kEosTimeout, kinds));
    const bool ended = message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS;
    if (message && !ended) {
        ErrorOut error;
        gst_message_parse_error(message.get(), error.out(), nullptr);
        g_printerr("Publishing to %s failed: %s\n", settings_.url.c_str(), error.message());
    } else if (!message) {
        g_printerr("Publishing to %s did not come to an end.\n", settings_.url.c_str());
    }
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    return ended;
}

void PublisherSession::report(unsigned session) const {
    const auto sent = markerTimes(settings_.seed, settings_.seconds);
    const auto handed = static_cast<double>(handedOver_.frames());
    double codecOffset = 0, convertedOffset = 0;
    const auto codec = timesOf(sent, decodedMarkers_, decoded_, codecOffset);
    const auto converted = timesOf(sent, convertedMarkers_, converted_, convertedOffset);
    std::printf("accepted %u %" PRId64 "\n", session, acceptedNs_.load());
    std::printf("offset %u %.6f %.6f\n", session, codecOffset, convertedOffset);
    for (std::size_t i = 0; i < sent.size() && sent[i] * kSourceRate < handed; i++)
        std::printf("marker %u %zu %" PRId64 " %" PRId64 " %" PRId64 "\n", session, i,
                    handedOver_.availableNs(sent[i] * kSourceRate).value_or(0), codec[i], converted[i]);
}

} // namespace lt::bench
