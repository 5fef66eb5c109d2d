// SPDX-License-Identifier: LGPL-2.1-or-later
// The walk over a room's viewers: those that keep up are written to by the walk itself, all others by
// themselves, and nobody can tell.
#include "lib/metrics/names.h"
#include "tests/unit/room_rig.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <glib.h>

using namespace room_test;

namespace {

/// The numbers of the transcripts in a viewer's next frames, up to number `last`.
std::vector<std::uint64_t> numbersUpTo(RawViewer &viewer, std::uint64_t last) {
    std::vector<std::uint64_t> numbers;
    while (numbers.empty() || numbers.back() < last) {
        const std::string text = nextText(viewer), seq = member(text, "seq");
        if (text.starts_with(R"({"type":"transcript)"))
            numbers.push_back(std::stoull(seq));
    }
    return numbers;
}

void every_delivery_is_counted_once_whoever_made_it() {
    namespace names = metrics::names;
    constexpr std::size_t kViewers = 70; // several runs of a walk, and a rest
    constexpr std::array kForms = {ViewerForm::V1, ViewerForm::V1Split, ViewerForm::V2, ViewerForm::V2Split};
    Rig rig;
    std::vector<RawViewer *> viewers;
    for (std::size_t i = 0; i < kViewers; i++) {
        ViewerProfile profile;
        profile.form = kForms[i % kForms.size()];
        profile.filter.finalsOnly = i % 7 == 0;
        viewers.push_back(&rig.join(std::move(profile)));
    }
    for (int i = 0; i < 20; i++) {
        const std::string id = "u" + std::to_string(i);
        rig.publish({say(id, "half", false), say(id, "whole")});
    }
    std::uint64_t received = 0, finals = 0;
    for (std::size_t i = 0; i < kViewers; i++) {
        const auto numbers = numbersUpTo(*viewers[i], 40);
        g_assert_cmpuint(numbers.size(), ==, i % 7 == 0 ? 20 : 40);
        g_assert_true(std::is_sorted(numbers.begin(), numbers.end()));
        received += numbers.size();
        finals += 20;
    }
    g_assert_cmpuint(rig.counts->delivered, ==, received);
    g_assert_cmpuint(rig.registry.histogram(names::kViewerDelivery).summary().count, ==, received);
    g_assert_cmpuint(rig.registry.histogram(names::kViewerDeliveryFinal).summary().count, ==, finals);
    g_assert_cmpuint(rig.registry.histogram(names::kViewerDeliveryPartial).summary().count, ==,
                     received - finals);
}

/// Stops reading, is behind, catches up, and keeps up again: three times over.
void who_was_behind_and_has_caught_up_misses_nothing() {
    Rig rig({.maxQueue = 5000, .maxQueueBytes = 64 * 1024 * 1024});
    RawViewer &viewer = rig.join();
    RawViewer &other = rig.join();
    const std::string padding(20000, 'z');
    std::uint64_t seq = 0;
    const auto publish = [&](const std::string &text) {
        rig.publish({say("u" + std::to_string(++seq), text)});
    };
    for (int round = 0; round < 3; round++) {
        const std::uint64_t first = seq + 1;
        for (int i = 0; i < 60; i++)
            publish(padding);
        publish("short");
        for (RawViewer *each : {&viewer, &other}) {
            const auto numbers = numbersUpTo(*each, seq);
            g_assert_cmpuint(numbers.front(), ==, first);
            g_assert_cmpuint(numbers.size(), ==, seq + 1 - first);
        }
        for (int i = 0; i < 5; i++) {
            publish("at once");
            g_assert_cmpuint(numbersUpTo(viewer, seq).size(), ==, 1);
            g_assert_cmpuint(numbersUpTo(other, seq).size(), ==, 1);
        }
    }
    rig.waitUntil([&] { return rig.counts->delivered == 2 * seq; });
}

void who_goes_during_a_walk_takes_nobody_along() {
    constexpr std::size_t kViewers = 60;
    Rig rig;
    std::vector<RawViewer *> viewers;
    for (std::size_t i = 0; i < kViewers; i++)
        viewers.push_back(&rig.join());
    rig.publish({say("u0", "all")});
    for (std::size_t i = 0; i < kViewers; i += 3)
        viewers[i]->hangUp();
    for (int i = 1; i < 10; i++)
        rig.publish({say("u" + std::to_string(i), "who is left")});
    for (std::size_t i = 0; i < kViewers; i++)
        if (i % 3 != 0)
            g_assert_cmpuint(numbersUpTo(*viewers[i], 10).size(), ==, 10);
    rig.waitUntil([&] { return rig.counts->viewers == kViewers - kViewers / 3; });
}

/// What its room sends aside (a pong, a notice, a ping) neither overtakes nor is overtaken.
void what_is_sent_aside_keeps_its_place() {
    Rig rig;
    RawViewer &viewer = rig.join(v2());
    nextOf(viewer, "snapshot");
    for (std::uint64_t i = 1; i <= 30; i++) {
        rig.publish({say("u" + std::to_string(i), "text")});
        rig.withRoom([i](Room &room) { room.setState(i % 2 == 1 ? RoomState::Paused : RoomState::Live); });
        g_assert_cmpuint(numbersUpTo(viewer, i).size(), ==, 1);
        const auto aside = viewer.next();
        g_assert_true(aside && aside->payload.starts_with(R"({"type":"state")"));
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/room-walk/counted", every_delivery_is_counted_once_whoever_made_it);
    g_test_add_func("/room-walk/caught-up", who_was_behind_and_has_caught_up_misses_nothing);
    g_test_add_func("/room-walk/gone", who_goes_during_a_walk_takes_nobody_along);
    g_test_add_func("/room-walk/aside", what_is_sent_aside_keeps_its_place);
    return g_test_run();
}
