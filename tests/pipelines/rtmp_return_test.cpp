// SPDX-License-Identifier: LGPL-2.1-or-later
// Real publishers that are killed, stopped or cut off, and come back.
#include "lib/gst/refs.h"
#include "tests/pipelines/rtmp_receiver.h"
#include "tests/support/process.h"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include <gst/gst.h>
#include <unistd.h>

using lt::ObjectRef;
using lt::support::Process;
using lt::test::Message;
using lt::test::Receiver;

namespace {

std::vector<std::string> ffmpegTo(const std::string &url, int seconds = 60) {
    return {"ffmpeg",   "-hide_banner",
            "-nostdin", "-loglevel",
            "warning",  "-re",
            "-f",       "lavfi",
            "-i",       "sine=duration=" + std::to_string(seconds),
            "-ac",      "2",
            "-c:a",     "aac",
            "-f",       "flv",
            url};
}

bool noFfmpeg() {
    if (!lt::support::haveProgram("ffmpeg"))
        g_test_skip("no ffmpeg");
    return !lt::support::haveProgram("ffmpeg");
}

/// Waits for the element message of that name; the text of its field `field`.
std::string news(Receiver &receiver, const char *name, const char *field = "stream") {
    const ObjectRef<GstBus> bus(gst_element_get_bus(receiver.pipeline()));
    for (;;) {
        const Message message(gst_bus_timed_pop_filtered(
            bus.get(), 60 * GST_SECOND,
            static_cast<GstMessageType>(GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        g_assert_true(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ELEMENT);
        const auto *structure = gst_message_get_structure(message.get());
        if (gst_structure_has_name(structure, name))
            return gst_structure_get_string(structure, field);
    }
}

/// The stream goes on with a publisher that then ends it.
void assertGoesOn(Receiver &receiver) {
    const unsigned before = receiver.frames();
    Process again(ffmpegTo(receiver.url("demo"), 2));
    news(receiver, "rtmpserversrc/gap");
    receiver.waitForEos();
    g_assert_cmpuint(receiver.frames(), >=, before + 2 * 44100 / 1024);
    g_assert_cmpint(again.waitForEnd().value_or(-1), ==, 0);
}

} // namespace

static void a_killed_publisher_is_continued() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo");
    receiver.play();
    Process publisher(ffmpegTo(receiver.url("demo")));
    receiver.waitForFrames(20);
    publisher.signal(SIGKILL);
    g_assert_true(news(receiver, "rtmpserversrc/unpublish", "end") == "lost");
    assertGoesOn(receiver);
}

static void a_short_stop_is_only_a_delay() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo", 0, "idle-timeout-ms=20000");
    receiver.play();
    Process publisher(ffmpegTo(receiver.url("demo"), 3));
    receiver.waitForFrames(20);
    publisher.signal(SIGSTOP);
    g_usleep(G_USEC_PER_SEC); // that it does nothing for a while is what is tested
    publisher.signal(SIGCONT);
    receiver.waitForEos();
    g_assert_cmpuint(receiver.frames(), >=, 3 * 44100 / 1024);
    g_assert_cmpint(publisher.waitForEnd().value_or(-1), ==, 0);
}

static void a_stopped_publisher_is_lost_and_learns_it() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo", 0, "idle-timeout-ms=3000");
    receiver.play();
    Process publisher(ffmpegTo(receiver.url("demo")));
    receiver.waitForFrames(20);
    publisher.signal(SIGSTOP);
    g_assert_true(news(receiver, "rtmpserversrc/unpublish", "end") == "lost");
    assertGoesOn(receiver);
    publisher.signal(SIGCONT);
    g_assert_cmpint(publisher.waitForEnd().value_or(0), !=, 0);
}

