// SPDX-License-Identifier: LGPL-2.1-or-later
// Rooms as other threads see them. Runs under ThreadSanitizer.
#include "lib/broadcast/room_handle.h"
#include "lib/metrics/render.h"
#include "tests/support/raw_viewer.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <glib.h>

using namespace lt;
using namespace lt::broadcast;
using lt::test::RawViewer;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

/// Counts what the room tells.
class Watcher : public RoomWatcher {
public:
    void onViewerAdded(const ViewerInfoRef &) override { change(added); }
    void onViewerRemoved(const ViewerInfoRef &, Departure) override { change(removed); }
    void onSlowViewer(const ViewerInfoRef &, std::size_t, std::size_t) override { change(slow); }
    void onLeaseChanged(const ViewerInfoRef &, std::uint64_t) override { change(leases); }
    void onSessionFlushed() override { change(flushed); }

    void waitFor(const int &count, int wanted) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, kPatience, [&] { return count >= wanted; }));
    }
    int read(const int &count) {
        std::lock_guard lock(mutex_);
        return count;
    }

    int added = 0, removed = 0, flushed = 0, slow = 0, leases = 0;

private:
    void change(int &count) {
        std::lock_guard lock(mutex_);
        count++;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
};

RoomMessage message(const std::string &id, bool isFinal = true) {
    Transcript transcript;
    transcript.utteranceId = id;
    transcript.text = "text of " + id;
    transcript.isFinal = isFinal;
    return {makeTranscript(std::move(transcript)), net::Clock::now()};
}

struct Hub {
    explicit Hub(RoomSettings settings = {})
        : room(std::make_shared<RoomHandle>(Room::Loops{loop}, "demo", settings, registry)) {
        room->attach(watcher, settings, {loop});
    }
    ~Hub() { room->shutDown(); }

    void join(RawViewer &viewer) { room->addViewer({viewer.takeServerEnd(), "", "peer"}, ViewerProfile{}); }

    metrics::Registry registry;
    Watcher watcher;
    std::shared_ptr<net::EventLoop> loop = std::make_shared<net::EventLoop>("test");
    std::shared_ptr<RoomHandle> room;
};

/// Number of text frames until the close frame.
std::size_t readToClose(RawViewer &viewer, unsigned code) {
    std::size_t count = 0;
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == 8) {
            const auto byte = [&](std::size_t i) {
                return static_cast<unsigned char>(frame->payload[i]);
            };
            g_assert_cmpuint(byte(0) * 256u + byte(1), ==, code);
            viewer.send(8, frame->payload);
            return count;
        }
        count += frame->opcode == 1;
    }
}

void messages_of_many_threads_all_arrive() {
    constexpr int kThreads = 4, kEach = 500;
    Hub hub({2 * kThreads * kEach, 0});
    RawViewer viewers[3];
    for (auto &viewer : viewers)
        hub.join(viewer);
    hub.watcher.waitFor(hub.watcher.added, 3);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([&hub, t] {
            for (int i = 0; i < kEach; i++)
                hub.room->publish(message(std::to_string(t) + "/" + std::to_string(i)));
        });
    for (auto &thread : threads)
        thread.join();
    hub.room->endSession();
    for (auto &viewer : viewers)
        g_assert_cmpuint(readToClose(viewer, 1000), ==, kThreads * kEach);
    hub.watcher.waitFor(hub.watcher.flushed, 1);
    hub.watcher.waitFor(hub.watcher.removed, 3);
}

void a_session_may_begin_again_in_the_same_room() {
    Hub hub;
    RawViewer first, second;
    hub.join(first);
    hub.watcher.waitFor(hub.watcher.added, 1);
    hub.room->publish(message("u1"));
    hub.room->endSession();
    g_assert_cmpuint(readToClose(first, 1000), ==, 1);
    hub.watcher.waitFor(hub.watcher.flushed, 1);
    g_assert_false(hub.room->live());
    hub.room->publish(message("u1"));
    g_assert_true(hub.room->live());
    hub.join(second);
    hub.watcher.waitFor(hub.watcher.added, 2);
    hub.room->publish(message("u2"));
    hub.room->endSession();
    g_assert_cmpuint(readToClose(second, 1000), ==, 1);
    hub.watcher.waitFor(hub.watcher.flushed, 2);
}

