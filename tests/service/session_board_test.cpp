// SPDX-License-Identifier: LGPL-2.1-or-later
// What the world outside is told of the settings' doors and of sessions; nothing runs.
#include "pipelines/livetranscriptd/doors.h"
#include "pipelines/livetranscriptd/session_board.h"

#include <glib.h>

using namespace lt;
using namespace lt::service;

namespace {

void same(const std::string &text, const char *expected) {
    g_assert_cmpstr(text.c_str(), ==, expected);
}

SessionReport reportOf(const char *name, const char *state, bool waiting = false) {
    return {name, state, 0, "", waiting, {"127.0.0.1:1", "ffmpeg"}, 1767225600123};
}

std::string described(const SessionBoard &board, const std::string &session) {
    JsonWriter writer;
    writer.beginObject();
    board.describe(session, writer);
    writer.endObject();
    return writer.take();
}

void a_session_is_described_as_it_was_reported_last() {
    metrics::Registry registry;
    SessionBoard board(registry);
    board.put(reportOf("s", "starting"));
    auto report = reportOf("s", "restarting");
    report.restarts = 2;
    report.lastError = "no \"way\"";
    report.publisher = {};
    board.put(report);
    same(described(board, "s"), R"({"state":"restarting","sinceUnixMs":1767225600123,"restarts":2,)"
                                R"("publisher":null,"lastError":"no \"way\""})");
    same(described(board, "other"), "{}");
    board.remove("s");
    g_assert_true(board.names().empty());
}

void it_is_closed_when_it_is_full_and_when_it_is_said() {
    metrics::Registry registry;
    SessionBoard board(registry);
    board.setLimit(1);
    same(board.closedBecause(), "");
    board.put(reportOf("s", "running"));
    same(board.closedBecause(), "no more sessions");
    board.remove("s");
    same(board.closedBecause(), "");
    board.close("draining");
    same(board.closedBecause(), "draining");
    same(board.summary(), "draining: 0 of 1 sessions, 0 of them waiting");
}

void sessions_are_counted() {
    namespace names = metrics::names;
    metrics::Registry registry;
    SessionBoard board(registry);
    board.put(reportOf("a", "running"));
    board.put(reportOf("b", "waiting", true));
    board.put(reportOf("b", "waiting", true));
    g_assert_cmpint(registry.gauge(names::kSessions).value(), ==, 2);
    g_assert_cmpint(registry.gauge(names::kSessionsWaiting).value(), ==, 1);
    g_assert_cmpuint(registry.counter(names::kSessionsBegun).value(), ==, 2);
    board.count("restarting");
    board.count("idle");
    board.count("starting");
    g_assert_cmpuint(registry.counter(names::kRestarts).value(), ==, 1);
    g_assert_cmpuint(registry.counter(names::kSessionsIdle).value(), ==, 1);
    board.setStuck(2);
    g_assert_cmpint(registry.gauge(names::kPipelinesStuck).value(), ==, 2);
}

Settings settingsOf(const std::map<std::string, std::string, std::less<>> &values) {
    const SettingSource sources[] = {{Origin::Environment, "environment", {{"STT", "local"}}},
                                     {Origin::ConfigFile, "config.env", values}};
    auto resolution = resolveSettings(sources);
    g_assert_true(resolution.problems.empty());
    return resolution.settings;
}

void a_door_is_said_alike_to_services_and_elements() {
    const auto settings = settingsOf({{"VIEWER_TOKEN", "sesame"},
                                      {"ALLOWED_ORIGINS", "https://a.example, https://b.example"},
                                      {"MAX_SESSION_VIEWERS", "9"},
                                      {"TLS_CERTIFICATE_FILE", "/c.pem"},
                                      {"RTMP_TLS_CERTIFICATE_FILE", "/r.pem"}});
    const auto access = viewerAccess(settings);
    same(access.token.environment, "VIEWER_TOKEN");
    g_assert_cmpuint(access.allowedOrigins.size(), ==, 2);
    g_assert_true(access.waitForSession);
    same(viewerDoorProperties(settings, 3000),
         "address=\"127.0.0.1\" port=\"3000\" auth-token-env=\"VIEWER_TOKEN\" "
         "allowed-origins=\"https://a.example, https://b.example\" max-viewers=\"10000\" "
         "max-session-viewers=\"9\" max-address-viewers=\"0\" unknown-session=\"wait\" "
         "tls-certificate-file=\"/c.pem\" metrics-port=\"0\" metrics-need-token=\"false\"");
    same(publisherDoorProperties(settings, 1937),
         "address=\"127.0.0.1\" port=\"1937\" app=\"live\" publisher-policy=\"refuse\" "
         "tls-certificate-file=\"/r.pem\"");
    g_assert_false(publisherTokens(settings).set());
}

void what_holds_for_a_port_is_kept_by_a_reload() {
    const auto running = settingsOf({{"VIEWER_TOKEN", "old"}, {"BACKPRESSURE_MAX_STREAMS", "5"}});
    std::vector<std::string> kept;
    const auto fresh = settingsOf({{"VIEWER_TOKEN", "new"}, {"PORT", "1"}, {"BACKPRESSURE_MAX_STREAMS", "6"}})
                           .reloadedInto(running, kept);
    g_assert_cmpint(fresh.number(Setting::MaxStreams), ==, 6);
    g_assert_cmpint(fresh.number(Setting::Port), ==, 3000);
    same(fresh.text(Setting::ViewerToken), "old");
    g_assert_true((kept == std::vector<std::string>{"PORT", "VIEWER_TOKEN"}));
}

void settings_that_contradict_each_other_are_refused() {
    const SettingSource sources[] = {
        {Origin::Environment,
         "environment",
         {{"STT", "local"}, {"VIEWER_TOKEN", "t"}, {"VIEWER_TOKEN_FILE", "/t"}, {"TLS_KEY_FILE", "/k"}}}};
    const auto problems = resolveSettings(sources).problems;
    g_assert_cmpuint(problems.size(), ==, 2);
    same(problems[0], "VIEWER_TOKEN and VIEWER_TOKEN_FILE are both set: choose one of them");
    same(problems[1], "TLS_KEY_FILE is set, but TLS_CERTIFICATE_FILE is not");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/session-board/a_session_is_described_as_it_was_reported_last",
                    a_session_is_described_as_it_was_reported_last);
    g_test_add_func("/session-board/it_is_closed_when_it_is_full_and_when_it_is_said",
                    it_is_closed_when_it_is_full_and_when_it_is_said);
    g_test_add_func("/session-board/sessions_are_counted", sessions_are_counted);
    g_test_add_func("/doors/a_door_is_said_alike_to_services_and_elements",
                    a_door_is_said_alike_to_services_and_elements);
    g_test_add_func("/settings/what_holds_for_a_port_is_kept_by_a_reload",
                    what_holds_for_a_port_is_kept_by_a_reload);
    g_test_add_func("/settings/settings_that_contradict_each_other_are_refused",
                    settings_that_contradict_each_other_are_refused);
    return g_test_run();
}
