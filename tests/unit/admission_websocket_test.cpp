// SPDX-License-Identifier: LGPL-2.1-or-later
// The six rules of admission at the viewers' door.
#include "lib/broadcast/broadcast_server.h"
#include "tests/support/raw_viewer.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <glib.h>

using namespace lt;
using namespace lt::broadcast;
using lt::test::RawViewer;

namespace {

constexpr unsigned kText = 1, kClose = 8;
constexpr const char *kPing = R"({"type":"ping"})";

class Watcher : public RoomWatcher {
public:
    void onViewerAdded(const ViewerInfoRef &) override {}
    void onViewerRemoved(const ViewerInfoRef &, Departure) override {}
    void onSlowViewer(const ViewerInfoRef &, std::size_t, std::size_t) override {}
    void onLeaseChanged(const ViewerInfoRef &, std::uint64_t) override {}
    void onSessionFlushed() override {}
};

/// One session behind the door.
class Session {
public:
    Session(std::uint16_t port, const std::string &name, const PlaceLimits &viewers, unsigned rate = 20)
        : Session(port, name, accessOf(viewers), rate) {}
    Session(std::uint16_t port, const std::string &name, const AccessSettings &access, unsigned rate = 20)
        : name_(name) {
        RoomSettings settings;
        settings.maxQueue = 10000;
        settings.maxMessageRate = rate;
        settings.drain = {};
        AttachError error;
        attachment_ = BroadcastServer::attach("127.0.0.1", port, access, name, settings, watcher_, error);
        g_assert_nonnull(attachment_.get());
    }
    std::uint16_t port() const { return attachment_->port(); }
    /// A viewer that has been greeted: it hears all that is said from now on.
    RawViewer join() const {
        RawViewer viewer(port(), "/ws/" + name_ + "?v=2");
        g_assert_true(viewer.handshake().starts_with("HTTP/1.1 101 "));
        const auto hello = viewer.next();
        g_assert_true(hello && hello->payload.starts_with(R"({"type":"hello")"));
        return viewer;
    }
    void say(const std::string &text) {
        Transcript transcript;
        transcript.utteranceId = text;
        transcript.text = text;
        transcript.isFinal = true;
        attachment_->publish({makeTranscript(std::move(transcript)), net::Clock::now()});
    }
    void setHeartbeat(std::uint32_t intervalMs, std::uint32_t maxMissed) {
        attachment_->setHeartbeat("test", intervalMs, maxMissed);
    }
    void end() { attachment_->endSession(); }

private:
    static AccessSettings accessOf(const PlaceLimits &viewers) {
        AccessSettings access;
        access.viewers = viewers;
        return access;
    }

    const std::string name_;
    Watcher watcher_;
    std::unique_ptr<BroadcastServer::Attachment> attachment_;
};

bool has(const std::string &text, const std::string &part) {
    return text.find(part) != text.npos;
}

bool isTranscript(const std::string &message) {
    return message.starts_with(R"({"type":"transcript")");
}

/// Text messages until the close frame, which is answered; then there is nothing more.
std::vector<std::string> readToClose(RawViewer &viewer, std::string *reason = nullptr) {
    std::vector<std::string> messages;
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == kClose) {
            if (reason)
                *reason = frame->payload.substr(2);
            viewer.send(kClose, frame->payload.substr(0, 2));
            g_assert_false(viewer.next().has_value());
            return messages;
        }
        if (frame->opcode == kText)
            messages.push_back(frame->payload);
    }
}

void sessions_in_parallel_never_mix() {
    constexpr int kSessions = 8, kMessages = 50;
    std::vector<std::unique_ptr<Session>> sessions;
    std::vector<RawViewer> viewers;
    for (int i = 0; i < kSessions; i++) {
        const auto port = sessions.empty() ? std::uint16_t{0} : sessions[0]->port();
        sessions.push_back(std::make_unique<Session>(port, "s" + std::to_string(i), PlaceLimits{}));
        viewers.push_back(sessions.back()->join());
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < kSessions; i++)
        threads.emplace_back([&, i] {
            for (int n = 0; n < kMessages; n++)
                sessions[static_cast<std::size_t>(i)]->say("word " + std::to_string(n) + " of " +
                                                           std::to_string(i));
        });
    for (auto &thread : threads)
        thread.join();
    for (std::size_t i = 0; i < kSessions; i++) {
        sessions[i]->end();
        const auto messages = readToClose(viewers[i]);
        g_assert_cmpint(std::count_if(messages.begin(), messages.end(), isTranscript), ==, kMessages);
        for (const auto &message : messages) {
            if (!isTranscript(message))
                continue;
            g_assert_true(has(message, "\"sessionSlug\":\"s" + std::to_string(i) + "\""));
            g_assert_true(has(message, " of " + std::to_string(i) + "\""));
        }
    }
}

