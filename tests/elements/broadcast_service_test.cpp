// SPDX-License-Identifier: LGPL-2.1-or-later
// transcriptbroadcast as one of several users of a port and a process: sessions, HTTP, what stays behind.
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"
#include "tests/elements/broadcast_rig.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_viewer.h"

#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>

#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace broadcast_test;
using lt::support::httpRequest;
using lt::test::RawViewer;

namespace {

void expectText(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

void two_sessions_share_a_port_and_nothing_crosses() {
    Rig one("one");
    Rig two("two", one.port());
    g_assert_cmpuint(one.port(), ==, two.port());
    WebSocketClient ofOne(one.at("/ws/one")), ofTwo(one.at("/ws?session=two"));
    one.waitForClient("viewer-added");
    two.waitForClient("viewer-added");
    for (int i = 0; i < 50; i++) {
        one.push(transcript("u" + std::to_string(i), "one"));
        two.push(transcript("u" + std::to_string(i), "two"));
    }
    for (auto *viewer : {&ofOne, &ofTwo}) {
        g_assert_true(viewer->waitForFrames([](const auto &frames) { return frames.size() == 50; }));
        const std::string own = viewer == &ofOne ? "one" : "two";
        for (const auto &frame : viewer->frames())
            g_assert_true(frame.data.find("\"sessionSlug\":\"" + own + "\",\"text\":\"" + own + '"') !=
                          frame.data.npos);
    }
}

/// What the element says when it cannot start.
std::string refusalOf(lt::ObjectRef<GstElement> element) {
    const lt::ObjectRef<GstBus> bus(gst_bus_new());
    gst_element_set_bus(element.get(), bus.get());
    g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    const auto message = waitFor(bus.get(), GST_MESSAGE_ERROR);
    gst_element_set_bus(element.get(), nullptr);
    gst_element_set_state(element.get(), GST_STATE_NULL);
    return Rig::problemOf(message.get());
}

void a_second_element_of_a_session_is_refused_until_the_first_has_gone() {
    auto first = std::make_unique<Rig>("demo");
    const std::uint16_t port = first->port();
    const std::string refusal = refusalOf(makeBroadcast("demo", port));
    g_test_message("%s", refusal.c_str());
    g_assert_true(refusal.starts_with("gst-resource-error-quark " + std::to_string(GST_RESOURCE_ERROR_BUSY)));
    g_assert_true(refusal.find("\"demo\"") != refusal.npos);
    Rig other("other", port); // keeps the server alive
    first.reset();
    Rig again("demo", port);
    g_assert_cmpuint(again.port(), ==, port);
}

void a_port_in_use_is_named_and_free_again_afterwards() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *generic = reinterpret_cast<sockaddr *>(&address);
    g_assert_true(bind(fd, generic, size) == 0 && listen(fd, 1) == 0 && getsockname(fd, generic, &size) == 0);
    const guint port = ntohs(address.sin_port);
    const std::string refusal = refusalOf(makeBroadcast("demo", port));
    g_test_message("%s", refusal.c_str());
    g_assert_true(refusal.starts_with("gst-resource-error-quark " + std::to_string(GST_RESOURCE_ERROR_BUSY)));
    g_assert_true(refusal.find("127.0.0.1") != refusal.npos);
    g_assert_true(refusal.find(std::to_string(port)) != refusal.npos);
    close(fd);
    for (int i = 0; i < 2; i++) {
        Rig rig("demo", port);
        g_assert_cmpuint(rig.port(), ==, port);
    }
}

void nonsense_in_the_properties_is_refused_with_a_sentence() {
    auto element = makeBroadcast("not a session!");
    std::string refusal = refusalOf(std::move(element));
    g_assert_true(refusal.starts_with("gst-library-error-quark"));
    g_assert_true(refusal.find("not a session!") != refusal.npos);
    element = makeBroadcast("demo");
    g_object_set(element.get(), "address", "example.invalid", nullptr);
    refusal = refusalOf(std::move(element));
    g_assert_true(refusal.find("not an IP address") != refusal.npos);
}

void the_session_comes_from_the_context_and_is_told_to_others() {
    Rig unset(makeBroadcast(nullptr));
    g_assert_cmpint(httpRequest("GET", unset.http("/ws/default")).status, ==, 426);
    auto element = makeBroadcast(nullptr);
    const lt::MiniRef<GstContext> context(gst_context_new(lt::kSessionContextType, TRUE));
    gst_structure_set(gst_context_writable_structure(context.get()), "session", G_TYPE_STRING, "fromcontext",
                      nullptr);
    gst_element_set_context(element.get(), context.get());
    Rig rig(std::move(element));
    g_assert_cmpint(httpRequest("GET", rig.http("/ws/fromcontext")).status, ==, 426);
    const lt::QueryRef query(gst_query_new_context(lt::kSessionContextType));
    g_assert_true(gst_pad_peer_query(rig.h->srcpad, query.get()));
    GstContext *answer = nullptr;
    gst_query_parse_context(query.get(), &answer);
    g_assert_cmpstr(gst_structure_get_string(gst_context_get_structure(answer), "session"), ==,
                    "fromcontext");
    const auto message = waitFor(rig.bus.get(), GST_MESSAGE_HAVE_CONTEXT);
    g_assert_nonnull(message.get());
}

void http_answers_for_people_and_machines() {
    Rig rig;
    rig.push(transcript("u1", "a"));
    expectText(httpRequest("GET", rig.http("/healthz")).body, "{\"status\":\"ok\"}\n");
    const auto ready = httpRequest("GET", rig.http("/readyz"));
    g_assert_cmpint(ready.status, ==, 200);
    g_assert_true(ready.body.starts_with(R"({"status":"ready","sessions":1,"viewers":0,"checks":{)"));
    expectText(httpRequest("GET", rig.http("/sessions")).body, "{\"sessions\":[\"demo\"]}\n");
    const auto json = httpRequest("GET", rig.http("/metrics"));
    expectText(json.headers.at("content-type"), "application/json");
    g_assert_true(json.body.find("\"ws.session_clients.demo\":0") != json.body.npos);
    for (const bool byQuery : {true, false}) {
        const auto text =
            httpRequest("GET", rig.http(byQuery ? "/metrics?format=prometheus" : "/metrics"),
                        {{"Accept", byQuery ? "*/*" : "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}});
        g_assert_true(text.body.find("ws_session_clients{session=\"demo\"} 0") != text.body.npos);
    }
    const auto page = httpRequest("GET", rig.http("/?session=demo"));
    g_assert_cmpint(page.status, ==, 200);
    g_assert_true(page.headers.at("content-security-policy").starts_with("default-src 'none'"));
    g_assert_true(page.headers.at("content-security-policy").find("unsafe") == std::string::npos);
    for (const char *path : {"/", "/viewer.js", "/captions.js", "/follow.js", "/options.js", "/sessions.js",
                             "/client.js", "/theme.js", "/theme.css", "/viewer.css", "/favicon.svg"}) {
        const auto file = httpRequest("GET", rig.http(path));
        g_assert_cmpint(file.status, ==, 200);
        expectText(file.headers.at("x-content-type-options"), "nosniff");
        // Other origins may import the client and nothing else.
        g_assert_cmpint(file.headers.count("access-control-allow-origin"), ==,
                        std::string_view(path) == "/client.js");
        // Nothing is asked from elsewhere.
        g_assert_true(file.body.find("https://") == file.body.npos);
        g_assert_true(file.body.find("//cdn") == file.body.npos);
    }
    g_assert_cmpint(httpRequest("GET", rig.http("/nothing")).status, ==, 404);
    g_assert_cmpint(httpRequest("POST", rig.http("/metrics"), {}, std::string(100000, 'x')).status, ==, 405);
}

void the_recogniser_of_a_tagged_stream_is_named() {
    Rig rig;
    rig.push(transcript("u1", "a"));
    g_assert_true(gst_harness_push_event(
        rig.h, gst_event_new_tag(gst_tag_list_new(GST_TAG_TRANSCRIPT_RECOGNISER, "by hand", nullptr))));
    expectText(httpRequest("GET", rig.http("/sessions")).body,
               "{\"sessions\":[\"demo\"],\"recognisers\":{\"demo\":\"by hand\"}}\n");
}

/// The fan-out thread makes and removes a session's series in its own time, and HTTP has nothing to wait on.
void waitUntilMetrics(const std::string &url, bool have, const char *word) {
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(GST_TIME_AS_USECONDS(kPatience));
    while ((httpRequest("GET", url).body.find(word) != std::string::npos) != have) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(5000);
    }
}

void a_session_leaves_no_series_behind() {
    Rig staying("staying");
    const std::string url = staying.http("/metrics");
    {
        Rig leaving("leaving", staying.port());
        leaving.push(transcript("u1", "a"));
        waitUntilMetrics(url, true, "\"leaving\"");
    }
    waitUntilMetrics(url, false, "leaving");
    expectText(httpRequest("GET", staying.http("/sessions")).body, "{\"sessions\":[\"staying\"]}\n");
}

void nobody_is_pinged_or_closed_in_paused() {
    Rig rig;
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_livetranscript_heartbeat("test", 20, 1)));
    g_assert_cmpint(gst_element_set_state(rig.element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_SUCCESS);
    RawViewer silent(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    // Ten rounds through the fan-out thread, far more than the deadline needs.
    for (int i = 0; i < 10; i++)
        g_assert_cmpint(httpRequest("GET", rig.http("/healthz")).status, ==, 200);
    g_assert_cmpuint(rig.stat("viewers"), ==, 1);
    g_assert_cmpint(gst_element_set_state(rig.element.get(), GST_STATE_PLAYING), ==,
                    GST_STATE_CHANGE_SUCCESS);
    expectText(rig.waitForClient("viewer-removed"), "heartbeat-timeout");
}

/// Threads of ours; GLib keeps some of its own for a while.
std::size_t ioThreads() {
    std::size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(entry.path() / "comm"), name);
        count += name.starts_with("lt-");
    }
    return count;
}

void a_hundred_rounds_give_everything_back() {
    const auto round = [](int i) {
        auto element = makeBroadcast("demo");
        const auto state = i % 3 == 0 ? GST_STATE_READY : i % 3 == 1 ? GST_STATE_PAUSED : GST_STATE_PLAYING;
        gst_element_set_state(element.get(), state);
        gst_element_set_state(element.get(), GST_STATE_NULL);
        Rig rig("demo");
        WebSocketClient viewer(rig.at("/ws/demo"));
        rig.waitForClient("viewer-added");
        rig.push(transcript("u1", "a"));
        g_assert_true(waitForTexts(viewer, "a"));
    };
    round(0);
    const auto settled = [](const auto &count, std::size_t wanted) {
        const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
        while (count() > wanted && g_get_monotonic_time() < end)
            g_usleep(10000); // viewers may linger for 2 s to finish their closing handshake
        return count() <= wanted;
    };
    g_assert_true(settled(ioThreads, 0));
    const std::size_t descriptors = Rig::descriptors();
    for (int i = 0; i < 100; i++)
        round(i);
    g_assert_true(settled(ioThreads, 0));
    g_assert_true(settled(&Rig::descriptors, descriptors));
}

struct Log {
    std::mutex mutex;
    std::string text;
};

void keepLog(GstDebugCategory *, GstDebugLevel, const gchar *, const gchar *, gint, GObject *,
             GstDebugMessage *message, gpointer log) {
    const std::string line = gst_debug_message_get(message);
    std::lock_guard lock(static_cast<Log *>(log)->mutex);
    static_cast<Log *>(log)->text += line + '\n';
}

/// Keeps what is logged while it lives.
struct LogKeeper {
    explicit LogKeeper(const char *threshold) {
        (gst_debug_remove_log_function)(gst_debug_log_default);
        (gst_debug_add_log_function)(keepLog, &log, nullptr);
        gst_debug_set_threshold_from_string(threshold, TRUE);
    }
    ~LogKeeper() {
        gst_debug_set_threshold_from_string("GST_TRACER:7", TRUE);
        (gst_debug_remove_log_function)(keepLog);
        (gst_debug_add_log_function)(gst_debug_log_default, nullptr, nullptr);
    }
    LogKeeper(const LogKeeper &) = delete;
    LogKeeper &operator=(const LogKeeper &) = delete;
    std::string text() {
        std::lock_guard lock(log.mutex);
        return log.text;
    }

