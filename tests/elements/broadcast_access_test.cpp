// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets in: tokens, origins, limits, timeouts, TLS, and where the metrics stand.
#include "lib/broadcast/broadcast_server.h"
#include "tests/elements/broadcast_rig.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_viewer.h"
#include "tests/support/tls_relay.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <glib/gstdio.h>
#include <gst/gst.h>

using namespace broadcast_test;
using lt::support::HttpAnswer;
using lt::support::httpRequest;
using lt::test::RawViewer;

namespace {

constexpr const char *kTokenVariable = "LT_TEST_VIEWER_TOKEN";

/// Properties are NAME=VALUE.
lt::ObjectRef<GstElement> makeWith(const std::vector<std::string> &properties, const char *session = "demo",
                                   guint port = 0) {
    auto element = makeBroadcast(session, port);
    for (const auto &property : properties) {
        const auto equals = property.find('=');
        gst_util_set_object_arg(G_OBJECT(element.get()), property.substr(0, equals).c_str(),
                                property.substr(equals + 1).c_str());
    }
    return element;
}

lt::support::Headers upgradeHeaders() {
    return {{"Connection", "Upgrade"},
            {"Upgrade", "websocket"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
}

/// A refusal is told by status and by a JSON body that names the word.
void expectRefusal(const HttpAnswer &answer, int status, const char *word) {
    g_test_message("%d %s", answer.status, answer.body.c_str());
    g_assert_cmpint(answer.status, ==, status);
    g_assert_cmpstr(answer.headers.at("content-type").c_str(), ==, "application/json");
    g_assert_nonnull(std::strstr(answer.body.c_str(), (std::string("\"error\":\"") + word).c_str()));
}

HttpAnswer knock(const Rig &rig, const std::string &path, const lt::support::Headers &more = {}) {
    auto headers = upgradeHeaders();
    headers.insert(headers.end(), more.begin(), more.end());
    return httpRequest("GET", rig.http(path), headers);
}

void a_token_is_taken_from_header_sub_protocol_or_query() {
    g_setenv(kTokenVariable, "s3cret", TRUE);
    Rig rig(makeWith({std::string("auth-token-env=") + kTokenVariable}));
    expectRefusal(knock(rig, "/ws/demo"), 401, "UNAUTHENTICATED");
    const auto wrong = knock(rig, "/ws/demo?token=s3creT");
    expectRefusal(wrong, 401, "UNAUTHENTICATED");
    g_assert_cmpint(static_cast<int>(wrong.headers.count("www-authenticate")), ==, 1);
    g_assert_cmpint(static_cast<int>(wrong.body.find("s3cre")), ==, -1);
    // Who may not watch does not learn what there is to watch.
    expectRefusal(knock(rig, "/ws/nobody"), 401, "UNAUTHENTICATED");
    expectRefusal(httpRequest("GET", rig.http("/sessions")), 401, "UNAUTHENTICATED");

    auto options = rig.at("/ws/demo");
    options.headers = {{"Authorization", "Bearer s3cret"}};
    WebSocketClient byHeader(options);
    g_assert_true(byHeader.connected());
    WebSocketClient byQuery(rig.at("/ws/demo?token=s3cret"));
    g_assert_true(byQuery.connected());
    options = rig.at("/ws/demo");
    options.protocols = {"livetranscript.v1", "livetranscript.token.s3cret"};
    WebSocketClient byProtocol(options);
    g_assert_true(byProtocol.connected());
    for (int i = 0; i < 3; i++)
        rig.waitForClient("viewer-added");
    rig.push(transcript("u1", "hello"));
    for (const auto *client : {&byHeader, &byQuery, &byProtocol})
        g_assert_true(waitForTexts(*client, "hello"));
}

void the_token_never_comes_back_as_a_sub_protocol() {
    g_setenv(kTokenVariable, "s3cret", TRUE);
    Rig rig(makeWith({std::string("auth-token-env=") + kTokenVariable}));
    RawViewer v1(rig.port(), "/ws/demo",
                 "Sec-WebSocket-Protocol: livetranscript.token.s3cret, livetranscript.v1\r\n");
    g_assert_nonnull(std::strstr(v1.handshake().c_str(), "livetranscript.v1"));
    g_assert_null(std::strstr(v1.handshake().c_str(), "s3cret"));
    RawViewer v2(rig.port(), "/ws/demo",
                 "Sec-WebSocket-Protocol: livetranscript.v2, livetranscript.token.s3cret\r\n");
    g_assert_nonnull(std::strstr(v2.handshake().c_str(), "livetranscript.v2"));
    RawViewer none(rig.port(), "/ws/demo?token=s3cret", "Sec-WebSocket-Protocol: chat\r\n");
    g_assert_null(std::strstr(none.handshake().c_str(), "Sec-WebSocket-Protocol"));
}

void secrets_that_cannot_be_read_stop_the_element_with_a_sentence() {
    g_unsetenv(kTokenVariable);
    const struct {
        std::string property;
        const char *wanted;
    } rows[] = {
        {std::string("auth-token-env=") + kTokenVariable, "environment variable LT_TEST_VIEWER_TOKEN"},
        {"auth-token-file=/no/such/file", "/no/such/file"},
        {"tls-certificate-file=/no/such/file", "/no/such/file"},
        {"allowed-origins=example.org", "not an origin"},
        {"allowed-origins=https://example.org/page", "not an origin"},
    };
    for (const auto &row : rows) {
        const auto element = makeWith({row.property});
        const lt::ObjectRef<GstBus> bus(gst_bus_new());
        gst_element_set_bus(element.get(), bus.get());
        g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
        const auto message = waitFor(bus.get(), GST_MESSAGE_ERROR);
        const std::string problem = Rig::problemOf(message.get());
        g_test_message("%s", problem.c_str());
        g_assert_nonnull(std::strstr(problem.c_str(), row.wanted));
        gst_element_set_bus(element.get(), nullptr);
        gst_element_set_state(element.get(), GST_STATE_NULL);
    }
}

void pages_of_other_origins_are_refused() {
    Rig rig(makeWith({"allowed-origins=https://example.org, http://localhost:8080"}));
    expectRefusal(knock(rig, "/ws/demo", {{"Origin", "https://evil.example"}}), 403, "UNAUTHENTICATED");
    expectRefusal(knock(rig, "/ws/demo", {{"Origin", "null"}}), 403, "UNAUTHENTICATED");
    expectRefusal(knock(rig, "/ws/demo", {{"Origin", "https://example.org.evil.example"}}), 403,
                  "UNAUTHENTICATED");
    auto options = rig.at("/ws/demo");
    options.headers = {{"Origin", "https://EXAMPLE.org"}};
    g_assert_true(WebSocketClient(options).connected());
    g_assert_true(WebSocketClient(rig.at("/ws/demo")).connected()); // no browser
}

/// Waits until a place is free again.
bool getsIn(const Rig &rig, const std::string &path) {
    for (int i = 0; i < 2000; i++) {
        if (WebSocketClient(rig.at(path)).connected())
            return true;
        g_usleep(10000);
    }
    return false;
}

void viewers_are_limited_in_all_per_session_and_per_address() {
    const struct {
        const char *property;
        int status;
    } rows[] = {{"max-viewers=1", 503}, {"max-session-viewers=1", 503}, {"max-address-viewers=1", 429}};
    for (const auto &row : rows) {
        Rig rig(makeWith({row.property}));
        {
            WebSocketClient first(rig.at("/ws/demo"));
            g_assert_true(first.connected());
            const auto refused = knock(rig, "/ws/demo");
            expectRefusal(refused, row.status, "RESOURCE_EXHAUSTED");
            g_assert_cmpint(static_cast<int>(refused.headers.count("retry-after")), ==, 1);
            g_assert_nonnull(
                std::strstr(httpRequest("GET", rig.http("/readyz")).body.c_str(), "\"viewers\":1"));
        }
        g_assert_true(getsIn(rig, "/ws/demo"));
    }
}

void a_handshake_that_takes_too_long_is_cut_off() {
    Rig rig(makeWith({"handshake-timeout-ms=50"}));
    for (const char *begun : {"", "GET /ws/demo HTTP/1.1\r\nHost: x\r\nUpgr"}) {
        RawViewer slow(rig.port());
        slow.sendBytes(begun);
        g_assert_true(slow.reachesEnd());
    }
    // Who has been upgraded has no deadline any more: two others have come and gone since.
    WebSocketClient viewer(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    for (int i = 0; i < 2; i++)
        g_assert_true(RawViewer(rig.port()).reachesEnd());
    rig.push(transcript("u1", "still here"));
    g_assert_true(waitForTexts(viewer, "still here"));
}

void elements_that_share_a_port_agree_on_access() {
    Rig rig(makeWith({"max-viewers=7"}, "one"));
    const auto other = makeWith({}, "two", rig.port());
    const lt::ObjectRef<GstBus> bus(gst_bus_new());
    gst_element_set_bus(other.get(), bus.get());
    g_assert_cmpint(gst_element_set_state(other.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    const auto message = waitFor(bus.get(), GST_MESSAGE_ERROR);
    g_assert_nonnull(std::strstr(Rig::problemOf(message.get()).c_str(), "settings of access differ"));
    gst_element_set_bus(other.get(), nullptr);
    gst_element_set_state(other.get(), GST_STATE_NULL);
    Rig same(makeWith({"max-viewers=7"}, "two", rig.port()));
    g_assert_true(WebSocketClient(same.at("/ws/one")).connected());
    g_assert_true(WebSocketClient(rig.at("/ws/two")).connected());
}

void a_service_and_its_many_elements_share_one_ports_access() {
    g_setenv(kTokenVariable, "s3cret", TRUE);
    lt::broadcast::AccessSettings access;
    access.token.environment = kTokenVariable;
    access.allowedOrigins = {"https://good.example"};
    access.waitForSession = true;
    lt::broadcast::AttachError error;
    const auto server = lt::broadcast::BroadcastServer::open("127.0.0.1", 0, access, error);
    g_assert_nonnull(server.get());
    const std::vector<std::string> properties = {std::string("auth-token-env=") + kTokenVariable,
                                                 "allowed-origins=https://good.example",
                                                 "unknown-session=wait"};
    std::vector<std::unique_ptr<Rig>> rigs;
    for (int i = 0; i < 20; i++) {
        const std::string session = "s" + std::to_string(i);
        rigs.push_back(std::make_unique<Rig>(makeWith(properties, session.c_str(), server->port())));
        const std::string path = "/ws/" + session;
        const std::string shown = path + "?token=s3cret";
        expectRefusal(knock(*rigs[0], path), 401, "UNAUTHENTICATED");
        expectRefusal(knock(*rigs[0], shown, {{"Origin", "https://evil.example"}}), 403, "UNAUTHENTICATED");
        WebSocketClient viewer(rigs[0]->at(shown));
        g_assert_true(viewer.connected());
        rigs.back()->waitForClient("viewer-added");
        rigs.back()->push(transcript("u1", session));
        g_assert_true(viewer.waitForFrames([](const auto &frames) { return frames.size() == 1; }));
    }
    rigs.erase(rigs.begin()); // whoever goes takes nothing from the others
    expectRefusal(knock(*rigs[0], "/ws/s5"), 401, "UNAUTHENTICATED");
    g_assert_true(WebSocketClient(rigs[0]->at("/ws/s5?token=s3cret")).connected());
    server->shutDown();
    expectRefusal(knock(*rigs[0], "/ws/s5?token=s3cret"), 503, "UNAVAILABLE");
    g_unsetenv(kTokenVariable);
}

guint freePort() {
    Rig rig;
    return rig.port();
}

void metrics_may_stand_on_a_port_of_their_own() {
    const guint port = freePort();
    const std::string property = "metrics-port=" + std::to_string(port);
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/metrics";
    {
        auto first = std::make_unique<Rig>(makeWith({property}));
        Rig second(makeWith({property}, "second")); // of a port of its own, with the same one for metrics
        g_assert_cmpint(httpRequest("GET", first->http("/metrics")).status, ==, 404);
        g_assert_cmpint(httpRequest("GET", url).status, ==, 200);
        g_assert_cmpint(httpRequest("GET", "http://127.0.0.1:" + std::to_string(port) + "/ws/demo").status,
                        ==, 404);
        first.reset();
        g_assert_cmpint(httpRequest("GET", url).status, ==, 200);
    }
    g_assert_cmpint(httpRequest("GET", url).status, ==, 0);
}

void metrics_may_be_behind_the_token() {
    g_setenv(kTokenVariable, "s3cret", TRUE);
    const std::string token = std::string("auth-token-env=") + kTokenVariable;
    {
        Rig rig(makeWith({token}));
        g_assert_cmpint(httpRequest("GET", rig.http("/metrics")).status, ==, 200);
    }
    Rig rig(makeWith({token, "metrics-need-token=true"}));
    expectRefusal(httpRequest("GET", rig.http("/metrics")), 401, "UNAUTHENTICATED");
    g_assert_cmpint(httpRequest("GET", rig.http("/metrics"), {{"Authorization", "bearer s3cret"}}).status, ==,
                    200);
    g_assert_cmpint(httpRequest("GET", rig.http("/healthz")).status, ==, 200);
    g_assert_cmpint(httpRequest("GET", rig.http("/readyz")).status, ==, 200);
}

void with_a_certificate_the_port_speaks_tls() {
    const lt::support::TemporaryDirectory folder;
    const std::string certificate = lt::support::makeCertificate(folder, "server", "IP:127.0.0.1");
    // The first client to use TLS reads the system's list of authorities in its handshake: seconds,
    // instrumented.
    auto rig = std::make_unique<Rig>(
        makeWith({"tls-certificate-file=" + certificate, "handshake-timeout-ms=20000"}));
    const std::string base = "https://127.0.0.1:" + std::to_string(rig->port());
    const auto ready = httpRequest("GET", base + "/readyz", {}, "", 20, certificate);
    g_test_message("%d %s", ready.status, ready.error.c_str());
    g_assert_cmpint(ready.status, ==, 200);
    g_assert_cmpint(httpRequest("GET", rig->http("/readyz")).status, ==, 0); // no plain HTTP
    WebSocketClient viewer({base + "/ws/demo", {}, {}, 20, certificate});
    g_assert_true(viewer.connected());
    WebSocketClient leaver({base + "/ws/demo", {}, {}, 20, certificate});
    g_assert_true(leaver.connected());
    rig->waitForClient("viewer-added");
    rig->waitForClient("viewer-added");
    rig->push(transcript("u1", "hello", false));
    rig->push(transcript("u1", "hello again"));
    g_assert_true(viewer.waitForFrames([](const auto &frames) { return frames.size() == 2; }));
    leaver.breakOff();
    // Far more than a socket or a TLS record takes at once.
    const std::string much(300 * 1024, 'x');
    for (int i = 0; i < 3; i++)
        rig->push(transcript("v" + std::to_string(i), much));
    g_assert_true(viewer.waitForFrames([](const auto &frames) { return frames.size() == 5; }));
    for (std::size_t i = 2; i < 5; i++)
        g_assert_nonnull(std::strstr(viewer.frames()[i].data.c_str(), much.c_str()));
    viewer.sendText("anything");
    rig.reset();
    g_assert_true(viewer.waitForClose());
    g_assert_cmpint(viewer.closeCode(), ==, 1001);
}

bool hears(const WebSocketClient &client, const std::string &words) {
    return client.waitForFrames([&words](const auto &frames) {
        return std::any_of(frames.begin(), frames.end(),
                           [&words](const auto &frame) { return frame.data.find(words) != frame.data.npos; });
    });
}

void a_viewer_may_wait_for_a_session_that_is_not_there() {
    const std::vector<std::string> wait = {"unknown-session=wait"};
    auto rig = std::make_unique<Rig>(makeWith(wait));
    WebSocketClient early(rig->at("/ws/later?v=2"));
    g_assert_true(hears(early, "\"state\":\"waiting\""));
    // Nobody else learns of it.
    g_assert_true(httpRequest("GET", rig->http("/sessions")).body == "{\"sessions\":[\"demo\"]}\n");
    g_assert_null(std::strstr(httpRequest("GET", rig->http("/metrics")).body.c_str(), "later"));
    g_assert_cmpint(httpRequest("GET", rig->http("/ws/other")).status, ==, 404); // no WebSocket, no room
    {
        Rig later(makeWith(wait, "later", rig->port()));
        g_assert_true(hears(early, "\"state\":\"live\""));
        later.push(transcript("u1", "here I am"));
        g_assert_true(hears(early, "here I am"));
        g_assert_nonnull(std::strstr(httpRequest("GET", rig->http("/metrics")).body.c_str(), "later"));
    }
    g_assert_true(early.waitForClose());
    WebSocketClient vain(rig->at("/ws/never"));
    g_assert_true(vain.connected());
    rig.reset();
    g_assert_true(vain.waitForClose());
    g_assert_cmpint(vain.closeCode(), ==, 1001);
}

void waiting_rooms_are_limited_and_go_when_nobody_waits() {
    Rig rig(makeWith({"unknown-session=wait", "max-waiting-rooms=1", "room-idle-ms=20"}));
    {
        WebSocketClient first(rig.at("/ws/one"));
        g_assert_true(first.connected());
        g_assert_true(WebSocketClient(rig.at("/ws/one")).connected()); // the same room
        expectRefusal(knock(rig, "/ws/two"), 503, "RESOURCE_EXHAUSTED");
        g_assert_true(WebSocketClient(rig.at("/ws/demo")).connected());
    }
    g_assert_true(getsIn(rig, "/ws/two"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    const std::string prefix = "/broadcast-access/";
    const std::pair<const char *, void (*)()> tests[] = {
        {"token", a_token_is_taken_from_header_sub_protocol_or_query},
        {"sub-protocol", the_token_never_comes_back_as_a_sub_protocol},
        {"secrets", secrets_that_cannot_be_read_stop_the_element_with_a_sentence},
        {"origins", pages_of_other_origins_are_refused},
        {"limits", viewers_are_limited_in_all_per_session_and_per_address},
        {"handshake", a_handshake_that_takes_too_long_is_cut_off},
        {"shared-port", elements_that_share_a_port_agree_on_access},
        {"service", a_service_and_its_many_elements_share_one_ports_access},
        {"metrics-port", metrics_may_stand_on_a_port_of_their_own},
        {"metrics-token", metrics_may_be_behind_the_token},
        {"waiting", a_viewer_may_wait_for_a_session_that_is_not_there},
        {"waiting-rooms", waiting_rooms_are_limited_and_go_when_nobody_waits},
        {"tls", with_a_certificate_the_port_speaks_tls},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((prefix + name).c_str(), test);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