static void a_stopped_publisher_is_replaced_by_the_next() {
    if (noFfmpeg())
        return;
    Receiver receiver("demo", 0, "idle-timeout-ms=60000 stale-after-ms=500");
    receiver.play();
    Process publisher(ffmpegTo(receiver.url("demo")));
    receiver.waitForFrames(20);
    publisher.signal(SIGSTOP);
    g_usleep(G_USEC_PER_SEC); // until it is stale
    Process next(ffmpegTo(receiver.url("demo"), 2));
    g_assert_true(news(receiver, "rtmpserversrc/unpublish", "end") == "replaced");
    receiver.waitForEos();
    g_assert_cmpint(next.waitForEnd().value_or(-1), ==, 0);
    publisher.signal(SIGCONT);
    publisher.signal(SIGKILL);
}

/// Nothing passes `pad` while one of these lives. Waits until a buffer has stopped there: then none is beyond
/// it, whose push would fail when what follows is reset, and end the queue's task for good.
class Stop {
public:
    explicit Stop(GstPad *pad) : pad_(pad) {
        probe_ = gst_pad_add_probe(
            pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
            [](GstPad *, GstPadProbeInfo *, gpointer self) {
                auto &stop = *static_cast<Stop *>(self);
                std::lock_guard lock(stop.mutex_);
                stop.reached_ = true;
                stop.changed_.notify_one();
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return reached_; });
    }
    ~Stop() { gst_pad_remove_probe(pad_, probe_); }
    Stop(const Stop &) = delete;
    Stop &operator=(const Stop &) = delete;

private:
    GstPad *const pad_;
    gulong probe_ = 0;
    std::mutex mutex_; // guards reached_
    std::condition_variable changed_;
    bool reached_ = false;
};

/// The way LiveKit Egress meets a broken connection: the sink to NULL and PLAYING, again and again.
static void a_sink_that_is_reset_stays_one_stream() {
    if (!ObjectRef<GstElementFactory>(gst_element_factory_find("rtmp2sink"))) {
        g_test_skip("no rtmp2sink");
        return;
    }
    Receiver receiver("demo");
    receiver.play();
    GError *error = nullptr;
    const auto line =
        "audiotestsrc is-live=true samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 ! "
        "avenc_aac ! aacparse ! flvmux streamable=true skip-backwards-streams=true latency=300000000 ! "
        "queue name=queue leaky=downstream ! rtmp2sink name=sink async-connect=false sync=false async=false "
        "location=" +
        receiver.url("demo");
    const ObjectRef<GstElement> publisher(
        GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), &error))));
    g_assert_no_error(error);
    const ObjectRef<GstElement> sink(gst_bin_get_by_name(GST_BIN(publisher.get()), "sink"));
    const ObjectRef<GstElement> queue(gst_bin_get_by_name(GST_BIN(publisher.get()), "queue"));
    const ObjectRef<GstPad> toSink(gst_element_get_static_pad(queue.get(), "src"));
    gst_element_set_state(publisher.get(), GST_STATE_PLAYING);
    unsigned frames = 40;
    for (int reset = 0; reset < 4; reset++) {
        receiver.waitForFrames(frames);
        const Stop stop(toSink.get());
        gst_element_set_locked_state(sink.get(), TRUE);
        gst_element_set_state(sink.get(), GST_STATE_NULL);
        gst_element_set_state(sink.get(), GST_STATE_PLAYING);
        gst_element_set_locked_state(sink.get(), FALSE);
        frames = receiver.frames() + 40;
    }
    receiver.waitForFrames(frames);
    gst_element_send_event(publisher.get(), gst_event_new_eos());
    receiver.waitForEos();
    gst_element_set_state(publisher.get(), GST_STATE_NULL);
}

namespace {

/// A network of its own for publishers, joined to ours by a pair of virtual cables that can be unplugged.
class FarNetwork {
public:
    /// False, with the test marked as skipped, where this process may not make one.
    bool make() {
        const std::string line = "ip netns add " + name_ + " && ip link add " + outer_ +
                                 " type veth peer name " + inner_ + " && ip link set " + inner_ + " netns " +
                                 name_ + " && ip addr add 10.231.77.1/30 dev " + outer_ + " && ip link set " +
                                 outer_ + " up && ip netns exec " + name_ +
                                 " ip addr add 10.231.77.2/30 dev " + inner_ + " && ip netns exec " + name_ +
                                 " ip link set " + inner_ + " up";
        const bool made = shell(line + " 2>/dev/null") == 0;
        if (!made)
            g_test_skip("no network namespaces here");
        return made;
    }
    ~FarNetwork() { shell("(ip link del " + outer_ + "; ip netns del " + name_ + ") 2>/dev/null"); }

