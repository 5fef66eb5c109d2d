// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio that may leave from the thread that has brought it, and audio that the loop has to see to.
#include "tests/unit/gladia_session_rig.h"

#include <utility>

using namespace lt;
using namespace lt::gladia;
using namespace lt::gladia::test;

namespace {

/// Queues 100 ms, and tells nobody.
void queue(Rig &rig, const AudioFormat &format = kFormat, std::uint64_t speechNs = 0) {
    AudioBlock block;
    block.bytes = format.rate / 10 * format.bytesPerFrame();
    block.runningNs = rig.fed;
    block.format = format;
    block.speech.add(0, speechNs);
    rig.fed += 100 * kMs;
    rig.backlog.push(std::move(block), AudioBacklog::Policy::DropOldest);
}

bool passes(Rig &rig) {
    queue(rig);
    return rig.session.passAudio(rig.now);
}

void an_open_session_is_given_it_at_once() {
    Rig rig;
    rig.audio();
    rig.open();
    const std::size_t notices = rig.observer.notices.size();
    for (int i = 0; i < 5; i++)
        g_assert_true(passes(rig));
    g_assert_cmpuint(rig.transport.bytes(), ==, 6 * kBlock);
    g_assert_cmpuint(rig.observer.chunks.size(), ==, 6);
    g_assert_cmpuint(rig.observer.notices.size(), ==, notices);
    rig.acknowledge(0, 6 * kBlock);
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 6 * kBlock);
    g_assert_true(rig.exact());
}

void without_a_connection_it_waits() {
    Rig rig;
    g_assert_false(passes(rig)); // there is no session yet
    rig.session.audioAvailable(rig.now);
    g_assert_false(passes(rig)); // nor an answer
    rig.open();
    g_assert_cmpuint(rig.transport.bytes(), ==, 2 * kBlock);
    rig.acknowledge(0, 2 * kBlock);
    rig.closes(1006);
    g_assert_false(passes(rig));
    g_assert_cmpuint(rig.transport.bytes(), ==, 2 * kBlock);
    rig.tickUntil(State::Connecting);
    rig.opens();
    g_assert_cmpuint(rig.transport.bytes(), ==, 3 * kBlock);
    g_assert_true(passes(rig));
}

void beyond_the_window_it_waits_for_acknowledgements() {
    Rig rig; // three seconds
    rig.audio();
    rig.open();
    for (int i = 0; i < 40; i++)
        passes(rig);
    g_assert_cmpuint(rig.transport.bytes(), ==, 30 * kBlock);
    rig.acknowledge(0, 10 * kBlock);
    g_assert_cmpuint(rig.transport.bytes(), ==, 40 * kBlock);
}

void an_acknowledgement_never_goes_back() {
    Rig rig;
    rig.audio(10);
    rig.open();
    rig.acknowledge(0, 5 * kBlock);
    rig.acknowledge(0, 3 * kBlock); // an older one
    rig.acknowledge(0, 5 * kBlock); // the same again
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 5 * kBlock);
    rig.acknowledge(0, 1 << 30); // more than there ever was
    g_assert_cmpuint(rig.backlog.level().bytes.acknowledged, ==, 10 * kBlock);
    g_assert_true(rig.exact());
}

void what_means_more_than_sending_is_left() {
    {
        Rig rig; // the stop of a session whose format is over
        rig.audio();
        rig.open();
        queue(rig, kOther);
        g_assert_false(rig.session.passAudio(rig.now));
        g_assert_cmpuint(rig.transport.texts.size(), ==, 0);
        rig.session.audioAvailable(rig.now);
        g_assert_cmpuint(rig.transport.texts.size(), ==, 1);
    }
    {
        Rig rig; // the stop at the end
        rig.audio();
        rig.open();
        queue(rig);
        rig.end();
        g_assert_false(rig.session.passAudio(rig.now));
    }
    {
        Rig rig; // speech that is not answered
        rig.audio();
        rig.open();
        queue(rig, kFormat, 3600 * kSecond);
        g_assert_false(rig.session.passAudio(rig.now));
        g_assert_cmpuint(rig.observer.all<Stalled>().size(), ==, 0);
        rig.session.audioAvailable(rig.now);
        g_assert_cmpuint(rig.observer.all<Stalled>().size(), ==, 1);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"an open session is given it at once", an_open_session_is_given_it_at_once},
        {"without a connection it waits", without_a_connection_it_waits},
        {"beyond the window it waits for acknowledgements", beyond_the_window_it_waits_for_acknowledgements},
        {"an acknowledgement never goes back", an_acknowledgement_never_goes_back},
        {"what means more than sending is left", what_means_more_than_sending_is_left},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-pass/") + name).c_str(), test);
    return g_test_run();
}
