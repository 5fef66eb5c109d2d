// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes wrong, and what the user is told.
#include "tests/elements/gladia_tests.h"

#include "lib/net/unique_fd.h"

#include <netinet/in.h>
#include <sys/socket.h>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

namespace {

/// A port that takes connections and never answers.
class BlackHole {
public:
    BlackHole() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        g_assert_cmpint(::bind(fd_.get(), generic, length), ==, 0);
        g_assert_cmpint(::listen(fd_.get(), 16), ==, 0);
        g_assert_cmpint(::getsockname(fd_.get(), generic, &length), ==, 0);
        port_ = ntohs(address.sin_port);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// From now on connections are refused.
    void close() { fd_.reset(); }

private:
    net::UniqueFd fd_;
    int port_ = 0;
};

struct Told {
    ErrorRef error;
    std::string debug;
    guint httpStatus = 0;
    guint closeCode = 0;
};

Told errorOf(GladiaRig &rig) {
    const MessageRef message = rig.message(GST_MESSAGE_ERROR);
    g_assert_nonnull(message.get());
    Told told;
    GError *error = nullptr;
    gchar *debug = nullptr;
    gst_message_parse_error(message.get(), &error, &debug);
    told.error.reset(error);
    told.debug = CharPtr(debug).get();
    const GstStructure *details = nullptr;
    gst_message_parse_error_details(message.get(), &details);
    if (details) {
        gst_structure_get_uint(details, "http-status-code", &told.httpStatus);
        gst_structure_get_uint(details, "close-code", &told.closeCode);
    }
    return told;
}

void assertNoSecondError(GladiaRig &rig) {
    g_assert_null(rig.message(GST_MESSAGE_ERROR, std::chrono::milliseconds(0)).get());
}

void giveUpAfterFive(GstElement *element) {
    gst_util_set_object_arg(G_OBJECT(element), "on-error", "error");
    g_object_set(element, "max-attempts", 5, nullptr);
}

void keepPushingUntilRefused(GladiaRig &rig) {
    GstClockTime at = 10 * GST_SECOND;
    g_assert_true(eventually([&] {
        at = rig.push(std::vector<std::int16_t>(800), at);
        return rig.lastFlow() != GST_FLOW_OK;
    }));
    g_assert_cmpint(rig.lastFlow(), ==, GST_FLOW_ERROR);
}

} // namespace

static void a_refused_key_is_one_clear_error() {
    emulator::EmulatorOptions options;
    options.key = "another-key";
    GladiaEmulator emulator(options);
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    const Told told = errorOf(rig);
    g_assert_true(g_error_matches(told.error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED));
    g_assert_cmpuint(told.httpStatus, ==, 401);
    keepPushingUntilRefused(rig);
    assertNoSecondError(rig);
    g_assert_cmpuint(emulator.report().posts, ==, 1);
}

static void a_key_that_occurs_in_the_answer_is_no_harm() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(),
                  [](GstElement *element) { g_object_set(element, "api-key", "token", nullptr); });
    rig.setCaps();
    rig.push(support::makeDtmf("12345"));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("12345"));
}

static void a_service_in_trouble_is_asked_again() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRefusePost, .times = 2, .status = 500});
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("12345"));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("12345"));
    g_assert_cmpuint(emulator.report().posts, ==, 3);
    g_assert_cmpuint(rig.stat("attempts"), ==, 3);
}

static void a_refused_upgrade_is_tried_with_a_new_session() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRefuseUpgrade, .status = 403});
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("12345"));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("12345"));
    g_assert_cmpuint(emulator.report().posts, ==, 2);
}

static void attempts_end_with_an_error() {
    GladiaEmulator emulator;
    emulator.faults().add({.kind = FaultKind::kRefusePost, .times = 0, .status = 503});
    GladiaRig rig(emulator.url(), giveUpAfterFive);
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    const Told told = errorOf(rig);
    g_assert_true(g_error_matches(told.error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE));
    g_assert_cmpuint(told.httpStatus, ==, 503);
    g_assert_cmpuint(emulator.report().posts, ==, 5);
}

static void parameters_that_are_refused_are_named() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "model", "no-such-model", nullptr); });
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    const Told told = errorOf(rig);
    g_assert_true(g_error_matches(told.error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
    g_assert_cmpuint(told.httpStatus, ==, 400);
    g_assert_true(told.debug.find("model") != std::string::npos);
}

static void a_dead_endpoint_is_an_error_that_says_so() {
    BlackHole hole;
    const std::string url = hole.url();
    hole.close();
    GladiaRig rig(url, giveUpAfterFive);
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    const Told told = errorOf(rig);
    g_assert_true(g_error_matches(told.error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE));
}

static void an_end_while_connecting_is_a_warning_and_then_eos() {
    const BlackHole hole;
    GladiaRig rig(hole.url(), [](GstElement *e) {
        g_object_set(e, "connect-timeout-ms", 100, "drain-timeout-ms", 300, nullptr);
    });
    rig.setCaps();
    rig.push(support::makeDtmf("12"));
    rig.pushEos();
    const auto heard = rig.hearUntilEos();
    g_assert_cmpuint(heard.size(), ==, 1);
    g_assert_true(heard[0].kind == GST_TRANSCRIPT_KIND_GAP);
    g_assert_cmpuint(heard[0].end - heard[0].start, ==, 400 * GST_MSECOND);
    g_assert_nonnull(rig.message(GST_MESSAGE_WARNING).get());
    assertNoSecondError(rig);
    g_assert_cmpuint(rig.stat("bytes-lost"), ==, rig.stat("bytes-entered"));
}

static void a_lost_connection_costs_nothing() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    GstClockTime at = rig.push(support::makeDtmf("123,"));
    Heard last;
    while (!last.isFinal)
        last = rig.hear();
    assertSame(last.text, "1 2 3");
    emulator.faults().add({.kind = FaultKind::kDrop});
    g_assert_nonnull(rig.elementMessage("gladiasink/lost").get());
    at = rig.push(support::makeDtmf("456,"), at);
    g_assert_nonnull(rig.elementMessage("gladiasink/resumed").get());
    rig.push(support::makeDtmf("789"), at);
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("456789"));
    assertNoSecondError(rig);
    g_assert_cmpuint(rig.stat("sessions"), ==, 1);
    g_assert_cmpuint(rig.stat("bytes-acknowledged"), ==, rig.stat("bytes-entered"));
}

