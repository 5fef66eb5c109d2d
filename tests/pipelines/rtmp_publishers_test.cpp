// SPDX-License-Identifier: LGPL-2.1-or-later
// Real publishers against rtmpserversrc ! flvdemux ! aacparse.
#include "lib/gst/refs.h"
#include "tests/pipelines/rtmp_commands.h"
#include "tests/pipelines/rtmp_receiver.h"
#include "tests/support/process.h"
#include "tests/support/rtmp_publisher.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gst/gst.h>

using lt::ObjectRef;
using lt::support::Process;
using lt::support::RtmpPublisher;
using namespace lt::test;

namespace {

/// A publisher that keeps its place: the server would replace one that is silent for two seconds.
class Incumbent {
public:
    Incumbent(std::uint16_t port, const std::string &stream) : publisher_(port) {
        g_assert_true(publisher_.publish("live", stream).accepted);
        publisher_.sendConfig();
        sender_ = std::thread([this] {
            std::unique_lock lock(mutex_);
            for (std::uint32_t time = 0; !over_; time += 23) {
                publisher_.sendFrame(time);
                ended_.wait_for(lock, std::chrono::milliseconds(23), [this] { return over_; });
            }
        });
    }
    ~Incumbent() {
        {
            std::lock_guard lock(mutex_);
            over_ = true;
        }
        ended_.notify_all();
        sender_.join();
    }

private:
    RtmpPublisher publisher_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool over_ = false;
    std::thread sender_;
};

constexpr const char *kVideo =
    "videotestsrc is-live=true num-buffers=90 ! video/x-raw,width=1280,height=720,framerate=30/1 ! "
    "x264enc speed-preset=ultrafast tune=zerolatency bitrate=3000 key-int-max=120 ! h264parse ! mux. ";

} // namespace

static void ffmpeg_publishes_audio() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo");
    receiver.play();
    Process publisher(ffmpegAudio(receiver.url("demo?token=x")));
    receiver.waitForEos();
    assertComplete(receiver);
    g_assert_cmpint(publisher.waitForEnd().value_or(-1), ==, 0);
}

static void ffmpeg_publishes_in_the_shape_of_a_video_conference() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo");
    receiver.play();
    Process publisher(ffmpeg({"-f",
                              "lavfi",
                              "-i",
                              "testsrc2=size=1280x720:rate=30:duration=3",
                              "-re",
                              "-f",
                              "lavfi",
                              "-i",
                              "sine=duration=3:sample_rate=44100",
                              "-c:v",
                              "libx264",
                              "-preset",
                              "ultrafast",
                              "-b:v",
                              "3000k",
                              "-g",
                              "120",
                              "-c:a",
                              "aac",
                              "-b:a",
                              "128k",
                              "-ac",
                              "2",
                              "-f",
                              "flv",
                              receiver.url("demo")}));
    receiver.waitForEos();
    assertComplete(receiver);
    g_assert_cmpint(publisher.waitForEnd().value_or(-1), ==, 0);
}

static void timestamps_beyond_24_and_31_bits_leave_no_trace() {
    if (noFfmpeg())
        return;
    for (const char *offset : {"16776", "2147482.5", "4294966.2"}) {
        Receiver receiver("demo");
        receiver.play();
        Process publisher(ffmpegAudio(receiver.url("demo"), offset));
        receiver.waitForEos();
        assertComplete(receiver);
    }
}

static void gstreamer_publishes(const char *sink, const char *video, const char *settings = "") {
    Receiver receiver("demo", 0, settings);
    receiver.play();
    GstPublisher publisher(std::string(kAudio) + "! " + sink + " location=" + receiver.url("demo") +
                           " async=false sync=false " + video);
    receiver.waitForEos();
    assertComplete(receiver);
    g_assert_true(publisher.end() == "");
}

static void rtmp2sink_publishes_audio() {
    if (!missing({"rtmp2sink", "avenc_aac", "flvmux"}))
        gstreamer_publishes("rtmp2sink", "");
}

static void rtmp2sink_publishes_one_byte_chunks() {
    if (!missing({"rtmp2sink", "avenc_aac", "flvmux"}))
        gstreamer_publishes("rtmp2sink chunk-size=1", "");
}

