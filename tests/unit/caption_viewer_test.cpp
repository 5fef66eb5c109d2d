// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/caption_viewer.h"

#include <memory>
#include <string>

#include <glib.h>

using namespace lt::support;

namespace {

/// A hub of one session that says what a test tells it to.
class Hub {
public:
    explicit Hub(const char *path) : thread_("lt-test-hub") {
        thread_.call([&] {
            server_.reset(soup_server_new(nullptr, nullptr));
            serve(path);
            g_assert_true(soup_server_listen_local(server_.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, nullptr));
            GSList *uris = soup_server_get_uris(server_.get());
            port_ = g_uri_get_port(static_cast<GUri *>(uris->data));
            g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
        });
    }
    ~Hub() {
        thread_.call([this] {
            viewer_.reset();
            soup_server_disconnect(server_.get());
            server_.reset();
        });
    }

    std::string url(const std::string &path) const {
        return "ws://127.0.0.1:" + std::to_string(port_) + path;
    }

    void say(const std::string &text) {
        thread_.call([&] { soup_websocket_connection_send_text(viewer_.get(), text.c_str()); });
    }

    void close(int code, const char *reason) {
        thread_.call(
            [&] { soup_websocket_connection_close(viewer_.get(), static_cast<gushort>(code), reason); });
    }

    void appear(const char *path) {
        thread_.call([&] { serve(path); });
    }

private:
    void serve(const char *path) {
        soup_server_add_websocket_handler(
            server_.get(), path, nullptr, nullptr,
            [](SoupServer *, SoupServerMessage *, const char *, SoupWebsocketConnection *viewer,
               gpointer self) { static_cast<Hub *>(self)->adopt(viewer); },
            this, nullptr);
    }

    void adopt(SoupWebsocketConnection *viewer) {
        viewer_.reset(static_cast<SoupWebsocketConnection *>(g_object_ref(viewer)));
    }

    LoopThread thread_;
    int port_ = 0;
    ObjectRef<SoupServer> server_;
    ObjectRef<SoupWebsocketConnection> viewer_;
};

std::string message(const char *session, const char *text, bool isFinal, const char *type = "transcript") {
    return std::string(R"({"type":")") + type + R"(","sessionSlug":")" + session + R"(","text":")" + text +
           R"(","isFinal":)" + (isFinal ? "true" : "false") + R"(,"utteranceId":"u1","seq":7})";
}

void transcripts_of_the_session_are_lines_and_the_rest_is_ignored() {
    Hub hub("/ws");
    const CaptionViewer viewer({.url = hub.url("/ws/demo")});
    g_assert_true(viewer.waitForConnection());
    hub.say(message("demo", "one", false));
    hub.say(message("other", "two", true));
    hub.say(message("demo", "three", true, "transcript_final"));
    hub.say("nonsense");
    hub.say(message("demo", "four", true));
    g_assert_true(viewer.waitForFinals(1));
    const auto lines = viewer.lines();
    g_assert_cmpuint(lines.size(), ==, 2);
    g_assert_cmpstr(lines[0].text.c_str(), ==, "one");
    g_assert_false(lines[0].isFinal);
    g_assert_cmpint(lines[1].seq, ==, 7);
    g_assert_cmpstr(lines[1].utteranceId.c_str(), ==, "u1");
    const std::string finals = viewer.finalText();
    g_assert_cmpstr(finals.c_str(), ==, "four");
    g_assert_cmpuint(viewer.ignored(), ==, 3);
}

void a_close_by_the_server_is_told_with_code_and_reason() {
    Hub hub("/ws");
    const CaptionViewer viewer({.url = hub.url("/ws/demo")});
    g_assert_true(viewer.waitForConnection());
    hub.close(1008, "Heartbeat timeout");
    g_assert_true(viewer.waitForEnd());
    g_assert_cmpint(viewer.closeCode(), ==, 1008);
    const std::string reason = viewer.closeReason();
    g_assert_cmpstr(reason.c_str(), ==, "Heartbeat timeout");
    g_assert_false(viewer.waitForFinals(1)); // at once: nothing can come any more
    g_assert_false(viewer.problem().empty());
}

void a_refusal_ends_a_viewer_that_does_not_wait() {
    Hub hub("/ws");
    const CaptionViewer viewer({.url = hub.url("/elsewhere/demo")});
    g_assert_true(viewer.waitForEnd());
    g_assert_false(viewer.connected());
    const std::string problem = viewer.problem();
    g_assert_cmpstr(problem.c_str(), ==, "the server answered 404 to the viewer");
}

void a_viewer_that_waits_connects_when_the_session_appears() {
    Hub hub("/other");
    const CaptionViewer viewer({.url = hub.url("/ws/demo"), .wait = true});
    while (viewer.problem().empty())
        g_thread_yield();
    g_assert_false(viewer.ended());
    hub.appear("/ws");
    g_assert_true(viewer.waitForConnection());
}

void a_viewer_may_go_while_it_connects() {
    const ObjectRef<GSocketListener> listener(g_socket_listener_new()); // accepts nobody
    const guint16 port = g_socket_listener_add_any_inet_port(listener.get(), nullptr, nullptr);
    for (int i = 0; i < 20; i++) {
        const CaptionViewer viewer({.url = "ws://127.0.0.1:" + std::to_string(port) + "/ws/demo"});
        g_assert_false(viewer.connected());
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/viewer/" #function, function)
    ADD(transcripts_of_the_session_are_lines_and_the_rest_is_ignored);
    ADD(a_close_by_the_server_is_told_with_code_and_reason);
    ADD(a_refusal_ends_a_viewer_that_does_not_wait);
    ADD(a_viewer_that_waits_connects_when_the_session_appears);
    ADD(a_viewer_may_go_while_it_connects);
#undef ADD
    return g_test_run();
}