void an_empty_session_ends_at_once_and_a_stalled_viewer_holds_it_for_two_seconds_only() {
    Hub hub;
    hub.room->endSession();
    hub.watcher.waitFor(hub.watcher.flushed, 1);
    hub.room->publish(message("u0"));
    RawViewer stalled;
    hub.join(stalled);
    hub.watcher.waitFor(hub.watcher.added, 1);
    for (int i = 0; i < 400; i++) {
        RoomMessage big = message("u");
        Transcript transcript = valueOf(big.transcript.get());
        transcript.utteranceId += std::to_string(i);
        transcript.text.assign(4000, 'x');
        big.transcript = makeTranscript(std::move(transcript));
        hub.room->publish(std::move(big));
    }
    hub.room->endSession();
    hub.watcher.waitFor(hub.watcher.flushed, 2);
    g_assert_cmpint(hub.watcher.read(hub.watcher.removed), ==, 1);
    g_assert_cmpuint(hub.room->counts()->droppedFinals, >, 0); // what it never got is not silent
}

void nothing_is_told_after_the_shutdown_and_late_comers_are_turned_away() {
    Watcher watcher;
    metrics::Registry registry;
    auto loop = std::make_shared<net::EventLoop>("test");
    auto room = std::make_shared<RoomHandle>(Room::Loops{loop}, "demo", RoomSettings{}, registry);
    room->attach(watcher, {}, {loop});
    RawViewer present, late;
    room->addViewer({present.takeServerEnd(), "", "peer"}, ViewerProfile{});
    watcher.waitFor(watcher.added, 1);
    room->publish(message("u1"));
    room->shutDown();
    const int told = watcher.read(watcher.added) + watcher.read(watcher.removed);
    g_assert_cmpuint(readToClose(present, 1001), ==, 1);
    room->addViewer({late.takeServerEnd(), "", "peer"}, ViewerProfile{});
    g_assert_cmpuint(readToClose(late, 1001), ==, 0);
    room->publish(message("u2"));
    room->setHeartbeat("source", 100, 1);
    room->endSession();
    room->shutDown();
    loop->runSync([] {});
    g_assert_cmpint(watcher.read(watcher.added) + watcher.read(watcher.removed), ==, told);
    g_assert_cmpint(watcher.read(watcher.flushed), ==, 0);
}

void viewers_join_and_leave_while_threads_publish_and_policies_change() {
    Hub hub;
    std::atomic<bool> stop = false;
    std::thread publisher([&] {
        for (int i = 0; !stop; i++) {
            hub.room->publish(message(std::to_string(i / 3), i % 3 == 2));
            if (i % 50 == 0)
                std::this_thread::yield();
        }
    });
    std::thread policies([&] {
        for (unsigned i = 0; !stop; i++) {
            hub.room->setHeartbeat("source", 10 + i % 3 * 1000, 1000);
            hub.room->setResting(i % 2 == 0);
            hub.loop->runSync([] {}); // no faster than the loop: what is posted is not bounded
        }
    });
    for (int round = 0; round < 50; round++) {
        RawViewer viewers[4];
        for (auto &viewer : viewers)
            hub.join(viewer);
        hub.watcher.waitFor(hub.watcher.added, 4 * (round + 1));
        for (auto &viewer : viewers)
            g_assert_true(viewer.next().has_value());
    }
    stop = true;
    publisher.join();
    policies.join();
    hub.watcher.waitFor(hub.watcher.removed, 200);
    g_assert_cmpuint(hub.room->counts()->viewers, ==, 0);
}

void an_inbox_nobody_empties_is_bounded_and_loses_partials_first() {
    Hub hub;
    std::mutex gate;
    gate.lock();
    hub.loop->post([&gate] { std::lock_guard wait(gate); }); // the loop stands still
    const auto count = static_cast<int>(RoomHandle::kMaxInbox);
    for (int i = 0; i < count + 10; i++)
        hub.room->publish(message(std::to_string(i), false));
    for (int i = 0; i < count + 10; i++)
        hub.room->publish(message(std::to_string(i), true));
    gate.unlock();
    hub.loop->runSync([] {});
    g_assert_cmpuint(hub.room->counts()->droppedPartials, ==, 10);
    g_assert_cmpuint(hub.room->counts()->droppedFinals, ==, 10);
    g_assert_cmpuint(hub.room->counts()->finals, ==, RoomHandle::kMaxInbox);
}

ViewerProfile v2() {
    ViewerProfile profile;
    profile.form = ViewerForm::V2;
    return profile;
}