    void plug(bool in) { g_assert_cmpint(shell("ip link set " + outer_ + (in ? " up" : " down")), ==, 0); }
    std::vector<std::string> ffmpegTo(std::uint16_t port, int seconds = 60) const {
        auto argv = ::ffmpegTo("rtmp://10.231.77.1:" + std::to_string(port) + "/live/demo", seconds);
        argv.insert(argv.begin(), {"ip", "netns", "exec", name_});
        return argv;
    }

private:
    static int shell(const std::string &command) {
        return Process({"sh", "-c", command}).waitForEnd().value_or(-1);
    }

    const std::string name_ = "lt" + std::to_string(getpid());
    const std::string outer_ = name_ + "a", inner_ = name_ + "b";
};

} // namespace

static void a_cut_network_is_noticed_and_the_stream_goes_on() {
    FarNetwork network;
    if (noFfmpeg() || !network.make())
        return;
    Receiver receiver("demo", 0, "address=0.0.0.0 idle-timeout-ms=3000");
    receiver.play();
    Process publisher(network.ffmpegTo(receiver.port()));
    receiver.waitForFrames(20);
    network.plug(false);
    g_assert_true(news(receiver, "rtmpserversrc/unpublish", "end") == "lost");
    assertGoesOn(receiver);
    publisher.signal(SIGKILL);
}

/// Its last words never arrive: neither FIN nor reset.
static void a_publisher_that_ends_behind_a_cut_is_lost_too() {
    FarNetwork network;
    if (noFfmpeg() || !network.make())
        return;
    Receiver receiver("demo", 0, "address=0.0.0.0 idle-timeout-ms=2000");
    receiver.play();
    Process publisher(network.ffmpegTo(receiver.port()));
    receiver.waitForFrames(20);
    network.plug(false);
    publisher.signal(SIGKILL);
    g_assert_true(news(receiver, "rtmpserversrc/unpublish", "end") == "lost");
    network.plug(true);
    assertGoesOn(receiver);
}

/// What the encoder kept meanwhile comes at once afterwards, and all of it goes on, whatever the queue's
/// length and with little room below the bitrate's limit.
static void a_cut_of_seconds_loses_nothing() {
    FarNetwork network;
    if (noFfmpeg() || !network.make())
        return;
    Receiver receiver("demo", 0, "address=0.0.0.0 idle-timeout-ms=30000 max-queue-ms=500 max-bitrate=400000");
    receiver.play();
    constexpr int kSeconds = 8;
    Process publisher(network.ffmpegTo(receiver.port(), kSeconds));
    receiver.waitForFrames(20);
    network.plug(false);
    g_usleep(3 * G_USEC_PER_SEC); // that nothing comes for a while is what is tested
    network.plug(true);
    receiver.waitForEos();
    g_assert_cmpuint(receiver.frames(), >=, kSeconds * 44100 / 1024);
    g_assert_cmpuint(receiver.largestStep(), <=, 60 * GST_MSECOND);
    g_assert_cmpint(publisher.waitForEnd().value_or(-1), ==, 0);
}

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp-return/killed", a_killed_publisher_is_continued);
    g_test_add_func("/rtmp-return/short-stop", a_short_stop_is_only_a_delay);
    g_test_add_func("/rtmp-return/stopped", a_stopped_publisher_is_lost_and_learns_it);
    g_test_add_func("/rtmp-return/replaced", a_stopped_publisher_is_replaced_by_the_next);
    g_test_add_func("/rtmp-return/reset", a_sink_that_is_reset_stays_one_stream);
    g_test_add_func("/rtmp-return/short-cut", a_cut_of_seconds_loses_nothing);
    g_test_add_func("/rtmp-return/half-open", a_publisher_that_ends_behind_a_cut_is_lost_too);
    g_test_add_func("/rtmp-return/cut", a_cut_network_is_noticed_and_the_stream_goes_on);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
