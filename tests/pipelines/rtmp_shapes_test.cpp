// SPDX-License-Identifier: LGPL-2.1-or-later
// The shapes in which real publishers send the same audio: chunk sizes, encoders, rates, channels; and what
// they send beside it.
#include "lib/rtmp/rtmp_server.h"
#include "tests/pipelines/rtmp_commands.h"
#include "tests/support/rtmp_publisher.h"

#include <atomic>
#include <csignal>
#include <memory>

using lt::support::Process;
using lt::support::RtmpPublisher;
using namespace lt::rtmp;
using namespace lt::test;

namespace {

/// Counts frames until the publisher has gone.
class FrameCounter : public PublishListener {
public:
    void published(const PublisherInfo &) override {}
    void media(MediaTag tag) override { frames_ += tag.kind == MediaTag::Kind::Audio; }
    AfterEnd after(const PublishEnd &) const override { return AfterEnd::Keep; }
    void ended(const PublishEnd &end) override {
        clean_ = end.kind == PublishEnd::Kind::Clean;
        ends_++;
        ends_.notify_all();
    }
    /// Frames of a publisher that ended as it should.
    unsigned untilCleanEnd() {
        ends_.wait(0);
        g_assert_true(clean_);
        return frames_;
    }

private:
    std::atomic<unsigned> frames_ = 0, ends_ = 0;
    std::atomic<bool> clean_ = false;
};

bool noElement(const std::string &name) {
    return !lt::ObjectRef<GstElementFactory>(gst_element_factory_find(name.c_str()));
}

void countCaps(Receiver &receiver, std::atomic<unsigned> &caps) {
    lt::ObjectRef<GstElement> sink(gst_bin_get_by_name(GST_BIN(receiver.pipeline()), "sink"));
    lt::ObjectRef<GstPad> pad(gst_element_get_static_pad(sink.get(), "sink"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
        [](GstPad *, GstPadProbeInfo *info, gpointer count) {
            *static_cast<std::atomic<unsigned> *>(count) +=
                GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_CAPS;
            return GST_PAD_PROBE_OK;
        },
        &caps, nullptr);
}

} // namespace

/// ffmpeg sends in chunks of the size that the server has announced for its own.
static void ffmpeg_echoes_any_chunk_size_and_its_audio_arrives_whole() {
    if (noFfmpeg())
        return;
    for (const std::uint32_t size : {1u, 128u, 4096u, 65536u, 0x7fffffffu}) {
        lt::net::ListenError failure;
        ServerLimits limits;
        limits.connection.replyChunkSize = size;
        auto server = RtmpServer::acquire("127.0.0.1", 0, failure, limits);
        g_assert_nonnull(server.get());
        FrameCounter frames;
        auto claim = server->claim("live", "demo", {}, frames);
        Process publisher({"ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-f", "lavfi", "-i",
                           "sine=duration=10", "-c:a", "aac", "-b:a", "128k", "-f", "flv",
                           "rtmp://127.0.0.1:" + std::to_string(server->port()) + "/live/demo"});
        const unsigned count = frames.untilCleanEnd();
        g_assert_cmpuint(count, >=, 10 * 44100 / 1024);
        g_assert_cmpuint(count, <=, 10 * 44100 / 1024 + 3);
        g_assert_cmpint(publisher.waitForEnd().value_or(-1), ==, 0);
        const auto counters = claim->stats()->get().counters;
        g_assert_cmpuint(counters.audioMalformed + counters.messagesDropped, <=, 1);
        // Each chunk but a message's first costs one byte more.
        if (size == 1)
            g_assert_cmpuint(counters.bytes, >, 2 * counters.audioBytes);
        else
            g_assert_cmpuint(counters.bytes, <, counters.audioBytes + 20 * count + 5000);
    }
}

static void every_encoder_rate_and_number_of_channels_arrives() {
    if (missing({"rtmp2sink", "aacparse", "flvmux"}))
        return;
    struct Shape {
        std::string encoder;
        int rate;
        std::unique_ptr<Receiver> receiver;
        std::unique_ptr<GstPublisher> publisher;
    };
    std::vector<Shape> shapes;
    std::uint16_t port = 0;
    for (const char *encoder : {"avenc_aac", "voaacenc", "fdkaacenc"}) {
        for (const int rate : {44100, 48000}) {
            for (const char *channels : {"1", "2"}) {
                if (noElement(encoder))
                    continue;
                const std::string name = encoder + std::to_string(rate) + channels;
                Shape shape{encoder, rate, std::make_unique<Receiver>(name, port), nullptr};
                shape.receiver->play();
                port = shape.receiver->port();
                shape.publisher = std::make_unique<GstPublisher>(
                    "audiotestsrc is-live=true num-buffers=130 samplesperbuffer=1024 ! audio/x-raw,rate=" +
                    std::to_string(rate) + ",channels=" + channels + " ! " + encoder +
                    " ! aacparse ! flvmux streamable=true ! rtmp2sink async=false sync=false location=" +
                    shape.receiver->url(name));
                shapes.push_back(std::move(shape));
            }
        }
    }
    for (auto &shape : shapes) {
        shape.receiver->waitForEos();
        g_assert_cmpint(shape.receiver->rate(), ==, shape.rate);
        g_assert_cmpuint(shape.receiver->frames(), >=, 129);
        g_assert_cmpuint(shape.receiver->frames(), <=, 133); // with the encoder's padding
        g_assert_true(shape.publisher->end() == "");
    }
    g_assert_cmpuint(shapes.size(), >=, 4);
}

/// Ten times a second of the stream.
static void metadata_again_and_again_leaves_the_audio_alone() {
    Receiver receiver("demo");
    std::atomic<unsigned> caps = 0;
    countCaps(receiver, caps);
    receiver.play();
    RtmpPublisher publisher(receiver.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    lt::support::Raw data;
    AmfWriter(data)
        .string("@setDataFrame")
        .string("onMetaData")
        .beginObject()
        .key("encoder")
        .string("test")
        .key("audiosamplerate")
        .number(8000)
        .endObject();
    constexpr unsigned kFrames = 1292; // half a minute
    for (unsigned i = 0; i < kFrames; i++) {
        if (i % 4 == 0)
            publisher.sendMessage(kData, i * 1024 * 10 / 441, data);
        publisher.sendFrame(i * 1024 * 10 / 441);
    }
    publisher.unpublish();
    receiver.waitForEos();
    g_assert_cmpuint(receiver.frames(), ==, kFrames);
    g_assert_cmpuint(receiver.largestStep(), <=, 25 * GST_MSECOND);
    g_assert_cmpuint(caps, ==, 1);
}

static void another_configuration_in_the_middle_is_followed() {
    Receiver receiver("demo");
    receiver.play();
    RtmpPublisher publisher(receiver.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(100);
    receiver.waitForFrames(99); // the parser keeps one back
    g_assert_cmpint(receiver.rate(), ==, 44100);
    publisher.sendMessage(lt::rtmp::kAudio, 2322, {0xaf, 0, 0x11, 0x90});
    for (unsigned i = 0; i < 100; i++)
        publisher.sendFrame(2322 + i * 21);
    publisher.unpublish();
    receiver.waitForEos();
    g_assert_cmpint(receiver.rate(), ==, 48000);
    g_assert_cmpuint(receiver.frames(), ==, 200);
}

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp-shapes/chunks", ffmpeg_echoes_any_chunk_size_and_its_audio_arrives_whole);
    g_test_add_func("/rtmp-shapes/encoders", every_encoder_rate_and_number_of_channels_arrives);
    g_test_add_func("/rtmp-shapes/metadata", metadata_again_and_again_leaves_the_audio_alone);
    g_test_add_func("/rtmp-shapes/reconfigured", another_configuration_in_the_middle_is_followed);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
