// SPDX-License-Identifier: LGPL-2.1-or-later
// What the emulator tells beside its socket: callbacks and the account's webhook.
#include "tests/support/gladia_client.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

namespace {

/// Keeps what is posted to it.
class Receiver {
public:
    explicit Receiver(int status = 200) : status_(status), thread_("lt-receiver") {
        thread_.call([this] {
            server_.reset(soup_server_new(nullptr, nullptr));
            soup_server_add_handler(
                server_.get(), nullptr,
                [](SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer self) {
                    static_cast<Receiver *>(self)->receive(message);
                },
                this, nullptr);
            GError *error = nullptr;
            soup_server_listen_local(server_.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
            g_assert_no_error(error);
            GSList *uris = soup_server_get_uris(server_.get());
            const CharPtr text(g_uri_to_string(static_cast<GUri *>(uris->data)));
            url_ = text.get();
            g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
        });
    }
    ~Receiver() {
        thread_.call([this] {
            soup_server_disconnect(server_.get());
            server_.reset();
        });
    }

    const std::string &url() const { return url_; }
    /// All bodies, when there is one of the event `last`.
    std::vector<std::string> waitFor(const std::string &last) {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, std::chrono::seconds(60), [&] {
            return !bodies_.empty() && eventOf(bodies_.back()) == last;
        });
        g_assert_true(came);
        return bodies_;
    }
    static std::string eventOf(const std::string &body) { return textOf(parsed(body).get(), "event"); }

private:
    void receive(SoupServerMessage *message) {
        SoupMessageBody *body = soup_server_message_get_request_body(message);
        g_assert_cmpstr(soup_server_message_get_method(message), ==, "POST");
        g_assert_cmpstr(
            soup_message_headers_get_content_type(soup_server_message_get_request_headers(message), nullptr),
            ==, "application/json");
        soup_server_message_set_status(message, static_cast<guint>(status_), nullptr);
        std::lock_guard lock(mutex_);
        bodies_.emplace_back(body->data, static_cast<std::size_t>(body->length));
        changed_.notify_all();
    }

    const int status_;
    std::mutex mutex_; // guards bodies_
    std::condition_variable changed_;
    std::vector<std::string> bodies_;
    std::string url_;
    LoopThread thread_;
    ObjectRef<SoupServer> server_; // of thread_
};

std::string request(const Receiver &receiver, const std::string &flags = "") {
    return R"({"endpointing":0.3,"realtime_processing":{"sentiment_analysis":true},"callback":true,)"
           R"("callback_config":{"url":")" +
           receiver.url() + "\"" + flags + "}}";
}

std::vector<std::string> eventsOf(const std::vector<std::string> &bodies) {
    std::vector<std::string> events;
    for (const auto &body : bodies)
        events.push_back(Receiver::eventOf(body));
    return events;
}

} // namespace

static void callbacks_carry_the_messages_in_order() {
    Receiver receiver;
    const GladiaEmulator emulator;
    GladiaClient client(emulator, request(receiver));
    client.send(toneBytes("12"), 3200);
    client.stop();
    const auto bodies = receiver.waitFor("live.end_session");
    const std::vector<std::string> expected = {
        "live.start_session",         "live.start_recording", "live.transcript",
        "live.sentiment_analysis",    "live.end_recording",   "live.post_transcript",
        "live.post_final_transcript", "live.end_session"};
    g_assert_true(eventsOf(bodies) == expected);
    for (const auto &body : bodies) {
        const auto callback = parsed(body);
        g_assert_cmpuint(json_object_get_size(callback.get()), ==, 3);
        assertText(textOf(callback.get(), "id"), client.id);
        JsonObject *payload = objectMember(callback.get(), "payload");
        assertText(textOf(payload, "session_id"), client.id);
        assertText("live." + textOf(payload, "type"), textOf(callback.get(), "event"));
    }
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.callbacks == 8; }));
}

static void the_flags_of_callbacks_are_their_own() {
    Receiver receiver;
    const GladiaEmulator emulator;
    GladiaClient client(emulator,
                        request(receiver, R"(,"receive_partial_transcripts":true,"receive_speech_events":true,
            "receive_acknowledgments":true,"receive_final_transcripts":false,"receive_post_processing_events":false)"));
    client.send(toneBytes("1"), 3200);
    client.stop();
    const auto events = eventsOf(receiver.waitFor("live.end_session"));
    const std::set<std::string> all(events.begin(), events.end());
    const std::set<std::string> expected = {
        "live.start_session", "live.start_recording", "live.audio_chunk",    "live.speech_start",
        "live.speech_end",    "live.transcript",      "live.stop_recording", "live.sentiment_analysis",
        "live.end_recording", "live.end_session"};
    g_assert_true(all == expected);
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpuint(client.count("transcript"), ==, 1); // the socket's flags are untouched
}

static void a_client_that_leaves_is_told_by_callback() {
    Receiver receiver;
    const GladiaEmulator emulator;
    GladiaClient client(emulator, request(receiver));
    client.send(bytesOf(makeDtmf("9")), 3200);
    g_assert_true(client.waitFor("audio_chunk"));
    client.socket->close(1000); // instead of stop_recording
    const auto events = eventsOf(receiver.waitFor("live.end_session"));
    g_assert_cmpint(std::count(events.begin(), events.end(), "live.transcript"), ==, 1);
}

static void the_accounts_webhook_gets_lifecycle_events_and_the_id_alone() {
    Receiver receiver;
    const GladiaEmulator emulator({.webhook = receiver.url()});
    GladiaClient client(emulator, kPlainRequest);
    client.stop();
    const auto bodies = receiver.waitFor("live.end_session");
    const std::vector<std::string> expected = {"live.start_session", "live.start_recording",
                                               "live.end_recording", "live.end_session"};
    g_assert_true(eventsOf(bodies) == expected);
    assertText(bodies[0], R"({"event":"live.start_session","payload":{"id":")" + client.id + "\"}}");
}

static void a_callback_that_is_refused_is_counted_and_harms_nobody() {
    Receiver receiver(500);
    const GladiaEmulator emulator;
    GladiaClient client(emulator, request(receiver));
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1000);
    receiver.waitFor("live.end_session");
    g_assert_true(emulator.waitFor([](const EmulatorReport &r) { return r.failedCallbacks == 6; }));
}

static void without_the_switch_there_are_no_callbacks() {
    const GladiaEmulator emulator;
    Receiver receiver;
    GladiaClient client(emulator, R"({"callback_config":{"url":")" + receiver.url() + "\"}}");
    client.stop();
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpuint(emulator.report().callbacks + emulator.report().failedCallbacks, ==, 0);
    for (const char *url : {"", "nowhere", "ftp://127.0.0.1/", "http://"}) {
        const HttpAnswer answer =
            postLive(emulator, std::string(R"({"callback":true,"callback_config":{"url":")") + url + "\"}}");
        g_assert_cmpint(answer.status, ==, 400);
    }
    g_assert_cmpint(postLive(emulator, R"({"callback":true})").status, ==, 400);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/callbacks/" #function, function)
    ADD(callbacks_carry_the_messages_in_order);
    ADD(the_flags_of_callbacks_are_their_own);
    ADD(a_client_that_leaves_is_told_by_callback);
    ADD(the_accounts_webhook_gets_lifecycle_events_and_the_id_alone);
    ADD(a_callback_that_is_refused_is_counted_and_harms_nobody);
    ADD(without_the_switch_there_are_no_callbacks);
#undef ADD
    return g_test_run();
}
