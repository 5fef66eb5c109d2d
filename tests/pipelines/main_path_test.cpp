// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole path as a user has it: real RTMP publishers, the shipped pipeline description, the recogniser's
// protocol, and viewers on the WebSocket. The audio carries DTMF digits and the emulator writes down the
// digits it hears, so a viewer's lines prove that no audio was lost, doubled or reordered on the way.
// Argument: the path of pipelines/run.
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/old_rule_viewer.h"
#include "tests/support/rtmp_publishers.h"
#include "tests/support/shipped_pipeline.h"

#include <filesystem>
#include <map>
#include <set>

#include <gst/gst.h>

using namespace lt::support;
using lt::emulator::GladiaEmulator;

namespace {

constexpr auto kPatience = std::chrono::seconds(60);
constexpr unsigned kEndMs = 60000;

std::string runner; // pipelines/run
std::unique_ptr<GladiaEmulator> emulator;
std::unique_ptr<TemporaryDirectory> directory;

/// Digits without the pauses: what the finals must add up to.
std::string heard(std::string_view sequence) {
    std::string digits;
    for (const char c : sequence)
        if (c != ',' && c != ' ')
            digits += c;
    return digits;
}

/// One session: the rtmpserversrc line with a viewer, waiting for its publisher.
class Session {
public:
    Session(const std::string &name, unsigned rtmpPort, unsigned viewerPort)
        : pipeline_(runner, "rtmpserver",
                    {"SESSION=" + name, "RTMP_PORT=" + std::to_string(rtmpPort),
                     "PORT=" + std::to_string(viewerPort)}) {
        // Digits of one group stay one utterance, so that it has partials before its final.
        g_object_set(pipeline_.element("gladiasink"), "endpointing", 0.5, nullptr);
        pipeline_.setState(GST_STATE_PLAYING);
        rtmpPort_ = pipeline_.get("rtmpserversrc", "current-port");
        viewerPort_ = pipeline_.get("transcriptbroadcast", "current-port");
        viewer_ = std::make_unique<OldRuleViewer>(viewerPort_, name);
        url_ = "rtmp://127.0.0.1:" + std::to_string(rtmpPort_) + "/live/" + name;
    }

