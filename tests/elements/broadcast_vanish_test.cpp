// SPDX-License-Identifier: LGPL-2.1-or-later
// Viewers that vanish without a word, and viewers behind a proxy. argv: the program livetranscript-viewer.
#include "lib/livetranscript/livetranscript.h"
#include "tests/elements/broadcast_rig.h"
#include "tests/support/nginx_proxy.h"
#include "tests/support/process.h"

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <glib.h>
#include <unistd.h>

using namespace broadcast_test;
using lt::support::NginxProxy;
using lt::support::Process;

namespace {

constexpr guint kIntervalMs = 200, kMaxMissed = 3;
const char *viewerProgram;

void beat(const Rig &rig) {
    g_assert_true(gst_harness_push_event(
        rig.h, gst_event_new_livetranscript_heartbeat("test", kIntervalMs, kMaxMissed)));
}

std::string urlOf(const std::string &host, int port) {
    return "ws://" + host + ":" + std::to_string(port) + "/ws/demo";
}

/// Waits until the socket of who has been removed is closed too: its closing handshake is waited for a
/// little, though nobody answers. `before`: open descriptors while it was there.
void expectClosed(const Rig &rig, std::size_t before) {
    const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (rig.descriptors() >= before && g_get_monotonic_time() < end)
        g_usleep(10000);
    g_assert_cmpuint(rig.descriptors(), <, before);
}

void expectTimeout(Rig &rig) {
    const std::string reason = rig.waitForClient("viewer-removed");
    g_assert_cmpstr(reason.c_str(), ==, "heartbeat-timeout");
}

void a_stopped_process_is_closed_after_the_deadline_and_one_that_runs_stays() {
    Rig rig;
    beat(rig);
    Process staying({viewerProgram, urlOf("127.0.0.1", rig.port())});
    rig.waitForClient("viewer-added");
    Process stopped({viewerProgram, urlOf("127.0.0.1", rig.port())});
    rig.waitForClient("viewer-added");
    const std::size_t before = rig.descriptors();
    stopped.signal(SIGSTOP);
    expectTimeout(rig);
    g_assert_cmpuint(rig.stat("heartbeat-timeouts"), ==, 1);
    g_assert_cmpuint(rig.stat("viewers"), ==, 1); // it answers pings, and says nothing else
    expectClosed(rig, before);
    rig.push(transcript("u1", "still here"));
    g_assert_true(staying.waitFor("still here"));
}

bool run(const std::string &command) {
    const std::string quiet = command + " >/dev/null 2>&1";
    return std::system(quiet.c_str()) == 0;
}

/// A network of its own, joined to this one by a cable that can be pulled.
class Network {
public:
    Network()
        : name_("lt" + std::to_string(getpid() % 100000)),
          net_("198.18." + std::to_string(getpid() % 256) + ".") {
        made_ = run("ip netns add " + name_) &&
                run("ip link add " + name_ + " type veth peer name eth0 netns " + name_) &&
                run("ip addr add " + host() + "/30 dev " + name_) && run("ip link set " + name_ + " up") &&
                run("ip -n " + name_ + " addr add " + net_ + "2/30 dev eth0") &&
                run("ip -n " + name_ + " link set eth0 up");
    }
    ~Network() {
        run("ip link del " + name_);
        run("ip netns del " + name_);
    }
    Network(const Network &) = delete;
    Network &operator=(const Network &) = delete;

    bool made() const { return made_; }
    std::string host() const { return net_ + "1"; }
    std::vector<std::string> inside(const std::string &program, const std::string &argument) const {
        return {"ip", "netns", "exec", name_, program, argument};
    }
    void pullTheCable() { g_assert_true(run("ip -n " + name_ + " link set eth0 down")); }

private:
    const std::string name_, net_;
    bool made_ = false;
};

void a_viewer_whose_network_is_cut_is_closed_after_the_deadline() {
    Network network;
    if (!network.made()) {
        g_test_skip("no network namespace can be made here");
        return;
    }
    auto element = makeBroadcast("demo");
    g_object_set(element.get(), "address", network.host().c_str(), nullptr);
    Rig rig(std::move(element));
    beat(rig);
    Process viewer(network.inside(viewerProgram, urlOf(network.host(), rig.port())));
    rig.waitForClient("viewer-added");
    rig.push(transcript("u1", "hello there"));
    g_assert_true(viewer.waitFor("hello there"));
    const std::size_t before = rig.descriptors();
    network.pullTheCable();
    expectTimeout(rig);
    g_assert_cmpuint(rig.stat("viewers"), ==, 0);
    expectClosed(rig, before);
}

void behind_a_proxy_viewers_are_kept_alive_and_missed_just_the_same() {
    if (const std::string why = NginxProxy::whyUnavailable(); !why.empty()) {
        g_test_skip(why.c_str());
        return;
    }
    Rig rig;
    NginxProxy proxy(rig.port());
    beat(rig);
    Process viewer({viewerProgram, urlOf("127.0.0.1", proxy.port())});
    rig.waitForClient("viewer-added");
    Process stopped({viewerProgram, urlOf("127.0.0.1", proxy.port())});
    rig.waitForClient("viewer-added");
    stopped.signal(SIGSTOP);
    expectTimeout(rig);
    rig.push(transcript("u1", "through the proxy"));
    g_assert_true(viewer.waitFor("through the proxy"));
    g_assert_cmpuint(rig.stat("viewers"), ==, 1);
    // The close goes through it too.
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_eos()));
    g_assert_true(viewer.waitForEnd().has_value());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_assert_cmpint(argc, ==, 2);
    viewerProgram = argv[1];
    g_test_add_func("/broadcast-vanish/stopped",
                    a_stopped_process_is_closed_after_the_deadline_and_one_that_runs_stays);
    g_test_add_func("/broadcast-vanish/cut", a_viewer_whose_network_is_cut_is_closed_after_the_deadline);
    g_test_add_func("/broadcast-vanish/proxy",
                    behind_a_proxy_viewers_are_kept_alive_and_missed_just_the_same);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
