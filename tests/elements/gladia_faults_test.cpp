// SPDX-License-Identifier: LGPL-2.1-or-later
// Each fault of the service or the network, over real sockets, with what docs/elements/gladiasink.md
// promises.
#include "tests/elements/gladia_tests.h"

#include <algorithm>
#include <optional>

using namespace lt;
using namespace lt::test;
using emulator::Fault;
using emulator::FaultKind;
using emulator::GladiaEmulator;

namespace {

constexpr const char *kSpoken = "12345,6789A,BCD*#";

/// What comes of it.
enum class Outcome {
    Unharmed,   ///< nothing is lost and no connection either
    Retried,    ///< it takes longer until there is a session
    Resumed,    ///< the same session goes on on another connection
    Recovered,  ///< the same, or, if finals were lost on the way, another session hears that audio again
    NewSession, ///< another session goes on where the first one was
    Error,      ///< one error, at once
};

struct Case {
    const char *name;
    std::vector<Fault> faults;
    Outcome outcome = Outcome::Unharmed;
    bool inOrder = true; ///< the finals, as they were spoken
};

constexpr std::uint64_t kMiddle = 70'000; // bytes: in the second utterance

Fault broken(FaultKind kind, int code = 0) {
    Fault fault{.kind = kind, .atByte = kMiddle};
    fault.code = code;
    return fault;
}

/// Of the connection that is open then, not of those that come later.
Fault lasting(FaultKind kind) {
    return {.kind = kind, .atByte = kMiddle, .openConnections = true};
}

std::vector<Case> connectionCases() {
    std::vector<Case> cases{
        {"drop", {broken(FaultKind::kDrop)}, Outcome::Resumed},
        {"reset", {broken(FaultKind::kReset)}, Outcome::Recovered},
        {"half-open: stops reading", {lasting(FaultKind::kStopReading)}, Outcome::Resumed},
        {"mute", {lasting(FaultKind::kMute)}, Outcome::Recovered},
        {"half-open: stops acknowledging", {lasting(FaultKind::kHoldAcknowledgements)}, Outcome::Resumed},
        {"outage", {{.kind = FaultKind::kOutage, .atByte = kMiddle, .forMs = 700}}, Outcome::Resumed},
        {"restart", {{.kind = FaultKind::kRestart, .atByte = kMiddle, .forMs = 300}}, Outcome::Resumed},
        {"restart, sessions forgotten",
         {{.kind = FaultKind::kRestart, .atByte = kMiddle, .forMs = 300, .forgetSessions = true}},
         Outcome::NewSession},
        {"drop in place of the answer to the stop",
         {{.kind = FaultKind::kDrop, .atStop = true}},
         Outcome::Resumed},
        {"reset in place of the answer to the stop",
         {{.kind = FaultKind::kReset, .atStop = true}},
         Outcome::Recovered},
        {"refused chunk", {{.kind = FaultKind::kRefuseChunk, .atByte = kMiddle}}, Outcome::NewSession},
        {"lost acknowledgement", {{.kind = FaultKind::kLoseAcknowledgement, .atByte = kMiddle, .times = 3}}},
        {"acknowledgements lost, then a drop",
         {{.kind = FaultKind::kLoseAcknowledgement, .atByte = 60'000, .times = 5}, broken(FaultKind::kDrop)},
         Outcome::Resumed},
        {"delay", {{.kind = FaultKind::kDelay, .atByte = kMiddle, .forMs = 600, .delayMs = 200}}},
        {"throttle",
         {{.kind = FaultKind::kThrottle, .atByte = kMiddle, .forMs = 600, .bytesPerSecond = 64'000}}},
        {"finals twice", {{.kind = FaultKind::kRepeatFinal, .times = 3}}},
        {"finals reordered", {{.kind = FaultKind::kReorderFinals}}, Outcome::Unharmed, false},
        {"no message", {{.kind = FaultKind::kSend, .atByte = kMiddle, .text = "hello"}}},
        {"no UTF-8",
         {{.kind = FaultKind::kSend, .atByte = kMiddle, .text = "{\"type\":\"\xff\xfe\"}"}},
         Outcome::Recovered},
        {"a megabyte", {{.kind = FaultKind::kSend, .atByte = kMiddle, .text = std::string(1 << 20, 'x')}}},
    };
    // With 1001 the emulator's session is over: it is tried, and then followed by another.
    cases.push_back({"close to be retried", {broken(FaultKind::kClose, 1001)}, Outcome::Recovered});
    for (const int code : {1005, 1008, 1009, 1011, 1012, 4000, 4408, 4429, 4500})
        cases.push_back({"close to be retried", {broken(FaultKind::kClose, code)}, Outcome::Resumed});
    for (const int code : {4401, 4403, 4404, 4410})
        cases.push_back({"close of the session", {broken(FaultKind::kClose, code)}, Outcome::NewSession});
    cases.push_back({"close 4400", {broken(FaultKind::kClose, 4400)}, Outcome::Error});
    return cases;
}

std::vector<Case> openingCases() {
    std::vector<Case> cases{
        {"POST is not answered", {{.kind = FaultKind::kIgnorePost}}, Outcome::Retried},
        {"upgrade is not answered", {{.kind = FaultKind::kIgnoreUpgrade}}, Outcome::Retried},
    };
    for (const int status : {408, 429, 500, 502, 503})
        cases.push_back({"POST to be retried",
                         {{.kind = FaultKind::kRefusePost, .times = 2, .status = status}},
                         Outcome::Retried});
    for (const int status : {400, 401, 402, 403, 422})
        cases.push_back(
            {"POST refused", {{.kind = FaultKind::kRefusePost, .status = status}}, Outcome::Error});
    for (const int status : {429, 500, 503})
        cases.push_back({"upgrade to be retried",
                         {{.kind = FaultKind::kRefuseUpgrade, .times = 2, .status = status}},
                         Outcome::Retried});
    for (const int status : {401, 403, 404, 410}) {
        cases.push_back({"upgrade refused once",
                         {{.kind = FaultKind::kRefuseUpgrade, .status = status}},
                         Outcome::NewSession});
        cases.push_back({"upgrade refused twice",
                         {{.kind = FaultKind::kRefuseUpgrade, .times = 2, .status = status}},
                         Outcome::Error});
        Fault later{.kind = FaultKind::kRefuseUpgrade, .status = status};
        later.atByte = kMiddle - 10'000;
        cases.push_back(
            {"upgrade refused after a drop", {later, broken(FaultKind::kDrop)}, Outcome::NewSession});
    }
    return cases;
}

void impatient(GstElement *element) {
    g_object_set(element, "ack-timeout-ms", 400, "connect-timeout-ms", 400, "reconnect-min-ms", 20,
                 "reconnect-max-ms", 200, nullptr);
}

/// The names of the element messages so far, and how many errors.
struct Told {
    std::vector<std::string> names;
    int errors = 0;
    bool has(const std::string &name) const {
        return std::find(names.begin(), names.end(), "gladiasink/" + name) != names.end();
    }
};

void listen(GladiaRig &rig, Told &told) {
    while (const MessageRef one =
               rig.message(GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR, std::chrono::milliseconds(0))) {
        if (GST_MESSAGE_TYPE(one.get()) == GST_MESSAGE_ERROR)
            told.errors++;
        else
            told.names.emplace_back(gst_structure_get_name(gst_message_get_structure(one.get())));
    }
}

/// What is to happen at some byte, all of which have been pushed.
bool haveHappened(GladiaEmulator &service) {
    const auto faults = service.faults().list();
    return std::all_of(faults.begin(), faults.end(),
                       [](const auto &one) { return !one.fault.atByte || one.happened > 0; });
}

bool breaksInTheMiddle(const Case &one) {
    return one.outcome != Outcome::Unharmed && one.outcome != Outcome::Error &&
           std::any_of(one.faults.begin(), one.faults.end(), [](const Fault &fault) { return fault.atByte; });
}

/// A half-open connection shows only when there is something to send: all that was pushed may have been
/// acknowledged before the service fell silent.
bool hasTriedAgain(GladiaRig &rig) {
    if (rig.stat("attempts") > 1)
        return true;
    rig.push(std::vector<std::int16_t>(160)); // 10 ms of silence
    return false;
}

void check(const Case &one) {
    std::string label = one.name;
    for (const Fault &fault : one.faults)
        label += ", " + std::to_string(fault.status + fault.code);
    g_test_message("%s", label.c_str());
    GladiaEmulator service;
    for (const Fault &fault : one.faults)
        service.faults().add(fault);
    GladiaRig rig(service.url(), impatient);
    rig.setCaps();
    rig.push(support::makeDtmf(kSpoken));
    g_assert_true(eventually([&] { return haveHappened(service); }));
    if (breaksInTheMiddle(one))
        g_assert_true(eventually([&] { return hasTriedAgain(rig); }));
    rig.pushEos();
    std::string heard = finalTexts(rig.hearUntilEos());
    Told told;
    listen(rig, told);
    if (one.outcome == Outcome::Error) // posted beside the stream, which has ended by now
        g_assert_true(eventually([&] {
            listen(rig, told);
            return told.errors > 0 && told.has("gave-up");
        }));
    g_assert_cmpint(told.errors, ==, one.outcome == Outcome::Error ? 1 : 0);
    const guint64 entered = rig.stat("bytes-entered");
    g_assert_cmpuint(rig.stat("bytes-queued") + rig.stat("bytes-in-flight") + rig.stat("bytes-acknowledged") +
                         rig.stat("bytes-lost"),
                     ==, entered);
    if (one.outcome == Outcome::Error)
        return;
    std::string expected = spoken(kSpoken);
    if (!one.inOrder) {
        std::sort(heard.begin(), heard.end());
        std::sort(expected.begin(), expected.end());
    }
    assertSame(heard, expected);
    g_assert_cmpuint(rig.stat("bytes-acknowledged"), ==, entered);
    const bool again = one.outcome == Outcome::Resumed || one.outcome == Outcome::Recovered;
    if (one.outcome == Outcome::Unharmed || again)
        g_assert_cmpint(told.has("lost"), ==, again);
    if (one.outcome == Outcome::Retried)
        g_assert_true(told.has("retrying"));
    if (one.outcome == Outcome::Recovered)
        return;
    g_assert_cmpint(told.has("resumed"), ==, one.outcome == Outcome::Resumed);
    g_assert_cmpint(told.has("new-session"), ==, one.outcome == Outcome::NewSession);
    g_assert_cmpuint(rig.stat("sessions"), ==, one.outcome == Outcome::NewSession ? 2 : 1);
}

} // namespace

static void a_connection_that_suffers_costs_no_word() {
    for (const Case &one : connectionCases())
        check(one);
}

static void a_session_that_is_hard_to_get_costs_no_word() {
    for (const Case &one : openingCases())
        check(one);
}

static void twenty_breaks_over_real_sockets_cost_nothing() {
    std::string all;
    for (int digit = 0; digit < 100; digit++)
        all += std::string(1, "0123456789ABCD*#"[digit * 7 % 16]) + (digit % 5 == 4 ? "," : "");
    for (const FaultKind kind : {FaultKind::kDrop, FaultKind::kReset}) {
        GladiaEmulator service;
        service.faults().add({.kind = kind, .connectedMs = 60, .times = 20});
        GladiaRig rig(service.url(), [](GstElement *element) {
            impatient(element);
            g_object_set(element, "catchup-speed", 12.0, nullptr);
        });
        rig.setCaps();
        rig.push(support::makeDtmf(all));
        g_assert_true(eventually([&] { return service.faults().list()[0].happened == 20; }));
        rig.pushEos();
        assertSame(finalTexts(rig.hearUntilEos()), spoken(all));
        g_assert_cmpuint(rig.stat("bytes-acknowledged"), ==, rig.stat("bytes-entered"));
        if (kind == FaultKind::kDrop)
            g_assert_cmpuint(rig.stat("reconnects"), ==, 20);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    add("a connection that suffers costs no word", a_connection_that_suffers_costs_no_word);
    add("a session that is hard to get costs no word", a_session_that_is_hard_to_get_costs_no_word);
    add("twenty breaks over real sockets cost nothing", twenty_breaks_over_real_sockets_cost_nothing);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
