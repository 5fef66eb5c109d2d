// SPDX-License-Identifier: LGPL-2.1-or-later
// How a server goes: everybody is told, whoever they were waiting for; and what its probes say until then.
#include "lib/broadcast/broadcast_server.h"
#include "lib/net/io_threads.h"
#include "tests/elements/broadcast_rig.h"
#include "tests/support/process.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <future>
#include <string>
#include <utility>

#include <glib.h>
#include <unistd.h>

using namespace broadcast_test;
using lt::broadcast::AccessSettings;
using lt::broadcast::AttachError;
using lt::broadcast::BroadcastServer;
using lt::support::httpRequest;
using lt::support::Process;
using lt::test::RawViewer;

namespace {

void readTo(RawViewer &viewer, const std::string &text) {
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->payload.find(text) != frame->payload.npos)
            return;
    }
}

/// The next frame closes, with 1001.
void expectGoingAway(RawViewer &viewer) {
    const auto frame = viewer.next();
    g_assert_true(frame.has_value());
    g_assert_cmpuint(frame->opcode, ==, 8);
    g_assert_true(frame->payload.starts_with("\x03\xe9"));
}

void expectGoodbye(RawViewer &viewer) {
    readTo(viewer, R"({"type":"shutdown","reconnectAfterMs":)");
    expectGoingAway(viewer);
}

lt::ObjectRef<GstElement> makeOf(const char *session, guint port) {
    auto element = makeBroadcast(session, port);
    gst_util_set_object_arg(G_OBJECT(element.get()), "unknown-session", "wait");
    g_object_set(element.get(), "room-linger-ms", 60000u, nullptr);
    return element;
}

AccessSettings waiting() {
    AccessSettings access;
    access.waitForSession = true;
    return access;
}

void a_server_that_shuts_down_tells_viewers_of_every_kind_of_room() {
    AttachError error;
    auto server = BroadcastServer::open("127.0.0.1", 0, waiting(), error);
    g_assert_nonnull(server.get());
    const guint port = server->port();
    Rig live(makeOf("live", port));
    auto gone = std::make_unique<Rig>(makeOf("gone", port));
    RawViewer ofLive(live.port(), "/ws/live?v=2"), ofGone(live.port(), "/ws/gone?v=2");
    RawViewer waits(live.port(), "/ws/never?v=2"), first(live.port(), "/ws/never");
    for (RawViewer *viewer : {&ofLive, &ofGone, &waits}) // they are in
        readTo(*viewer, "snapshot");
    gone.reset();
    readTo(ofGone, R"({"type":"state","state":"paused")");
    server->shutDown();
    for (RawViewer *viewer : {&ofLive, &ofGone, &waits})
        expectGoodbye(*viewer);
    expectGoingAway(first);
    // Nobody comes any more, and the element's words go nowhere.
    live.push(transcript("u1", "too late"));
    const auto refused = httpRequest("GET", live.http("/ws/live"));
    g_assert_cmpint(refused.status, ==, 503);
    g_assert_true(refused.headers.contains("retry-after"));
    g_assert_cmpint(httpRequest("GET", live.http("/readyz")).status, ==, 503);
    g_assert_cmpint(httpRequest("GET", live.http("/healthz")).status, ==, 200);
    const lt::ObjectRef<GstBus> bus(gst_bus_new());
    const auto late = makeOf("late", port);
    gst_element_set_bus(late.get(), bus.get());
    g_assert_cmpint(gst_element_set_state(late.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    const auto message = waitFor(bus.get(), GST_MESSAGE_ERROR);
    const std::string problem = Rig::problemOf(message.get());
    g_assert_true(problem.find("shutting down") != problem.npos);
    gst_element_set_bus(late.get(), nullptr);
    gst_element_set_state(late.get(), GST_STATE_NULL);
    server->shutDown(); // again does nothing
}

/// A program whose element stops without EOS and which then ends, while the room still lingers.
int lingerAndExit() {
    {
        const auto element = makeOf("demo", 0);
        gst_element_set_state(element.get(), GST_STATE_PLAYING);
        guint port = 0;
        g_object_get(element.get(), "current-port", &port, nullptr);
        std::printf("port %u.\n", port);
        std::fflush(stdout);
        char end;
        [[maybe_unused]] const auto got = read(STDIN_FILENO, &end, 1);
        gst_element_set_state(element.get(), GST_STATE_NULL);
    }
    gst_deinit();
    return 0;
}

void viewers_of_rooms_that_linger_are_told_when_the_process_ends() {
    int input[2];
    g_assert_cmpint(pipe(input), ==, 0);
    lt::net::UniqueFd read(input[0]), write(input[1]);
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    // That the log is on makes sure that nothing is logged when GStreamer has gone.
    Process program({"sh", "-c", "exec 2>/dev/null; exec \"$0\" --linger-and-exit", self},
                    {"GST_DEBUG=broadcast:6"}, read.get());
    read.reset();
    g_assert_true(program.waitFor("."));
    const std::string said = program.output();
    const auto port = static_cast<std::uint16_t>(std::atoi(said.c_str() + said.find("port ") + 5));
    RawViewer ofRoom(port, "/ws/demo?v=2"), waits(port, "/ws/never?v=2");
    readTo(ofRoom, "snapshot");
    readTo(waits, "snapshot");
    write.reset();
    expectGoodbye(ofRoom);
    expectGoodbye(waits);
    g_assert_cmpint(program.waitForEnd().value_or(-1), ==, 0);
}

void a_probe_knows_of_every_io_thread_and_kills_nobody() {
    auto element = makeBroadcast("demo");
    g_object_set(element.get(), "io-threads", 2u, nullptr);
    Rig rig(std::move(element));
    RawViewer one(rig.port(), "/ws/demo"), two(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    rig.waitForClient("viewer-added");
    const auto stuck = lt::net::fanoutLoop(1);
    std::promise<void> goOn;
    stuck->post([wait = goOn.get_future().share()] { wait.wait(); });
    const auto stalled = httpRequest("GET", rig.http("/healthz"));
    g_assert_cmpint(stalled.status, ==, 503);
    g_assert_cmpstr(stalled.body.c_str(), ==, "{\"status\":\"stalled\",\"threads\":[\"lt-fanout-1\"]}\n");
    rig.push(transcript("u1", "a"));
    goOn.set_value();
    g_assert_cmpint(httpRequest("GET", rig.http("/healthz")).status, ==, 200);
    readTo(one, "\"seq\":1"); // both are still there, and have missed nothing
    readTo(two, "\"seq\":1");
}

} // namespace

int main(int argc, char **argv) {
    if (argc == 2 && std::strcmp(argv[1], "--linger-and-exit") == 0) {
        gst_init(nullptr, nullptr);
        return lingerAndExit();
    }
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/broadcast-goodbye/rooms", a_server_that_shuts_down_tells_viewers_of_every_kind_of_room);
    g_test_add_func("/broadcast-goodbye/exit", viewers_of_rooms_that_linger_are_told_when_the_process_ends);
    g_test_add_func("/broadcast-goodbye/probe", a_probe_knows_of_every_io_thread_and_kills_nobody);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