void a_second_stream_of_a_session_is_refused_at_once_and_of_32_simultaneous_exactly_one_wins() {
    Session session(0, "demo", PlaceLimits{0, 1, 0});
    std::atomic<unsigned> winners = 0, refused = 0;
    std::atomic<bool> go = false;
    std::vector<std::unique_ptr<RawViewer>> viewers(32);
    std::vector<std::thread> threads;
    for (auto &viewer : viewers)
        threads.emplace_back([&] {
            while (!go)
                std::this_thread::yield();
            viewer = std::make_unique<RawViewer>(session.port(), "/ws/demo");
            winners += viewer->handshake().starts_with("HTTP/1.1 101 ");
            refused += viewer->handshake().starts_with("HTTP/1.1 503 ");
        });
    go = true;
    for (auto &thread : threads)
        thread.join();
    g_assert_cmpuint(winners, ==, 1);
    g_assert_cmpuint(refused, ==, 31);
    RawViewer another(session.port(), "/ws/demo");
    g_assert_true(has(another.rest(), "RESOURCE_EXHAUSTED"));
}

void the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once() {
    Session session(0, "demo", PlaceLimits{2, 0, 0});
    RawViewer first = session.join(), second = session.join();
    RawViewer third(session.port(), "/ws/demo");
    g_assert_true(third.handshake().starts_with("HTTP/1.1 503 "));
    g_assert_true(has(third.rest(), "RESOURCE_EXHAUSTED"));
    first.send(kClose, "\x03\xe8");
    g_assert_true(first.reachesEnd()); // the server closes last, when the place is free
    session.join();
}

/// Messages that were answered before the viewer was closed for one too many.
std::size_t answersBeforeTheRefusal(RawViewer &viewer) {
    for (int i = 0; i < 8; i++)
        viewer.send(kText, kPing);
    std::string reason;
    std::size_t pongs = 0;
    for (const auto &message : readToClose(viewer, &reason))
        pongs += has(message, R"("type":"pong")");
    g_assert_cmpstr(reason.c_str(), ==, "RESOURCE_EXHAUSTED: Too many messages");
    return pongs;
}

void at_rate_5_the_sixth_message_in_a_second_is_refused() {
    // On a machine that stands still for a second the sixth one comes in another second.
    for (int attempt = 0; attempt < 10; attempt++) {
        Session session(0, "demo", PlaceLimits{}, 5);
        RawViewer viewer = session.join();
        if (answersBeforeTheRefusal(viewer) == 5)
            return;
    }
    g_error("the sixth message in a second was never the one that is refused");
}

/// A port whose viewers wait for sessions, and one that waits for "demo".
struct Waiting {
    static AccessSettings access() {
        AccessSettings settings;
        settings.waitForSession = true;
        return settings;
    }
    static std::shared_ptr<BroadcastServer> open(unsigned rate, std::uint32_t pingIntervalMs = 0) {
        AttachError error;
        auto server = BroadcastServer::open("127.0.0.1", 0, access(), error);
        g_assert_nonnull(server.get());
        WaitingRoom room;
        room.settings.maxMessageRate = rate;
        room.pingIntervalMs = pingIntervalMs;
        server->setWaitingRoom(room);
        return server;
    }
    explicit Waiting(unsigned rate, std::uint32_t pingIntervalMs = 0)
        : server(open(rate, pingIntervalMs)), viewer(server->port(), "/ws/demo?v=2") {
        g_assert_true(viewer.handshake().starts_with("HTTP/1.1 101 "));
    }
    void waitFor(const char *message) {
        while (!has(viewer.next().value().payload, message))
            ;
    }

    const std::shared_ptr<BroadcastServer> server;
    RawViewer viewer;
};