    Log log;
};

void the_log_tells_once_a_second_how_it_goes() {
    LogKeeper keeper("transcriptbroadcast:4");
    Rig rig;
    const char *sent = R"(\[TX\] fps=\d+\.\d q=\d+ drops=\d+ session=demo)";
    const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    do {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        rig.push(transcript("u1", "a", false));
    } while (!g_regex_match_simple(sent, keeper.text().c_str(), GRegexCompileFlags{}, GRegexMatchFlags{}));
}

/// The sum of the numbers that the first group of `pattern` finds.
guint64 sumIn(const std::string &text, const char *pattern) {
    GRegex *regex = g_regex_new(pattern, GRegexCompileFlags{}, GRegexMatchFlags{}, nullptr);
    GMatchInfo *match = nullptr;
    guint64 sum = 0;
    for (g_regex_match(regex, text.c_str(), GRegexMatchFlags{}, &match); g_match_info_matches(match);
         g_match_info_next(match, nullptr)) {
        const lt::CharPtr number(g_match_info_fetch(match, 1));
        sum += g_ascii_strtoull(number.get(), nullptr, 10);
    }
    g_match_info_free(match);
    g_regex_unref(regex);
    return sum;
}

void every_drop_and_why_viewers_went_is_in_the_log() {
    LogKeeper keeper("broadcast:4");
    auto element = makeBroadcast("demo");
    g_object_set(element.get(), "max-queue", 5u, "max-partial-age-ms", 0u, nullptr);
    Rig rig(std::move(element));
    RawViewer slow(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    const std::string text(20 * 1024, 'x');
    const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    for (int i = 0; rig.stat("dropped-finals") < 100; i++) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        rig.push(transcript("u" + std::to_string(i), text));
    }
    // It is closed for its silence, and what it lost until then is told before.
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_livetranscript_heartbeat("test", 100, 1)));
    expectText(rig.waitForClient("viewer-removed"), "heartbeat-timeout");
    const std::string log = keeper.text();
    const char *line = R"(session demo: viewer 1 lost \d+ partials and (\d+) finals since the last line)";
    g_assert_cmpuint(sumIn(log, line), ==, rig.stat("dropped-finals"));
    g_assert_true(log.find("has gone: heartbeat-timeout") != log.npos);
    g_assert_true(log.find("is slow: ") != log.npos);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    const std::string prefix = "/broadcast_service/";
    const std::pair<const char *, void (*)()> tests[] = {
        {"two-sessions", two_sessions_share_a_port_and_nothing_crosses},
        {"same-session", a_second_element_of_a_session_is_refused_until_the_first_has_gone},
        {"port", a_port_in_use_is_named_and_free_again_afterwards},
        {"nonsense", nonsense_in_the_properties_is_refused_with_a_sentence},
        {"context", the_session_comes_from_the_context_and_is_told_to_others},
        {"http", http_answers_for_people_and_machines},
        {"recogniser", the_recogniser_of_a_tagged_stream_is_named},
        {"series", a_session_leaves_no_series_behind},
        {"paused", nobody_is_pinged_or_closed_in_paused},
        {"log", the_log_tells_once_a_second_how_it_goes},
        {"drops", every_drop_and_why_viewers_went_is_in_the_log},
        {"rounds", a_hundred_rounds_give_everything_back},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((prefix + name).c_str(), test);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
