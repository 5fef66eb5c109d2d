// SPDX-License-Identifier: LGPL-2.1-or-later
// How rooms end: what viewers are told, and that those who have just gone do no harm. Runs under
// ThreadSanitizer.
#include "tests/unit/room_rig.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>

using namespace room_test;
using std::chrono::seconds;

namespace {

void the_end_of_the_session_is_told_before_the_close() {
    Rig rig;
    auto &viewer = rig.join(v2());
    rig.publish({say("u1", "last words")});
    rig.withRoom([](Room &room) { room.endSession(); });
    nextOf(viewer, "transcript");
    const std::string end = nextText(viewer);
    g_assert_cmpstr(end.c_str(), ==,
                    R"({"type":"session_end","sessionSlug":"demo","epoch":"0000000000000001","seq":1,)"
                    R"("serverTimestamp":1767225600123})");
    expectClose(viewer, 1000, "Session ended");
}

void a_shutdown_says_when_to_come_back_and_not_the_same_to_all() {
    Rig rig;
    std::vector<RawViewer *> viewers;
    for (int i = 0; i < 200; i++)
        viewers.push_back(&rig.join(v2()));
    auto &old = rig.join();
    rig.withRoom([](Room &room) { room.drain(seconds(1), 3); });
    std::vector<std::uint64_t> delays;
    for (RawViewer *viewer : viewers) {
        delays.push_back(std::stoull(member(nextOf(*viewer, "shutdown"), "reconnectAfterMs")));
        expectClose(*viewer, 1001, "Server is shutting down");
    }
    expectClose(old, 1001, "Server is shutting down");
    std::sort(delays.begin(), delays.end());
    g_assert_cmpuint(delays.front(), >=, 250);
    g_assert_cmpuint(delays.back(), <, 1250);
    g_assert_cmpint(std::unique(delays.begin(), delays.end()) - delays.begin(), >, 150);
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
}

void a_socket_that_breaks_at_the_goodbye_does_no_harm() {
    Rig rig;
    std::vector<RawViewer *> viewers;
    for (int i = 0; i < 20; i++)
        viewers.push_back(&rig.join(v2()));
    // In one task, so that the loop cannot hear of it before it says goodbye.
    rig.withRoom([&](Room &room) {
        for (std::size_t i = 0; i < viewers.size(); i += 2)
            viewers[i]->hangUp();
        room.drain(seconds(1), viewers.size());
    });
    for (std::size_t i = 1; i < viewers.size(); i += 2)
        expectClose(*viewers[i], 1001, "Server is shutting down");
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"session", the_end_of_the_session_is_told_before_the_close},
        {"shutdown", a_shutdown_says_when_to_come_back_and_not_the_same_to_all},
        {"broken", a_socket_that_breaks_at_the_goodbye_does_no_harm},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/room-end/") + name).c_str(), test);
    return g_test_run();
}
