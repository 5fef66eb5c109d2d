// SPDX-License-Identifier: LGPL-2.1-or-later
// The service behind TLS: whom gladiasink trusts, and what it says when it does not.
#include "tests/elements/gladia_tests.h"
#include "tests/support/tls_relay.h"

#include <cstring>

using namespace lt;
using namespace lt::test;
using lt::emulator::GladiaEmulator;
using lt::support::makeCertificate;
using lt::support::TemporaryDirectory;
using lt::support::TlsRelay;

namespace {

constexpr const char *kHere = "IP:127.0.0.1,DNS:localhost";

GladiaRig::Setup trusting(const std::string &authorities) {
    return [authorities](GstElement *element) {
        if (!authorities.empty())
            g_object_set(element, "tls-ca-file", authorities.c_str(), nullptr);
    };
}

/// The element's error, which must name what to look at.
void assertNotTrusted(GladiaRig &rig) {
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    const MessageRef message = rig.message(GST_MESSAGE_ERROR);
    g_assert_nonnull(message.get());
    GError *raw = nullptr;
    gst_message_parse_error(message.get(), &raw, nullptr);
    const ErrorRef error(raw);
    g_assert_error(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE);
    g_assert_nonnull(strstr(raw->message, "certificate"));
    g_assert_nonnull(strstr(raw->message, "tls-ca-file"));
}

} // namespace

static void the_service_may_have_an_authority_of_its_own() {
    const TemporaryDirectory directory;
    const std::string certificate = makeCertificate(directory, "here", kHere);
    GladiaEmulator emulator(behindTls());
    const TlsRelay relay(certificate, emulator.port());
    GladiaRig rig(relay.url(), trusting(certificate));
    rig.setCaps();
    rig.push(support::makeDtmf("159#,26A0"));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("159#,26A0"));
    g_assert_cmpuint(emulator.report().sessions.size(), ==, 1);
}

static void without_it_the_service_is_not_trusted() {
    const TemporaryDirectory directory;
    const std::string certificate = makeCertificate(directory, "here", kHere);
    GladiaEmulator emulator(behindTls());
    const TlsRelay relay(certificate, emulator.port());
    GladiaRig rig(relay.url());
    assertNotTrusted(rig);
    g_assert_cmpuint(emulator.report().posts, ==, 0); // the key did not get there
}

static void nor_with_another_authority_or_for_another_host() {
    const TemporaryDirectory directory;
    const std::string here = makeCertificate(directory, "here", kHere);
    const std::string elsewhere = makeCertificate(directory, "elsewhere", "DNS:example.org");
    struct {
        std::string shown, trusted;
    } table[] = {{here, elsewhere}, {elsewhere, elsewhere}};
    for (const auto &row : table) {
        GladiaEmulator emulator(behindTls());
        const TlsRelay relay(row.shown, emulator.port());
        GladiaRig rig(relay.url(), trusting(row.trusted));
        assertNotTrusted(rig);
        g_assert_cmpuint(emulator.report().posts, ==, 0);
    }
}

static void a_socket_in_the_clear_is_refused_behind_tls() {
    const TemporaryDirectory directory;
    const std::string certificate = makeCertificate(directory, "here", kHere);
    GladiaEmulator emulator; // answers with a ws address
    const TlsRelay relay(certificate, emulator.port());
    GladiaRig rig(relay.url(), trusting(certificate));
    rig.setCaps();
    rig.push(support::makeDtmf("1"));
    g_assert_nonnull(rig.message(GST_MESSAGE_ERROR).get());
    g_assert_cmpuint(emulator.report().upgrades, ==, 0);
}

static void a_file_without_certificates_is_refused_at_the_start() {
    const TemporaryDirectory directory;
    for (const std::string &file : {directory.file("nothing"), directory.file("")}) {
        const ObjectRef<GstElement> element(
            GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("gladiasink", nullptr))));
        const ObjectRef<GstBus> bus(gst_bus_new());
        gst_element_set_bus(element.get(), bus.get());
        g_object_set(element.get(), "api-key", kKey, "tls-ca-file", file.c_str(), nullptr);
        g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
        const MessageRef message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
        g_assert_nonnull(message.get());
        gst_element_set_state(element.get(), GST_STATE_NULL);
        gst_element_set_bus(element.get(), nullptr);
    }
}

void lt::test::addGladiaTlsTests() {
    add("the service may have an authority of its own", the_service_may_have_an_authority_of_its_own);
    add("without it the service is not trusted", without_it_the_service_is_not_trusted);
    add("nor with another authority or for another host", nor_with_another_authority_or_for_another_host);
    add("a socket in the clear is refused behind TLS", a_socket_in_the_clear_is_refused_behind_tls);
    add("a file without certificates is refused at the start",
        a_file_without_certificates_is_refused_at_the_start);
}