    unsigned rtmpPort() const { return rtmpPort_; }
    unsigned viewerPort() const { return viewerPort_; }
    void startPublisher(Publisher publisher, const PublishedFile &file) {
        publisher_ = publish(publisher, file, url_);
    }
    void expectToHear(const std::string &digits);

private:
    ShippedPipeline pipeline_;
    unsigned rtmpPort_ = 0;
    unsigned viewerPort_ = 0;
    std::unique_ptr<OldRuleViewer> viewer_;
    std::string url_;
    std::unique_ptr<Process> publisher_;
};

/// Each utterance has partials, then one final, then nothing more; seq rises by one.
void checkOrder(const std::vector<OldRuleViewer::Line> &lines) {
    std::map<std::string, int> partials;
    std::set<std::string> finished;
    for (const auto &line : lines) {
        g_assert_false(finished.contains(line.utteranceId));
        if (!line.isFinal)
            partials[line.utteranceId]++;
        else
            finished.insert(line.utteranceId);
    }
    g_assert_cmpuint(finished.size(), >=, 2);
    for (const auto &id : finished)
        g_assert_cmpint(partials[id], >=, 1);
    for (std::size_t i = 1; i < lines.size(); i++)
        g_assert_cmpint(lines[i].seq, >, lines[i - 1].seq);
}

void Session::expectToHear(const std::string &digits) {
    // The publisher's end is the stream's: the pipeline ends by itself, its viewers after the last final.
    const std::string error = pipeline_.waitForEnd(kEndMs);
    if (!error.empty())
        g_error("%s\npublisher: %s", error.c_str(), publisher_->output().c_str());
    g_assert_true(viewer_->waitForClose(kPatience));
    g_assert_cmpint(viewer_->closeCode(), ==, 1000);
    const std::string text = viewer_->finalText();
    g_assert_cmpstr(text.c_str(), ==, digits.c_str());
    checkOrder(viewer_->lines());
    g_assert_true(publisher_->waitForEnd().has_value());
}

/// Threads and descriptors of this process.
std::size_t entriesOf(const char *path) {
    const auto entries = std::filesystem::directory_iterator(path);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

} // namespace

static void each_publisher_is_heard_with_and_without_video() {
    constexpr std::string_view kSequence = "12 3A 456, 7788, *0#, 159 BCD";
    const PublishedFile audio = makePublishedFile(*directory, kSequence, false);
    const PublishedFile both = makePublishedFile(*directory, kSequence, true);
    // All at once: six sessions of one process on two shared ports.
    std::vector<std::unique_ptr<Session>> sessions;
    unsigned rtmpPort = 0, viewerPort = 0;
    for (const auto publisher : {Publisher::Ffmpeg, Publisher::Rtmp2Sink, Publisher::RtmpSink}) {
        for (const auto *file : {&audio, &both}) {
            const std::string name = std::string(publisherName(publisher)) + (file->video ? "-av" : "-audio");
            sessions.push_back(std::make_unique<Session>(name, rtmpPort, viewerPort));
            rtmpPort = sessions.back()->rtmpPort();
            viewerPort = sessions.back()->viewerPort();
            sessions.back()->startPublisher(publisher, *file);
        }
    }
    for (auto &session : sessions)
        session->expectToHear(heard(kSequence));
}

static void two_sessions_at_once_do_not_mix() {
    constexpr std::string_view kOne = "1111, 2222, 3333", kTwo = "9999, 8888, 7777";
    const TemporaryDirectory first, second;
    const PublishedFile one = makePublishedFile(first, kOne, false),
                        two = makePublishedFile(second, kTwo, false);
    Session left("left", 0, 0);
    Session right("right", left.rtmpPort(), left.viewerPort());
    left.startPublisher(Publisher::Ffmpeg, one);
    right.startPublisher(Publisher::Ffmpeg, two);
    left.expectToHear(heard(kOne));
    right.expectToHear(heard(kTwo));
}

static void the_pipeline_comes_and_goes_without_a_trace() {
    const GstState halfWays[] = {GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_PAUSED};
    const auto cycle = [&](int round) {
        ShippedPipeline pipeline(runner, "rtmpserver", {"SESSION=cycle", "RTMP_PORT=0", "PORT=0"});
        if (round % 2)
            g_object_set(pipeline.element("gladiasink"), "endpoint", "http://127.0.0.1:1", nullptr);
        pipeline.setState(halfWays[round % 3]);
    };
    for (int round = 0; round < 6; round++) // what a first use leaves behind for ever: types, thread pools
        cycle(round);
    const std::size_t threads = entriesOf("/proc/self/task"), descriptors = entriesOf("/proc/self/fd");
    for (int round = 0; round < 100; round++)
        cycle(round);
    // GLib's and GStreamer's pools keep a few idle threads; ours must not add up.
    g_assert_cmpuint(entriesOf("/proc/self/task"), <=, threads + 4);
    g_assert_cmpuint(entriesOf("/proc/self/fd"), <=, descriptors + 4);
}

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_assert_cmpint(argc, ==, 2);
    runner = argv[1];
    emulator = std::make_unique<GladiaEmulator>();
    directory = std::make_unique<TemporaryDirectory>();
    g_setenv("GLADIA_URL", emulator->url().c_str(), TRUE);
    g_setenv("GLADIA_API_KEY", "a-key-of-the-test", TRUE);
    g_test_add_func("/main-path/publishers", each_publisher_is_heard_with_and_without_video);
    g_test_add_func("/main-path/two-sessions", two_sessions_at_once_do_not_mix);
    g_test_add_func("/main-path/cycles", the_pipeline_comes_and_goes_without_a_trace);
    const int result = g_test_run();
    directory.reset();
    emulator.reset();
    gst_deinit();
    return result;
}
