// SPDX-License-Identifier: LGPL-2.1-or-later
// The service is started anew under a publisher that does not give up: it comes back by itself, and what is
// said from then on is heard. Arguments as livetranscriptd_test's.
#include "tests/service/running_service.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/old_rule_viewer.h"

#include <csignal>
#include <fstream>

#include <glib.h>

using namespace lt::support;
using namespace lt::service::test;

namespace {

/// A digit a second for minutes, as a WAV file.
std::string writeSevens(const TemporaryDirectory &directory) {
    std::string sequence;
    for (int i = 0; i < 180; i++)
        sequence += "7,";
    const auto samples = makeDtmf(sequence);
    const auto bytes = static_cast<std::uint32_t>(samples.size() * sizeof samples[0]);
    const auto header = wavHeader(16000, 1, bytes);
    const auto path = directory.file("sevens.wav");
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(header.data()), static_cast<std::streamsize>(header.size()));
    file.write(reinterpret_cast<const char *>(samples.data()), bytes);
    g_assert_true(file.good());
    return path;
}

void expectSevens(const RunningService &service) {
    OldRuleViewer viewer(service.port(), "s");
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (viewer.finalText().find('7') == std::string::npos && std::chrono::steady_clock::now() < until)
        g_usleep(10000);
    const auto heard = viewer.finalText();
    g_assert_cmpstr(heard.c_str(), !=, "");
}

void a_publisher_that_does_not_give_up_is_heard_by_the_next_service() {
    if (!haveProgram("gst-launch-1.0")) {
        g_test_skip("no gst-launch-1.0");
        return;
    }
    const TemporaryDirectory directory;
    auto service = std::make_unique<RunningService>();
    const auto port = service->rtmpPort();
    // Without our plugins: it is to be GStreamer as it comes, whatever these are built with.
    Process publisher(
        {"sh", "-c",
         "unset GST_PLUGIN_PATH_1_0 GST_REGISTRY_1_0 LD_LIBRARY_PATH; while sleep 1; do echo begins; "
         "gst-launch-1.0 -q filesrc location=" +
             writeSevens(directory) +
             " ! wavparse ! identity sync=true ! audioconvert ! avenc_aac ! aacparse ! flvmux "
             "streamable=true skip-backwards-streams=true ! queue leaky=downstream ! rtmp2sink "
             "async-connect=false sync=false async=false location=" +
             service->url("s") + "; done"});
    expectSevens(*service);
    for (const int signal : {SIGTERM, SIGKILL}) { // in order, and as in a crash
        service->end(signal);
        service.reset();
        g_assert_true(publisher.waitFor("begins", publisher.timesPrinted("begins") + 2)); // to no avail
        service = std::make_unique<RunningService>(Texts{}, Texts{"--rtmp-port=" + std::to_string(port)});
        service->waitFor("event=published session=s");
        expectSevens(*service);
    }
    g_assert_cmpuint(service->timesSaid("event=starting session=s"), ==, 1);
    g_assert_cmpint(service->end(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, nullptr);
    begin(argc, argv);
    g_test_add_func("/restart/a_publisher_that_does_not_give_up_is_heard_by_the_next_service",
                    a_publisher_that_does_not_give_up_is_heard_by_the_next_service);
    const int result = g_test_run();
    recogniser.reset();
    return result;
}