void who_waits_for_a_session_is_held_to_the_limits_of_the_service() {
    for (int attempt = 0; attempt < 10; attempt++) {
        Waiting waiting(5);
        if (answersBeforeTheRefusal(waiting.viewer) == 5)
            return;
    }
    g_error("the sixth message in a second was never the one that is refused");
}

void who_has_waited_is_held_to_the_limits_of_the_session() {
    for (int attempt = 0; attempt < 10; attempt++) {
        Waiting waiting(1000);
        Session session(waiting.server->port(), "demo", Waiting::access(), 5);
        waiting.waitFor(R"("state":"live")");
        if (answersBeforeTheRefusal(waiting.viewer) == 5)
            return;
    }
    g_error("the sixth message in a second was never the one that is refused");
}

void who_waits_for_a_session_is_pinged_and_afterwards_by_its_rules() {
    Waiting silent(20, 5);
    std::string reason;
    readToClose(silent.viewer, &reason);
    g_assert_cmpstr(reason.c_str(), ==, "Heartbeat timeout");

    Waiting patient(20, 2000);
    Session session(patient.server->port(), "demo", Waiting::access());
    session.setHeartbeat(20, 10000);
    constexpr unsigned kPingFrame = 9;
    for (int pings = 0; pings < 20;) { // by the other rules it would have been closed at the third
        const auto frame = patient.viewer.next();
        g_assert_true(frame && frame->opcode != kClose);
        pings += frame->opcode == kPingFrame;
    }
}

void after_an_error_the_stream_ends_and_nothing_follows() {
    Session session(0, "demo", PlaceLimits{}, 1);
    RawViewer viewer = session.join(), other = session.join();
    for (int i = 0; i < 100; i++) // whatever the time this takes, two are in one second
        viewer.send(kText, kPing);
    bool closed = false;
    while (!closed) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        closed = frame->opcode == kClose;
    }
    session.say("what the closed viewer does not hear");
    while (!has(other.next().value().payload, "does not hear"))
        ;
    viewer.send(kClose, "\x03\xf0");
    g_assert_false(viewer.next().has_value());
}

void a_normal_stream_delivers_everything_and_a_command_at_most_once() {
    Session session(0, "demo", PlaceLimits{}, 0);
    RawViewer coordinator = session.join(), viewer = session.join();
    coordinator.send(kText, R"({"type":"claim"})");
    std::string granted;
    while (!has(granted, R"("event":"granted")"))
        granted = coordinator.next().value().payload;
    const auto at = granted.find("\"token\":") + 8;
    const auto token = granted.substr(at, granted.find_first_not_of("0123456789", at) - at);
    constexpr std::size_t kCommands = 20, kWords = 500;
    for (std::size_t i = 0; i < kCommands; i++)
        coordinator.send(kText, R"({"type":"insight","token":)" + token + R"(,"data":{"n":)" +
                                    std::to_string(i) + "}}");
    std::size_t insights = 0, words = 0;
    while (insights < kCommands) { // all of them in order before the session is ended
        const auto message = viewer.next().value().payload;
        if (!has(message, R"("type":"insight")"))
            continue;
        g_assert_true(has(message, R"("data":{"n":)" + std::to_string(insights++) + "}"));
    }
    for (std::size_t i = 0; i < kWords; i++)
        session.say("word " + std::to_string(i));
    session.end();
    for (const auto &message : readToClose(viewer)) {
        insights += has(message, R"("type":"insight")");
        if (isTranscript(message))
            g_assert_true(has(message, "\"word " + std::to_string(words++) + "\""));
    }
    g_assert_cmpuint(insights, ==, kCommands);
    g_assert_cmpuint(words, ==, kWords);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define T(name) g_test_add_func("/admission/websocket/" #name, name)
    T(sessions_in_parallel_never_mix);
    T(a_second_stream_of_a_session_is_refused_at_once_and_of_32_simultaneous_exactly_one_wins);
    T(the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once);
    T(at_rate_5_the_sixth_message_in_a_second_is_refused);
    T(who_waits_for_a_session_is_held_to_the_limits_of_the_service);
    T(who_has_waited_is_held_to_the_limits_of_the_session);
    T(who_waits_for_a_session_is_pinged_and_afterwards_by_its_rules);
    T(after_an_error_the_stream_ends_and_nothing_follows);
    T(a_normal_stream_delivers_everything_and_a_command_at_most_once);
    return g_test_run();
}