static void rtmp2sink_publishes_large_chunks() {
    if (!missing({"rtmp2sink", "avenc_aac", "flvmux"}))
        gstreamer_publishes("rtmp2sink chunk-size=60000", "");
}

static void rtmp2sink_publishes_in_the_shape_of_livekit() {
    if (!missing({"rtmp2sink", "avenc_aac", "flvmux", "x264enc"}))
        gstreamer_publishes("queue leaky=downstream ! rtmp2sink async-connect=false", kVideo);
}

/// librtmp never reads what it is sent while it publishes: its close is a reset, which may overtake its
/// good-bye. Then it is as if it had been lost.
constexpr const char *kLossIsTheEnd = "reconnect-grace-ms=0 idle-timeout-ms=3000";

static void rtmpsink_publishes_audio() {
    if (!missing({"rtmpsink", "avenc_aac", "flvmux"}))
        gstreamer_publishes("rtmpsink", "", kLossIsTheEnd);
}

static void rtmpsink_publishes_audio_and_video() {
    if (!missing({"rtmpsink", "avenc_aac", "flvmux", "x264enc"}))
        gstreamer_publishes("queue ! rtmpsink", kVideo, kLossIsTheEnd);
}

static void a_refusal_is_seen_in_every_publisher() {
    Receiver receiver("demo");
    receiver.play();
    Incumbent incumbent(receiver.port(), "demo");
    if (lt::support::haveProgram("ffmpeg")) {
        Process publisher(ffmpegAudio(receiver.url("demo")));
        g_assert_true(publisher.waitFor("/live/demo is already being published."));
        g_assert_cmpint(publisher.waitForEnd().value_or(0), !=, 0);
    }
    const std::string line = std::string(kAudio) + "! ";
    if (!missing({"rtmp2sink", "avenc_aac", "flvmux"})) {
        GstPublisher publisher(line + "rtmp2sink location=" + receiver.url("demo"));
        const auto end = publisher.end();
        g_assert_nonnull(g_strstr_len(end.c_str(), -1, "/live/demo is already being published."));
    }
    if (!missing({"rtmpsink", "avenc_aac", "flvmux"})) {
        GstPublisher publisher(line + "rtmpsink location=" + receiver.url("demo"));
        g_assert_true(publisher.end() != ""); // shows no text, but ends
    }
}

static void who_publishes_what_nobody_receives_is_told() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo");
    receiver.play();
    Process publisher(ffmpegAudio(receiver.url("unknown?token=geheim")));
    g_assert_true(publisher.waitFor("Nobody is receiving /live/unknown on this server."));
    g_assert_cmpint(publisher.waitForEnd().value_or(0), !=, 0);
}

static void of_32_at_once_one_gets_through() {
    Receiver receiver("demo");
    receiver.play();
    std::vector<std::thread> threads;
    std::atomic<unsigned> accepted = 0, refused = 0;
    for (int i = 0; i < 32; i++)
        threads.emplace_back([&] {
            RtmpPublisher publisher(receiver.port());
            const auto verdict = publisher.publish("live", "demo");
            accepted += verdict.accepted;
            refused += verdict.code == "NetStream.Publish.BadName";
            if (!verdict.accepted)
                return;
            while (refused < 31) {
                publisher.readAvailable();
                std::this_thread::yield();
            }
            publisher.sendConfig();
            publisher.sendFrames(10);
            publisher.unpublish();
        });
    receiver.waitForEos();
    for (auto &thread : threads)
        thread.join();
    g_assert_cmpuint(accepted, ==, 1);
    g_assert_cmpuint(refused, ==, 31);
    g_assert_cmpuint(receiver.frames(), ==, 10);
}

static void two_sessions_on_one_port_do_not_cross() {
    Receiver one("one");
    one.play();
    Receiver two("two", one.port());
    two.play();
    g_assert_cmpuint(one.port(), ==, two.port());
    RtmpPublisher first(one.port()), second(one.port());
    g_assert_true(first.publish("live", "one").accepted);
    g_assert_true(second.publish("live", "two").accepted);
    first.sendConfig();
    second.sendMessage(8, 0, {0xaf, 0, 0x11, 0x90}); // 48000 Hz
    for (std::uint32_t i = 0; i < 50; i++) {
        first.sendFrame(i * 23);
        second.sendFrame(i * 21);
        second.sendFrame(i * 21 + 10);
    }
    first.unpublish();
    one.waitForEos();
    second.unpublish();
    two.waitForEos();
    g_assert_cmpuint(one.frames(), ==, 50);
    g_assert_cmpuint(two.frames(), ==, 100);
    g_assert_cmpint(one.rate(), ==, 44100);
    g_assert_cmpint(two.rate(), ==, 48000);
}

