// SPDX-License-Identifier: LGPL-2.1-or-later
// What a viewer of version 2 is told of messages that its queue has dropped. Runs under ThreadSanitizer.
#include "tests/unit/room_rig.h"

#include <string>

#include <glib.h>

using namespace room_test;

namespace {

/// Reads up to message `last`: each number is either there or in a gap that comes before it. Returns what the
/// gaps say was lost.
std::uint64_t lostUpTo(RawViewer &viewer, std::uint64_t last) {
    std::uint64_t lost = 0, seen = 0;
    while (seen < last) {
        const std::string text = nextText(viewer);
        if (text.starts_with(R"({"type":"gap")")) {
            g_assert_cmpuint(std::stoull(member(text, "fromSeq")), ==, seen + 1);
            seen = std::stoull(member(text, "toSeq"));
            lost += std::stoull(member(text, "finals"));
        } else if (text.starts_with(R"({"type":"transcript")")) {
            g_assert_cmpuint(std::stoull(member(text, "seq")), ==, seen + 1);
            seen++;
        }
    }
    return lost;
}

void what_is_lost_while_a_gap_waits_to_be_told_is_told_with_it() {
    constexpr std::size_t kHuge = 3 * 1024 * 1024; // far more than a socket takes at once
    Rig rig({.maxQueue = 3, .maxQueueBytes = 2 * kHuge});
    RawViewer &viewer = rig.join(v2());
    nextOf(viewer, "snapshot");
    std::uint64_t seq = 0;
    const auto publish = [&](const std::string &text) {
        rig.publish({say("u" + std::to_string(++seq), text)});
    };
    publish(std::string(kHuge, 'x'));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 7; i++)
            publish("short");
        // More than the socket holds: the queue has been written from, and a gap stands in it behind the long
        // message.
        for (int i = 0; i < 8; i++)
            g_assert_false(viewer.hasEnded(20000));
    }
    g_assert_cmpuint(lostUpTo(viewer, seq), ==, rig.counts->droppedFinals);
    publish("kept up");
    g_assert_cmpuint(std::stoull(member(nextOf(viewer, "transcript"), "seq")), ==, seq);
}

void what_was_too_long_for_the_queue_is_told_before_the_next_message() {
    Rig rig({.maxQueue = 100, .maxQueueBytes = 1000});
    RawViewer &viewer = rig.join(v2());
    nextOf(viewer, "snapshot");
    std::uint64_t seq = 0;
    const std::string longer(5000, 'x');
    while (rig.counts->droppedFinals < 3)
        rig.publish({say("u" + std::to_string(++seq), longer)});
    // What nothing follows may still be unannounced; what comes next brings the gap along.
    rig.publish({say("u" + std::to_string(++seq), "short")});
    g_assert_cmpuint(lostUpTo(viewer, seq), ==, rig.counts->droppedFinals);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/room-gap/merged", what_is_lost_while_a_gap_waits_to_be_told_is_told_with_it);
    g_test_add_func("/room-gap/too-long", what_was_too_long_for_the_queue_is_told_before_the_next_message);
    return g_test_run();
}