static void a_close_code_reaches_the_application() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    rig.hear();
    emulator.faults().add({.kind = FaultKind::kClose, .code = 4408, .reason = "idle"});
    const MessageRef lost = rig.elementMessage("gladiasink/lost");
    g_assert_nonnull(lost.get());
    guint code = 0;
    gst_structure_get_uint(gst_message_get_structure(lost.get()), "close-code", &code);
    g_assert_cmpuint(code, ==, 4408);
}

static void a_silent_peer_is_dead_after_the_heartbeats_deadline() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    rig.hear();
    emulator.faults().add({.kind = FaultKind::kMute});
    gst_harness_push_upstream_event(rig.harness(), gst_event_new_livetranscript_heartbeat("test", 100, 3));
    const MessageRef lost = rig.elementMessage("gladiasink/lost");
    g_assert_nonnull(lost.get());
    guint code = 0;
    gst_structure_get_uint(gst_message_get_structure(lost.get()), "close-code", &code);
    g_assert_cmpuint(code, ==, 1008);
}

static void an_end_that_is_not_answered_is_a_warning_and_then_eos() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url(), [](GstElement *e) { g_object_set(e, "drain-timeout-ms", 200, nullptr); });
    rig.setCaps();
    rig.push(support::makeDtmf("12,"));
    rig.hear();
    emulator.faults().add({.kind = FaultKind::kMute});
    rig.pushEos();
    const MessageRef warning = rig.message(GST_MESSAGE_WARNING);
    g_assert_nonnull(warning.get());
    const GstStructure *details = nullptr;
    gst_message_parse_warning_details(warning.get(), &details);
    g_assert_true(gst_structure_has_field(details, "missing-audio-ms"));
    rig.hearUntilEos();
    g_assert_nonnull(rig.message(GST_MESSAGE_EOS).get());
}

static void nonsense_from_the_service_is_counted() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    rig.hear();
    for (const char *text :
         {"", "{", "[]", "{\"type\":\"transcript\"}", "{\"type\":\"transcript\",\"data\":{}}"})
        emulator.faults().add({.kind = FaultKind::kSend, .text = text});
    g_assert_true(eventually([&] { return rig.stat("malformed-messages") == 5; }));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), "1");
}

static void an_audio_stream_without_times_is_refused() {
    GladiaEmulator emulator;
    GladiaRig rig(emulator.url());
    rig.setCaps();
    g_assert_cmpint(gst_harness_push(rig.harness(), gst_buffer_new_allocate(nullptr, 1600, nullptr)), ==,
                    GST_FLOW_ERROR);
    const Told told = errorOf(rig);
    g_assert_true(g_error_matches(told.error.get(), GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
}

static void a_missing_key_is_said_before_anything_runs() {
    g_unsetenv("LT_TEST_NO_KEY");
    const ObjectRef<GstElement> element(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("gladiasink", nullptr))));
    const ObjectRef<GstBus> bus(gst_bus_new());
    gst_element_set_bus(element.get(), bus.get());
    g_object_set(element.get(), "api-key-env", "LT_TEST_NO_KEY", nullptr);
    g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
    g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    const MessageRef message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
    GError *raw = nullptr;
    gst_message_parse_error(message.get(), &raw, nullptr);
    const ErrorRef error(raw);
    g_assert_true(g_error_matches(error.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED));
    g_assert_nonnull(strstr(error->message, "LT_TEST_NO_KEY"));
    gst_element_set_state(element.get(), GST_STATE_NULL);
    gst_element_set_bus(element.get(), nullptr);
}

void lt::test::addGladiaTroubleTests() {
    add("a refused key is one clear error", a_refused_key_is_one_clear_error);
    add("a key that occurs in the answer is no harm", a_key_that_occurs_in_the_answer_is_no_harm);
    add("a service in trouble is asked again", a_service_in_trouble_is_asked_again);
    add("a refused upgrade is tried with a new session", a_refused_upgrade_is_tried_with_a_new_session);
    add("attempts end with an error", attempts_end_with_an_error);
    add("parameters that are refused are named", parameters_that_are_refused_are_named);
    add("a dead endpoint is an error that says so", a_dead_endpoint_is_an_error_that_says_so);
    add("an end while connecting is a warning and then EOS",
        an_end_while_connecting_is_a_warning_and_then_eos);
    add("a lost connection costs nothing", a_lost_connection_costs_nothing);
    add("a close code reaches the application", a_close_code_reaches_the_application);
    add("a silent peer is dead after the heartbeat's deadline",
        a_silent_peer_is_dead_after_the_heartbeats_deadline);
    add("an end that is not answered is a warning and then EOS",
        an_end_that_is_not_answered_is_a_warning_and_then_eos);
    add("nonsense from the service is counted", nonsense_from_the_service_is_counted);
    add("an audio stream without times is refused", an_audio_stream_without_times_is_refused);
    add("a missing key is said before anything runs", a_missing_key_is_said_before_anything_runs);
}
