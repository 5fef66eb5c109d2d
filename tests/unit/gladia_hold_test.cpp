// SPDX-License-Identifier: LGPL-2.1-or-later
// A session that is held: no place at the service, audio that waits.
#include "tests/unit/gladia_session_rig.h"

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

void audio_that_is_held_waits_and_is_heard_from_its_beginning() {
    Rig rig;
    rig.session.setHold(rig.now, true);
    rig.audio(10);
    g_assert_true(rig.transport.requests.empty());
    g_assert_cmpuint(rig.backlog.level().bytes.queued, ==, 10 * kBlock);
    rig.session.setHold(rig.now, false);
    g_assert_cmpuint(rig.transport.requests.size(), ==, 1);
    rig.open();
    g_assert_cmpuint(rig.transport.bytes(), ==, 10 * kBlock);
    g_assert_cmpuint(rig.transport.audio.front().runningNs, ==, 0);
}

void what_has_no_room_while_it_is_held_is_told() {
    Rig rig(config(), kSecond);
    rig.session.setHold(rig.now, true);
    rig.audio(30);
    g_assert_cmpuint(rig.observer.all<Overflowing>().size(), ==, 1);
    rig.tick();
    const auto lost = rig.observer.all<AudioLost>();
    g_assert_cmpuint(lost.size(), ==, 1);
    g_assert_cmpuint(lost.front().loss.bytes, ==, 20 * kBlock);
    g_assert_cmpuint(rig.observer.transcripts.size(), ==, 1); // the gap, for the viewers
    g_assert_true(rig.exact());
}

void the_end_of_held_audio_waits_too() {
    Rig rig;
    rig.session.setHold(rig.now, true);
    rig.audio(3);
    rig.end();
    g_assert_false(rig.session.deadline().has_value());
    g_assert_cmpint(rig.observer.ended, ==, 0);
    rig.now += 600 * kSecond;
    rig.session.setHold(rig.now, false);
    rig.open();
    g_assert_cmpuint(rig.transport.bytes(), ==, 3 * kBlock);
    rig.acknowledge(0, 3 * kBlock);
    rig.say("00_1", "Hello.", true);
    rig.closes(1000);
    g_assert_cmpint(rig.observer.ended, ==, 1);
}

void an_end_without_audio_does_not_wait() {
    Rig rig;
    rig.session.setHold(rig.now, true);
    rig.end();
    g_assert_cmpint(rig.observer.ended, ==, 1);
}

void a_session_that_is_open_goes_on() {
    Rig rig;
    rig.audio();
    rig.open();
    rig.session.setHold(rig.now, true);
    rig.audio();
    g_assert_cmpuint(rig.transport.bytes(), ==, 2 * kBlock);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"audio that is held waits and is heard from its beginning",
         audio_that_is_held_waits_and_is_heard_from_its_beginning},
        {"what has no room while it is held is told", what_has_no_room_while_it_is_held_is_told},
        {"the end of held audio waits too", the_end_of_held_audio_waits_too},
        {"an end without audio does not wait", an_end_without_audio_does_not_wait},
        {"a session that is open goes on", a_session_that_is_open_goes_on},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-hold/") + name).c_str(), test);
    return g_test_run();
}
