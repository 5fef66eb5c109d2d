// SPDX-License-Identifier: LGPL-2.1-or-later
// What an operator sees of a running service and does to it: probes, figures, reloads, limits, access.
#include "tests/service/running_service.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/json_text.h"
#include "tests/support/live_publisher.h"
#include "tests/support/old_rule_viewer.h"
#include "tests/support/tls_relay.h"

#include <csignal>
#include <ctime>
#include <functional>

#include <glib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace lt::support;
using namespace lt::service::test;

namespace {

void expectFinals(OldRuleViewer &viewer, const std::string &digits) {
    if (!viewer.waitForFinalText(digits, kPatience))
        g_error("heard \"%s\" instead of \"%s\"", viewer.finalText().c_str(), digits.c_str());
}

/// Asks again and again: what is counted elsewhere is counted soon.
void eventually(const char *what, const std::function<bool()> &holds) {
    const gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (!holds()) {
        if (g_get_monotonic_time() > deadline)
            g_error("never: %s", what);
        g_usleep(20000); // HTTP has nothing to wait on
    }
}

/// Of /sessions: the particulars of one session; null when it is not there.
JsonObject *detailsOf(JsonObject *sessions, const std::string &name) {
    JsonArray *details = json_object_get_array_member(sessions, "details");
    for (guint i = 0; i < json_array_get_length(details); i++) {
        JsonObject *one = json_array_get_object_element(details, i);
        if (name == json_object_get_string_member(one, "id"))
            return one;
    }
    return nullptr;
}

void with(const RunningService &service, const std::string &session,
          const std::function<void(JsonObject *)> &look) {
    std::string problem;
    const auto answer = service.get("/sessions");
    const auto object = parseObject(answer.body, problem);
    if (!object)
        g_error("%s in %s", problem.c_str(), answer.body.c_str());
    look(detailsOf(object.get(), session));
}

std::string stateOf(const RunningService &service, const std::string &session) {
    std::string state;
    with(service, session, [&](JsonObject *details) {
        state = details ? json_object_get_string_member(details, "state") : "";
    });
    return state;
}

void sessions_are_listed_with_their_particulars() {
    RunningService service;
    g_assert_true(stateOf(service, "s").empty());
    OldRuleViewer viewer(service.port(), "s");
    LivePublisher publisher(service.url("s"));
    service.waitFor("event=published session=s");
    publisher.play(makeDtmf("314"));
    expectFinals(viewer, "314");
    with(service, "s", [](JsonObject *details) {
        g_assert_nonnull(details);
        g_assert_cmpstr(json_object_get_string_member(details, "state"), ==, "running");
        g_assert_cmpint(json_object_get_int_member(details, "restarts"), ==, 0);
        g_assert_cmpint(json_object_get_int_member(details, "viewers"), ==, 1);
        g_assert_cmpint(json_object_get_int_member(details, "finals"), >=, 1);
        g_assert_cmpint(json_object_get_int_member(details, "sinceUnixMs"), >, 1500000000000);
        JsonObject *who = json_object_get_object_member(details, "publisher");
        g_assert_true(g_str_has_prefix(json_object_get_string_member(who, "address"), "127.0.0.1:"));
        g_assert_cmpstr(json_object_get_string_member(who, "software"), !=, "");
        JsonObject *final = json_object_get_object_member(details, "lastFinal");
        g_assert_cmpint(json_object_get_int_member(final, "unixMs"), >, 1500000000000);
        g_assert_cmpint(json_object_get_int_member(final, "textLength"), >, 0);
        g_assert_true(json_object_has_member(details, "lagMs"));
    });
    g_assert_cmpint(publisher.finish(), ==, 0);
    service.waitFor("event=over session=s");
    eventually("the session is gone", [&] { return stateOf(service, "s").empty(); });
    g_assert_cmpint(service.end(), ==, 0);
}

void the_process_and_its_sessions_are_measured() {
    const auto before = std::time(nullptr);
    RunningService service({"BACKPRESSURE_MAX_STREAMS=7"});
    g_assert_cmpfloat(service.metric("process.start_time"), >=, static_cast<double>(before) - 2);
    g_assert_cmpfloat(service.metric("process.start_time"), <=, static_cast<double>(std::time(nullptr)) + 2);
    for (const char *name : {"process.resident_bytes", "process.threads", "process.open_fds"})
        g_assert_cmpfloat(service.metric(name), >, 1);
    g_assert_cmpfloat(service.metric("service.max_sessions"), ==, 7);
    g_assert_cmpfloat(service.metric("service.sessions"), ==, 0);
    LivePublisher publisher(service.url("s"));
    service.waitFor("event=published session=s");
    g_assert_cmpfloat(service.metric("service.sessions"), ==, 1);
    g_assert_cmpfloat(service.metric("service.sessions_total"), ==, 1);
    g_assert_nonnull(strstr(service.get("/metrics").body.c_str(), "\"start_time\""));
    g_assert_cmpint(publisher.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void probes_never_kill() {
    RunningService service({"BACKPRESSURE_MAX_STREAMS=1"});
    g_assert_cmpint(service.get("/readyz").status, ==, 200);
    OldRuleViewer viewer(service.port(), "s");
    LivePublisher publisher(service.url("s"));
    service.waitFor("event=published session=s");
    const auto full = service.get("/readyz");
    g_assert_cmpint(full.status, ==, 503);
    g_assert_nonnull(strstr(full.body.c_str(), "\"status\":\"no more sessions\""));
    for (int i = 0; i < 200; i++) {
        g_assert_cmpint(service.get("/healthz").status, ==, 200);
        g_assert_cmpint(service.get("/readyz").status, ==, 503);
    }
    kill(service.pid(), SIGHUP);
    service.waitFor("event=reloaded");
    publisher.play(makeDtmf("55"));
    expectFinals(viewer, "55");
    g_assert_cmpint(publisher.finish(), ==, 0);
    service.waitFor("event=over session=s");
    eventually("there is room again", [&] { return service.get("/readyz").status == 200; });
    g_assert_cmpint(service.end(), ==, 0);
}

void a_reload_is_for_sessions_to_come_and_a_bad_one_for_none() {
    const TemporaryDirectory directory;
    const auto description = directory.file("own.launch");
    gchar *shipped = nullptr;
    g_assert_true(g_file_get_contents(commandLine().at(2).c_str(), &shipped, nullptr, nullptr));
    const std::string text = shipped;
    g_free(shipped);
    g_assert_true(g_file_set_contents(description.c_str(), text.c_str(), -1, nullptr));
    // The environment is weaker than the command line, which names the description: so it is a link.
    const auto linked = directory.file("linked.launch");
    g_assert_cmpint(symlink(description.c_str(), linked.c_str()), ==, 0);
    lt::support::LiveService service({commandLine().front(), linked, recogniser->url(), {}, {}});
    LivePublisher first(service.url("first"));
    service.waitFor("event=published session=first");
    g_assert_true(g_file_set_contents(description.c_str(), (text + "${NOSUCH}\n").c_str(), -1, nullptr));
    kill(service.pid(), SIGHUP);
    service.waitFor("event=reload-refused");
    LivePublisher second(service.url("second"));
    service.waitFor("event=published session=second"); // with the old one
    const std::string muted = "rtmpserversrc ${publisher_door} stream=${session} ! fakesink\n";
    g_assert_true(g_file_set_contents(description.c_str(), muted.c_str(), -1, nullptr));
    kill(service.pid(), SIGHUP);
    service.waitFor("event=reloaded");
    g_assert_true(recogniser->waitFor([](const auto &report) { return report.connections == 2; }));
    const auto sessions = recogniser->report().sessions.size();
    LivePublisher third(service.url("third"));
    service.waitFor("event=published session=third");
    third.play(makeDtmf("1"));
    g_assert_cmpint(third.finish(), ==, 0);
    service.waitFor("event=over session=third");
    g_assert_cmpuint(recogniser->report().sessions.size(), ==, sessions); // it has no recogniser
    g_assert_cmpint(first.finish(), ==, 0);
    g_assert_cmpint(second.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void a_session_in_which_nothing_is_heard_ends() {
    RunningService service({"BACKPRESSURE_IDLE_TIMEOUT=3"});
    OldRuleViewer viewer(service.port(), "s");
    LivePublisher publisher(service.url("s")); // plays silence
    service.waitFor("event=idle session=s");
    service.waitFor("event=over session=s");
    g_assert_true(viewer.waitForClose(kPatience));
    g_assert_cmpint(viewer.closeCode(), ==, 1000);
    g_assert_true(publisher.process().waitForEnd().has_value());
    g_assert_cmpfloat(service.metric("service.sessions_idle_total"), >=, 1);
    g_assert_cmpint(service.end(), ==, 0);
}

void a_session_without_a_place_keeps_its_audio_and_tells_its_viewers() {
    RunningService service({"GLADIA_MAX_SESSIONS=1"});
    LivePublisher first(service.url("first"));
    service.waitFor("event=published session=first");
    WebSocketClient told({"ws://127.0.0.1:" + std::to_string(service.port()) + "/ws/second?v=2"});
    OldRuleViewer viewer(service.port(), "second");
    LivePublisher second(service.url("second"));
    service.waitFor("event=published session=second");
    eventually("it waits", [&] { return stateOf(service, "second") == "waiting"; });
    g_assert_cmpfloat(service.metric("service.sessions_waiting"), ==, 1);
    const auto hears = [&told](const char *word) {
        return told.waitForFrames([word](const auto &frames) {
            for (const auto &frame : frames)
                if (frame.data.find("\"type\":\"state\",\"state\":\"" + std::string(word)) !=
                    std::string::npos)
                    return true;
            return false;
        });
    };
    g_assert_true(hears("queued"));
    second.play(makeDtmf("271"));
    g_assert_cmpint(first.finish(), ==, 0);
    service.waitFor("event=admitted session=second");
    expectFinals(viewer, "271");
    g_assert_cmpint(second.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void what_was_said_while_a_session_waited_is_heard_after_its_publisher_has_left() {
    RunningService service({"GLADIA_MAX_SESSIONS=1"});
    LivePublisher first(service.url("first"));
    service.waitFor("event=published session=first");
    OldRuleViewer viewer(service.port(), "second");
    LivePublisher second(service.url("second"));
    service.waitFor("event=published session=second");
    second.play(makeDtmf("161"));
    g_assert_cmpint(second.finish(), ==, 0);
    service.waitFor("event=unpublished session=second");
    g_assert_cmpint(first.finish(), ==, 0);
    expectFinals(viewer, "161");
    service.waitFor("event=over session=second");
    g_assert_cmpint(service.end(), ==, 0);
}

void a_lost_publisher_keeps_its_place_and_a_clean_end_frees_it() {
    RunningService service({"BACKPRESSURE_MAX_STREAMS=1", "BACKPRESSURE_GRACE_PERIOD=600"});
    {
        LivePublisher lost(service.url("s"));
        service.waitFor("event=published session=s");
    } // killed
    service.waitFor("event=unpublished session=s");
    LivePublisher other(service.url("other"));
    g_assert_true(other.process().waitFor("RESOURCE_EXHAUSTED"));
    LivePublisher back(service.url("s"));
    service.waitFor("event=published session=s", 2);
    g_assert_cmpint(back.finish(), ==, 0);
    service.waitFor("event=over session=s");
    LivePublisher next(service.url("next"));
    service.waitFor("event=published session=next");
    g_assert_cmpint(next.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void only_who_has_a_token_publishes_and_watches() {
    RunningService service({"PUBLISHER_TOKENS=s:sesame", "VIEWER_TOKEN=open"});
    LivePublisher stranger(service.url("s"));
    g_assert_true(stranger.process().waitFor("UNAUTHENTICATED"));
    g_assert_cmpint(service.get("/sessions").status, ==, 401);
    g_assert_true(service.output().find("event=starting") == std::string::npos); // nothing was made for it
    LivePublisher publisher(service.url("s") + "?token=sesame");
    service.waitFor("event=published session=s");
    const auto base = "ws://127.0.0.1:" + std::to_string(service.port()) + "/ws/s";
    g_assert_cmpint(WebSocketClient({base}).status(), ==, 401);
    g_assert_true(WebSocketClient({base + "?token=open"}).connected());
    g_assert_true(service.output().find("sesame") == std::string::npos);
    g_assert_cmpint(publisher.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void both_ports_speak_tls() {
    if (!haveProgram("openssl"))
        return g_test_skip("there is no openssl to make a certificate with");
    const TemporaryDirectory directory;
    const auto pem = makeCertificate(directory, "server", "IP:127.0.0.1");
    RunningService service({"TLS_CERTIFICATE_FILE=" + pem, "RTMP_TLS_CERTIFICATE_FILE=" + pem});
    const auto host = "127.0.0.1:" + std::to_string(service.port());
    g_assert_cmpint(httpRequest("GET", "https://" + host + "/readyz", {}, "", 20, pem).status, ==, 200);
    g_assert_cmpint(httpRequest("GET", "http://" + host + "/readyz").status, !=, 200);
    WebSocketClient::Options options{"wss://" + host + "/ws/s"};
    options.caFile = pem;
    const WebSocketClient viewer(options);
    g_assert_true(viewer.connected());
    LivePublisher publisher("rtmps" + service.url("s").substr(4));
    service.waitFor("event=published session=s");
    publisher.play(makeDtmf("7"));
    g_assert_true(viewer.waitForFrames([](const auto &frames) { return !frames.empty(); }));
    g_assert_cmpint(publisher.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void the_second_signal_ends_it_at_once() {
    RunningService service;
    LivePublisher publisher(service.url("s"));
    service.waitFor("event=published session=s");
    OldRuleViewer viewer(service.port(), "s");
    publisher.play(makeDtmf("1"));
    expectFinals(viewer, "1");
    recogniser->addFaults(R"({"faults": [{"do": "mute"}]})"); // its last words never come
    kill(service.pid(), SIGTERM);
    service.waitFor("event=draining");
    g_assert_cmpint(service.get("/readyz").status, ==, 503);
    LivePublisher late(service.url("late"));
    if (!late.process().waitFor("UNAVAILABLE"))
        g_error("%s", service.output().c_str());
    g_assert_cmpint(service.end(), ==, 1);
    recogniser->faults().clear();
}

/// The manager's end of NOTIFY_SOCKET.
class Manager {
public:
    Manager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        g_strlcpy(name.sun_path, path_.c_str(), sizeof name.sun_path);
        g_assert_cmpint(bind(fd_.get(), reinterpret_cast<sockaddr *>(&name), sizeof name), ==, 0);
        const timeval patience{60, 0};
        setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    Texts environment() const { return {"NOTIFY_SOCKET=" + path_, "WATCHDOG_USEC=300000"}; }
    void waitFor(const std::string &begin) {
        for (;;) {
            char message[512];
            const auto got = recv(fd_.get(), message, sizeof message, 0);
            if (got < 0)
                g_error("the manager was never told %s", begin.c_str());
            if (std::string(message, static_cast<std::size_t>(got)).starts_with(begin))
                return;
        }
    }

private:
    const TemporaryDirectory directory_;
    const std::string path_ = directory_.file("notify");
    const lt::net::UniqueFd fd_;
};

void the_service_manager_is_told() {
    Manager manager;
    RunningService service(manager.environment());
    manager.waitFor("STATUS=0 of 100 sessions");
    manager.waitFor("READY=1");
    manager.waitFor("WATCHDOG=1");
    manager.waitFor("WATCHDOG=1");
    LivePublisher publisher(service.url("s"));
    manager.waitFor("STATUS=1 of 100 sessions");
    kill(service.pid(), SIGHUP);
    manager.waitFor("RELOADING=1");
    manager.waitFor("READY=1");
    kill(service.pid(), SIGTERM);
    manager.waitFor("STOPPING=1");
    g_assert_cmpint(service.end(0), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    begin(argc, argv);
    g_test_add_func("/operator/sessions_are_listed_with_their_particulars",
                    sessions_are_listed_with_their_particulars);
    g_test_add_func("/operator/the_process_and_its_sessions_are_measured",
                    the_process_and_its_sessions_are_measured);
    g_test_add_func("/operator/probes_never_kill", probes_never_kill);
    g_test_add_func("/operator/a_reload_is_for_sessions_to_come_and_a_bad_one_for_none",
                    a_reload_is_for_sessions_to_come_and_a_bad_one_for_none);
    g_test_add_func("/operator/a_session_in_which_nothing_is_heard_ends",
                    a_session_in_which_nothing_is_heard_ends);
    g_test_add_func("/operator/a_session_without_a_place_keeps_its_audio_and_tells_its_viewers",
                    a_session_without_a_place_keeps_its_audio_and_tells_its_viewers);
    g_test_add_func("/operator/what_was_said_while_a_session_waited_is_heard_after_its_publisher_has_left",
                    what_was_said_while_a_session_waited_is_heard_after_its_publisher_has_left);
    g_test_add_func("/operator/a_lost_publisher_keeps_its_place_and_a_clean_end_frees_it",
                    a_lost_publisher_keeps_its_place_and_a_clean_end_frees_it);
    g_test_add_func("/operator/only_who_has_a_token_publishes_and_watches",
                    only_who_has_a_token_publishes_and_watches);
    g_test_add_func("/operator/both_ports_speak_tls", both_ports_speak_tls);
    g_test_add_func("/operator/the_second_signal_ends_it_at_once", the_second_signal_ends_it_at_once);
    g_test_add_func("/operator/the_service_manager_is_told", the_service_manager_is_told);
    const int result = g_test_run();
    recogniser.reset();
    return result;
}