static void hostile_peers_do_not_disturb_a_stream() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo");
    receiver.play();
    Process publisher(ffmpegAudio(receiver.url("demo")));
    receiver.waitForFrames(10);
    const std::string get = "GET / HTTP/1.1\r\n\r\n";
    const lt::support::Raw attacks[] = {
        {get.begin(), get.end()},
        {0x16, 3, 1, 2, 0, 1},
        lt::support::Raw(700, 3),
        lt::support::Raw(5000, 0xa5),
    };
    for (int i = 0; i < 40; i++) {
        RtmpPublisher peer(receiver.port());
        peer.sendRaw(attacks[i % 4]);
        RtmpPublisher huge(receiver.port());
        if (huge.handshake())
            huge.sendRaw({0x03, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0, 1, 2, 3});
        RtmpPublisher rival(receiver.port());
        g_assert_false(rival.publish("live", "demo").accepted);
    }
    receiver.waitForEos();
    assertComplete(receiver);
}

static void who_joins_after_a_minute_is_not_a_minute_late() {
    Receiver receiver("demo");
    ObjectRef<GstClock> clock(gst_system_clock_obtain());
    gst_pipeline_use_clock(GST_PIPELINE(receiver.pipeline()), clock.get());
    gst_element_set_start_time(receiver.pipeline(), GST_CLOCK_TIME_NONE);
    gst_element_set_base_time(receiver.pipeline(), gst_clock_get_time(clock.get()) - 60 * GST_SECOND);
    receiver.play();
    RtmpPublisher publisher(receiver.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    const GstClockTime before = receiver.runningTime();
    publisher.sendFrames(20, 123456);
    receiver.waitForFrames(1);
    g_assert_cmpuint(before, >=, 60 * GST_SECOND);
    // The time the first frame arrived lies between its sending and its leaving the parser.
    g_assert_cmpuint(receiver.firstRunningTime() + GST_MSECOND, >=, before);
    g_assert_cmpuint(receiver.firstRunningTime(), <=, receiver.firstSeenAt());
}

int main(int argc, char **argv) {
    // librtmp writes to a socket that the server has closed.
    std::signal(SIGPIPE, SIG_IGN);
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp-publishers/ffmpeg", ffmpeg_publishes_audio);
    g_test_add_func("/rtmp-publishers/ffmpeg-video", ffmpeg_publishes_in_the_shape_of_a_video_conference);
    g_test_add_func("/rtmp-publishers/timestamps", timestamps_beyond_24_and_31_bits_leave_no_trace);
    g_test_add_func("/rtmp-publishers/rtmp2sink", rtmp2sink_publishes_audio);
    g_test_add_func("/rtmp-publishers/rtmp2sink-tiny-chunks", rtmp2sink_publishes_one_byte_chunks);
    g_test_add_func("/rtmp-publishers/rtmp2sink-large-chunks", rtmp2sink_publishes_large_chunks);
    g_test_add_func("/rtmp-publishers/rtmp2sink-video", rtmp2sink_publishes_in_the_shape_of_livekit);
    g_test_add_func("/rtmp-publishers/rtmpsink", rtmpsink_publishes_audio);
    g_test_add_func("/rtmp-publishers/rtmpsink-video", rtmpsink_publishes_audio_and_video);
    g_test_add_func("/rtmp-publishers/refused", a_refusal_is_seen_in_every_publisher);
    g_test_add_func("/rtmp-publishers/unknown", who_publishes_what_nobody_receives_is_told);
    g_test_add_func("/rtmp-publishers/at-once", of_32_at_once_one_gets_through);
    g_test_add_func("/rtmp-publishers/two", two_sessions_on_one_port_do_not_cross);
    g_test_add_func("/rtmp-publishers/hostile", hostile_peers_do_not_disturb_a_stream);
    g_test_add_func("/rtmp-publishers/late", who_joins_after_a_minute_is_not_a_minute_late);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