/// Text frames up to one that has `text` in it; the test fails when the stream ends before.
std::string readTo(RawViewer &viewer, const std::string &text) {
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == 1 && frame->payload.find(text) != frame->payload.npos)
            return frame->payload;
    }
}

void a_room_waits_for_its_first_element_and_keeps_its_viewers_for_the_next() {
    metrics::Registry registry;
    auto loop = std::make_shared<net::EventLoop>("test");
    auto room = std::make_shared<RoomHandle>(Room::Loops{loop}, "demo", RoomSettings{}, registry);
    g_assert_true(room->live());
    g_assert_false(room->fed());
    RawViewer early;
    room->addViewer({early.takeServerEnd(), "", "peer"}, v2());
    readTo(early, R"("state":"waiting")");
    loop->runSync([] {});
    g_assert_true(metrics::toJson(registry.snapshot()).find("demo") == std::string::npos);
    Watcher first;
    room->attach(first, {}, {loop});
    g_assert_true(room->fed());
    readTo(early, R"({"type":"state","state":"live")");
    room->publish(message("u1"));
    readTo(early, R"("seq":1)");
    g_assert_true(metrics::toJson(registry.snapshot()).find(R"("ws.session_clients.demo":1)") !=
                  std::string::npos);
    room->detach();
    readTo(early, R"({"type":"state","state":"paused")");
    RawViewer late; // one may join a room that lingers
    room->addViewer({late.takeServerEnd(), "", "peer"}, v2());
    readTo(late, R"("state":"paused")");
    readTo(late, "text of u1");
    g_assert_cmpint(first.read(first.added), ==, 0); // it had gone
    Watcher second;
    room->attach(second, {}, {loop});
    room->publish(message("u1")); // known
    room->publish(message("u2"));
    readTo(early, R"("seq":2)");
    room->shutDown();
    g_assert_cmpint(second.read(second.removed), ==, 2);
    readTo(early, "reconnectAfterMs");
    g_assert_cmpuint(readToClose(early, 1001), ==, 0);
    g_assert_true(metrics::toJson(registry.snapshot()).find("demo") == std::string::npos);
}

void a_room_that_expires_ends_the_session() {
    metrics::Registry registry;
    auto loop = std::make_shared<net::EventLoop>("test");
    auto room = std::make_shared<RoomHandle>(Room::Loops{loop}, "demo", RoomSettings{}, registry);
    RawViewer viewer;
    room->addViewer({viewer.takeServerEnd(), "", "peer"}, v2());
    room->expire();
    readTo(viewer, "session_end");
    g_assert_cmpuint(readToClose(viewer, 1000), ==, 0);
    loop->runSync([] {});
    loop->runSync([] {});
    g_assert_false(room->live());
    RawViewer late;
    room->addViewer({late.takeServerEnd(), "", "peer"}, v2());
    g_assert_cmpuint(readToClose(late, 1001), ==, 0);
    room->shutDown();
}

void who_only_waited_is_told_when_to_come_back() {
    metrics::Registry registry;
    auto loop = std::make_shared<net::EventLoop>("test");
    auto room = std::make_shared<RoomHandle>(Room::Loops{loop}, "demo", RoomSettings{}, registry);
    RawViewer viewer, first;
    room->addViewer({viewer.takeServerEnd(), "", "peer"}, v2());
    room->addViewer({first.takeServerEnd(), "", "peer"}, ViewerProfile{});
    room->dismiss();
    readTo(viewer, R"({"type":"shutdown","reconnectAfterMs":)");
    g_assert_cmpuint(readToClose(viewer, 1001), ==, 0);
    g_assert_cmpuint(readToClose(first, 1001), ==, 0);
    g_assert_false(room->live());
}

void nothing_brings_a_room_back_that_was_shut_down() {
    Hub hub;
    RawViewer viewer, late;
    hub.join(viewer);
    hub.watcher.waitFor(hub.watcher.added, 1);
    hub.room->publish(message("u1"));
    hub.room->beginShutDown(1);
    hub.room->publish(message("u2"));
    hub.room->beginShutDown(1);
    hub.room->finishShutDown();
    hub.room->publish(message("u3"));
    g_assert_false(hub.room->live());
    hub.join(late);
    g_assert_cmpuint(readToClose(viewer, 1001), ==, 1);
    g_assert_cmpuint(readToClose(late, 1001), ==, 0);
}

