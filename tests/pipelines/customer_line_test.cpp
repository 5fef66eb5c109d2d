// SPDX-License-Identifier: LGPL-2.1-or-later
// The customer's line with stock gst-launch-1.0, pulling from a real RTMP server. Argument: the path of
// pipelines/run.
#include "tests/support/caption_viewer.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/live_publisher.h"
#include "tests/support/nginx_rtmp.h"

#include <cstring>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::support;

namespace {

std::string runner;

constexpr std::chrono::milliseconds kPatience{kPatienceMs};
/// A comma is a second of silence.
constexpr const char *kSequence = "159,2604#,37*8,";
constexpr const char *kDigits = "1592604#37*8";

/// The finals' digits, wherever one utterance ends and the next begins.
std::string heard(const CaptionViewer &viewer) {
    std::string text = viewer.finalText();
    std::erase(text, ' ');
    return text;
}

void waitUntilAllIsHeard(const CaptionViewer &viewer) {
    while (heard(viewer).size() < std::strlen(kDigits) &&
           viewer.waitForFinals(viewer.finals() + 1, kPatience))
        ;
}

/// Partials, then the final that ends them; nothing lost, doubled or reordered.
void checkCaptions(const CaptionViewer &viewer) {
    const std::string text = heard(viewer);
    g_assert_cmpstr(text.c_str(), ==, kDigits);
    std::size_t partials = 0;
    std::vector<std::string> closed;
    for (const auto &line : viewer.lines()) {
        for (const auto &utterance : closed)
            g_assert_cmpstr(line.utteranceId.c_str(), !=, utterance.c_str());
        partials += line.isFinal ? 0 : 1;
        if (line.isFinal)
            closed.push_back(line.utteranceId);
    }
    g_assert_cmpuint(partials, >, 0);
}

void the_viewer_gets_exactly_what_was_published(gconstpointer data) {
    if (const auto why = NginxRtmp::whyUnavailable(); !why.empty())
        return g_test_skip(("a real RTMP server is needed: " + why).c_str());
    const auto *description = static_cast<const char *>(data);
    NginxRtmp nginx;
    lt::emulator::GladiaEmulator gladia;
    LivePublisher publisher(nginx.url("demo"));
    const std::string port = std::to_string(freePort());
    Process line({runner, description, "LOCATION=" + nginx.url("demo"), "PORT=" + port},
                 {"GLADIA_API_KEY=not-a-real-key", "GLADIA_URL=" + gladia.url()});

    ViewerOptions options;
    options.url = "ws://127.0.0.1:" + port + "/ws/demo";
    options.wait = true;
    const CaptionViewer viewer(options);
    if (!viewer.waitForConnection(kPatience))
        g_test_message("%s", line.output().c_str());
    g_assert_true(viewer.connected());
    g_assert_true(nginx.waitForPlayers(1));
    publisher.play(makeDtmf(kSequence));
    waitUntilAllIsHeard(viewer);
    if (viewer.ended())
        g_test_message("%s\n%s", viewer.problem().c_str(), line.output().c_str());
    checkCaptions(viewer);

    // rtmpsrc waits on when the publisher leaves, as long as the server keeps the connection, and
    // interrupting it there crashes librtmp now and then: so it is the server that ends.
    g_assert_cmpint(publisher.finish(), ==, 0);
    nginx.stop();
    g_assert_true(line.waitForEnd().has_value());
    checkCaptions(viewer);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    runner = argv[1];
    g_test_add_data_func("/customer-line/rtmpsrc", "customer-rtmpsrc",
                         the_viewer_gets_exactly_what_was_published);
    g_test_add_data_func("/customer-line/rtmp2src", "customer-rtmp2src",
                         the_viewer_gets_exactly_what_was_published);
    return g_test_run();
}
