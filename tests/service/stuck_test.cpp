// SPDX-License-Identifier: LGPL-2.1-or-later
// The service and pipelines that never stop. Arguments: livetranscriptd, pipelines/session.launch, and the
// folder of the plugin whose element hangs.
#include "tests/service/running_service.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/live_publisher.h"
#include "tests/support/old_rule_viewer.h"

#include <csignal>
#include <cstring>

#include <glib.h>

using namespace lt::support;
using namespace lt::service::test;

namespace {

std::string program, shipped, pluginFolder;

/// The shipped description with an element in each session that hangs; a registry that knows it.
class Hanging {
public:
    Hanging() : Hanging([](const std::string &text) { return text + "\nobstinate name=${session}\n"; }) {}

    template <typename Change>
    explicit Hanging(Change change) {
        gchar *text = nullptr;
        g_assert_true(g_file_get_contents(shipped.c_str(), &text, nullptr, nullptr));
        const std::string hanging = change(std::string(text));
        g_free(text);
        g_assert_true(g_file_set_contents(description().c_str(), hanging.c_str(), -1, nullptr));
        // With what is known already there is but one plugin to look at.
        gsize size = 0;
        if (const gchar *known = g_getenv("GST_REGISTRY_1_0");
            known && g_file_get_contents(known, &text, &size, nullptr)) {
            g_file_set_contents(registry().c_str(), text, static_cast<gssize>(size), nullptr);
            g_free(text);
        }
    }

    LiveService::Settings settings(const Texts &further, const Texts &options) const {
        const gchar *path = g_getenv("GST_PLUGIN_PATH_1_0");
        Texts environment{"GST_REGISTRY_1_0=" + registry(),
                          "GST_PLUGIN_PATH_1_0=" + std::string(path ? path : "") + ":" + pluginFolder};
        environment.insert(environment.end(), further.begin(), further.end());
        return {program, description(), recogniser->url(), environment, options};
    }

private:
    std::string description() const { return directory_.file("hanging.launch"); }
    std::string registry() const { return directory_.file("registry.bin"); }