void a_shutdown_is_spread_over_the_drain_time_and_no_longer() {
    Hub hub({.maxQueueBytes = 64 * 1024 * 1024, .drain = std::chrono::milliseconds(300)});
    constexpr int kViewers = 300;
    std::vector<RawViewer> viewers(kViewers);
    for (auto &viewer : viewers)
        hub.room->addViewer({viewer.takeServerEnd(), "", "peer"}, v2());
    hub.watcher.waitFor(hub.watcher.added, kViewers);
    for (auto &viewer : viewers)
        readTo(viewer, "snapshot");
    RawViewer stalled;
    hub.join(stalled);
    for (int i = 0; i < 12; i++) {
        RoomMessage big = message("big");
        Transcript transcript = valueOf(big.transcript.get());
        transcript.utteranceId += std::to_string(i);
        transcript.text.assign(40000, 'x');
        big.transcript = makeTranscript(std::move(transcript));
        hub.room->publish(std::move(big));
        for (auto &viewer : viewers)
            readTo(viewer, "\"big" + std::to_string(i) + '"');
    }
    std::thread reader([&viewers] {
        for (auto &viewer : viewers) {
            readTo(viewer, R"({"type":"shutdown","reconnectAfterMs":)");
            g_assert_cmpuint(readToClose(viewer, 1001), ==, 0);
        }
    });
    hub.room->shutDown(); // comes back although one viewer takes nothing
    reader.join();
    g_assert_cmpint(hub.watcher.read(hub.watcher.removed), ==, kViewers + 1);
    g_assert_cmpuint(hub.room->counts()->viewers, ==, 0);
}

void several_threads_share_the_viewers_while_all_go_on() {
    Hub hub({.ioThreads = 3});
    const Room::Loops loops{hub.loop, std::make_shared<net::EventLoop>("test 1"),
                            std::make_shared<net::EventLoop>("test 2")};
    Watcher watcher;
    hub.room->detach();
    hub.room->attach(watcher, {}, loops);
    std::atomic<bool> stop = false;
    std::thread publisher([&] {
        for (int i = 0; !stop; i++)
            hub.room->publish(message(std::to_string(i / 3), i % 3 == 2));
    });
    for (int round = 0; round < 30; round++) {
        RawViewer viewers[6];
        for (auto &viewer : viewers) {
            hub.room->addViewer({viewer.takeServerEnd(), "", "peer"}, v2());
            viewer.send(1, R"({"type":"claim"})");
        }
        for (auto &viewer : viewers) {
            readTo(viewer, "snapshot");
            readTo(viewer, R"("type":"transcript")");
        }
    }
    stop = true;
    publisher.join();
    watcher.waitFor(watcher.removed, 180);
    hub.room->shutDown();
    g_assert_cmpuint(hub.room->counts()->viewers, ==, 0);
    g_assert_cmpint(watcher.read(watcher.leases), >, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/broadcast-hub/many-threads", messages_of_many_threads_all_arrive);
    g_test_add_func("/broadcast-hub/again", a_session_may_begin_again_in_the_same_room);
    g_test_add_func("/broadcast-hub/flush",
                    an_empty_session_ends_at_once_and_a_stalled_viewer_holds_it_for_two_seconds_only);
    g_test_add_func("/broadcast-hub/shutdown",
                    nothing_is_told_after_the_shutdown_and_late_comers_are_turned_away);
    g_test_add_func("/broadcast-hub/churn", viewers_join_and_leave_while_threads_publish_and_policies_change);
    g_test_add_func("/broadcast-hub/inbox", an_inbox_nobody_empties_is_bounded_and_loses_partials_first);
    g_test_add_func("/broadcast-hub/waiting", who_only_waited_is_told_when_to_come_back);
    g_test_add_func("/broadcast-hub/over", nothing_brings_a_room_back_that_was_shut_down);
    g_test_add_func("/broadcast-hub/linger",
                    a_room_waits_for_its_first_element_and_keeps_its_viewers_for_the_next);
    g_test_add_func("/broadcast-hub/expire", a_room_that_expires_ends_the_session);
    g_test_add_func("/broadcast-hub/drain", a_shutdown_is_spread_over_the_drain_time_and_no_longer);
    g_test_add_func("/broadcast-hub/threads", several_threads_share_the_viewers_while_all_go_on);
    return g_test_run();
}
