// SPDX-License-Identifier: LGPL-2.1-or-later
// What an application is told of viewers, and that it cannot hold them up; rooms that outlive their element.
#include "tests/elements/broadcast_rig.h"
#include "tests/support/raw_viewer.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include <glib.h>

using namespace broadcast_test;
using lt::test::RawViewer;

namespace {

/// Text frames up to one that has `text` in it.
std::string readTo(RawViewer &viewer, const std::string &text) {
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == 1 && frame->payload.find(text) != frame->payload.npos)
            return frame->payload;
    }
}

/// Holds up whoever comes, until it is opened.
class Gate {
public:
    void pass() {
        std::unique_lock lock(mutex_);
        waiting_++;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }
    void waitForSomebody() {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return waiting_ > 0; }));
    }
    void open() {
        std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

void a_handler_that_blocks_holds_up_no_viewer() {
    Gate gate;
    Rig rig;
    g_signal_connect(
        rig.element.get(), "viewer-added",
        G_CALLBACK(+[](GstElement *, GstStructure *, gpointer held) { static_cast<Gate *>(held)->pass(); }),
        &gate);
    RawViewer first(rig.port(), "/ws/demo?v=2");
    gate.waitForSomebody();
    RawViewer second(rig.port(), "/ws/demo?v=2");
    readTo(first, "snapshot");
    readTo(second, "snapshot");
    for (int i = 0; i < 100; i++) {
        const std::string id = "u" + std::to_string(i);
        rig.push(transcript(id, "x"));
        readTo(first, '"' + id + '"');
        readTo(second, '"' + id + '"');
    }
    second.hangUp();
    gate.open();
    rig.waitForClient("viewer-added");
    rig.waitForClient("viewer-added");
    rig.waitForClient("viewer-removed");
}

void signals_and_messages_say_who_came_who_coordinates_and_who_left() {
    Rig rig;
    std::atomic<int> signals = 0;
    for (const char *name : {"viewer-added", "viewer-removed", "lease-changed"})
        g_signal_connect(rig.element.get(), name,
                         G_CALLBACK(+[](GstElement *, GstStructure *details, gpointer count) {
                             g_assert_cmpstr(gst_structure_get_string(details, "session"), ==, "demo");
                             (*static_cast<std::atomic<int> *>(count))++;
                         }),
                         &signals);
    RawViewer viewer(rig.port(), "/ws/demo?v=2&userId=ann");
    readTo(viewer, R"("userId":"ann")");
    viewer.send(1, R"({"type":"claim"})");
    readTo(viewer, R"("event":"granted")");
    viewer.hangUp();
    const struct {
        const char *name;
        guint64 id;
        const char *user;
    } wanted[] = {{"viewer-added", 1, "ann"},
                  {"lease-changed", 1, "ann"},
                  {"viewer-removed", 1, "ann"},
                  {"lease-changed", 0, ""}};
    for (const auto &row : wanted) {
        const auto message = waitFor(rig.bus.get(), GST_MESSAGE_ELEMENT);
        const GstStructure *details = gst_message_get_structure(message.get());
        const std::string text = std::string("transcriptbroadcast/") + row.name;
        g_assert_cmpstr(gst_structure_get_name(details), ==, text.c_str());
        guint64 id = 99;
        g_assert_true(gst_structure_get_uint64(details, "viewer-id", &id));
        g_assert_cmpuint(id, ==, row.id);
        g_assert_cmpstr(gst_structure_get_string(details, "user-id"), ==, row.user);
    }
    g_assert_cmpint(signals, ==, 4);
    g_assert_cmpuint(rig.stat("lease-changes"), ==, 2);
}

void a_slow_viewer_is_told_of_before_it_loses_anything() {
    auto element = makeBroadcast("demo");
    g_object_set(element.get(), "max-queue", 10, nullptr);
    Rig rig(std::move(element));
    RawViewer slow(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    const std::string padding(4000, 'x');
    for (int i = 0; rig.stat("slow-viewers") == 0; i++)
        rig.push(transcript("u" + std::to_string(i), padding));
    rig.waitForClient("slow-viewer");
}

void viewers_outlive_their_element_when_wanted() {
    const auto made = [](guint port) {
        auto element = makeBroadcast("demo", port);
        g_object_set(element.get(), "room-linger-ms", 60000, nullptr);
        return element;
    };
    auto first = std::make_unique<Rig>(made(0));
    const guint port = first->port();
    RawViewer viewer(first->port(), "/ws/demo?v=2");
    first->push(transcript("u1", "before"));
    readTo(viewer, "before");
    first.reset();
    readTo(viewer, R"("state":"paused")");
    Rig second(made(port));
    readTo(viewer, R"("state":"live")");
    second.push(transcript("u1", "before"));
    second.push(transcript("u2", "after"));
    g_assert_true(readTo(viewer, "after").find(R"("seq":2)") != std::string::npos);
    g_assert_true(gst_harness_push_event(second.h, gst_event_new_eos()));
    readTo(viewer, "session_end");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/broadcast-notices/blocked", a_handler_that_blocks_holds_up_no_viewer);
    g_test_add_func("/broadcast-notices/who", signals_and_messages_say_who_came_who_coordinates_and_who_left);
    g_test_add_func("/broadcast-notices/slow", a_slow_viewer_is_told_of_before_it_loses_anything);
    g_test_add_func("/broadcast-notices/linger", viewers_outlive_their_element_when_wanted);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