    const TemporaryDirectory directory_;
};

HttpAnswer get(const LiveService &service, const std::string &path) {
    return httpRequest("GET", "http://127.0.0.1:" + std::to_string(service.port()) + path);
}

void expectIn(const std::string &text, const char *part) {
    if (!std::strstr(text.c_str(), part))
        g_error("no %s in: %s", part, text.c_str());
}

/// A session whose publisher comes and leaves properly, and whose pipeline then hangs.
void runInto(LiveService &service, const std::string &session, int soFar) {
    LivePublisher publisher(service.url(session));
    service.waitFor("event=published session=" + session);
    g_assert_cmpint(publisher.finish(), ==, 0);
    service.waitFor("event=stuck session=" + session);
    service.waitFor("within 300 ms; " + std::to_string(soFar) + " so far");
    service.waitFor("event=over session=" + session); // its place is free again
    const auto metrics = get(service, "/metrics?format=prometheus").body;
    expectIn(metrics, ("\nservice_pipelines_stuck " + std::to_string(soFar) + "\n").c_str());
}

void after_three_pipelines_that_hang_no_session_is_taken_and_the_others_go_on() {
    const Hanging hanging;
    LiveService service(hanging.settings({"SHUTDOWN_TIMEOUT_MS=300"}, {"--grace=12"}));
    OldRuleViewer viewer(service.port(), "good");
    LivePublisher good(service.url("good"));
    service.waitFor("event=published session=good");
    runInto(service, "one", 1);
    runInto(service, "streaming-two", 2); // its source and its room are still there
    g_assert_cmpint(get(service, "/readyz").status, ==, 200);
    g_assert_cmpuint(service.timesSaid("event=alarm"), ==, 0);
    runInto(service, "three", 3);

    service.waitFor(
        "event=alarm detail=\"3 pipelines hang: no more sessions are taken, restart the service\"");
    const auto ready = get(service, "/readyz");
    g_assert_cmpint(ready.status, ==, 503);
    expectIn(ready.body, "\"status\":\"no more sessions\"");
    g_assert_cmpint(get(service, "/healthz").status, ==, 200); // no reason to kill it
    LivePublisher fourth(service.url("four"));
    if (!fourth.process().waitFor("UNAVAILABLE: This server takes no more sessions: it needs its operator."))
        g_error("the fourth was told: %s", fourth.process().output().c_str());
    g_assert_true(fourth.process().waitForEnd().has_value());
    g_assert_cmpuint(service.timesSaid("session=four"), ==, 0);

    good.play(makeDtmf("314"));
    if (!viewer.waitForFinalText("314", kPatience))
        g_error("heard \"%s\"", viewer.finalText().c_str());
    g_assert_cmpint(service.end(), ==, 0); // though they hang
    g_assert_cmpuint(service.timesSaid("event=alarm"), ==, 1);
    g_assert_cmpuint(service.timesSaid("event=stuck session=good"), ==, 1);
    g_assert_true(viewer.waitForClose(kPatience));
    g_assert_cmpint(viewer.closeCode(), ==, 1001);
}

/// The description with an element more before the chunker.
std::string with(const std::string &element, std::string text) {
    const auto at = text.find("! pcmchunker");
    g_assert_true(at != text.npos);
    return text.insert(at, "! " + element + " ");
}

/// It never returns from the first buffer.
std::string withADam(const std::string &text) {
    return with("identity sleep-time=4294967295", text);
}

/// It takes 70 ms for each frame of 21.
std::string withABrake(const std::string &text) {
    return with("identity sleep-time=70000", text);
}

void a_pipeline_that_blocks_is_given_up_when_its_publisher_has_left() {
    const Hanging hanging(withADam);
    LiveService service(
        hanging.settings({"SHUTDOWN_TIMEOUT_MS=300", "BACKPRESSURE_IDLE_TIMEOUT=3600"}, {"--grace=2"}));
    LivePublisher publisher(service.url("one"));
    service.waitFor("event=published session=one");
    publisher.play(makeDtmf("1"));
    g_assert_cmpuint(service.timesSaid("event=blocked"), ==, 0);
    g_assert_cmpint(publisher.finish(), ==, 0);
    service.waitFor("event=blocked session=one");
    service.waitFor("event=stuck session=one");
    service.waitFor("event=over session=one"); // its place is free again
    expectIn(get(service, "/metrics?format=prometheus").body, "\nservice_pipelines_stuck 1\n");
    g_assert_cmpint(service.end(), ==, 0);
}

void a_pipeline_that_is_slow_is_let_finish_when_its_publisher_has_left() {
    const Hanging hanging(withABrake);
    LiveService service(
        hanging.settings({"SHUTDOWN_TIMEOUT_MS=1000", "BACKPRESSURE_IDLE_TIMEOUT=3600"}, {"--grace=12"}));
    OldRuleViewer viewer(service.port(), "one");
    LivePublisher publisher(service.url("one"));
    service.waitFor("event=published session=one");
    publisher.play(makeDtmf("123456"));
    g_assert_cmpint(publisher.finish(), ==, 0);
    if (!viewer.waitForFinalText("123456", kPatience))
        g_error("heard \"%s\"", viewer.finalText().c_str());
    service.waitFor("event=over session=one");
    g_assert_cmpuint(service.timesSaid("event=blocked"), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void a_second_signal_ends_a_service_with_pipelines_that_hang() {
    const Hanging hanging;
    LiveService service(hanging.settings({"SHUTDOWN_TIMEOUT_MS=60000"}, {}));
    LivePublisher publisher(service.url("streaming"));
    service.waitFor("event=published session=streaming");
    kill(service.pid(), SIGTERM);
    service.waitFor("event=draining session=streaming");
    g_assert_cmpint(service.end(), ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const auto arguments = begin(argc, argv);
    program = argv[1];
    shipped = argv[2];
    pluginFolder = arguments.at(0);
    g_test_add_func("/stuck/after_three_pipelines_that_hang_no_session_is_taken_and_the_others_go_on",
                    after_three_pipelines_that_hang_no_session_is_taken_and_the_others_go_on);
    g_test_add_func("/stuck/a_pipeline_that_blocks_is_given_up_when_its_publisher_has_left",
                    a_pipeline_that_blocks_is_given_up_when_its_publisher_has_left);
    g_test_add_func("/stuck/a_pipeline_that_is_slow_is_let_finish_when_its_publisher_has_left",
                    a_pipeline_that_is_slow_is_let_finish_when_its_publisher_has_left);
    g_test_add_func("/stuck/a_second_signal_ends_a_service_with_pipelines_that_hang",
                    a_second_signal_ends_a_service_with_pipelines_that_hang);
    const int result = g_test_run();
    recogniser.reset();
    return result;
}
