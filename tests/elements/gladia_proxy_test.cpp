// SPDX-License-Identifier: LGPL-2.1-or-later
// The service behind a proxy, as most firms have one.
#include "tests/elements/gladia_tests.h"
#include "tests/support/http_proxy.h"
#include "tests/support/tls_relay.h"

#include <cstring>
#include <functional>

using namespace lt;
using namespace lt::test;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;
using lt::support::HttpProxy;
using lt::support::makeCertificate;
using lt::support::ProxyEnvironment;
using lt::support::TemporaryDirectory;
using lt::support::TlsRelay;

namespace {

constexpr const char *kSpoken = "159#,26A0";

/// The service with TLS, reached through a proxy.
struct Firm {
    Firm() {
        if (!environment.supported())
            g_test_skip("this machine's GIO takes no proxies from the environment");
    }
    GladiaRig::Setup setup() const {
        return [authority = certificate](GstElement *element) {
            g_object_set(element, "tls-ca-file", authority.c_str(), "reconnect-min-ms", 20,
                         "reconnect-max-ms", 100, nullptr);
        };
    }

    const TemporaryDirectory directory;
    const std::string certificate = makeCertificate(directory, "here", "IP:127.0.0.1");
    GladiaEmulator emulator{behindTls()};
    const TlsRelay relay{certificate, emulator.port()};
    HttpProxy proxy;
    const ProxyEnvironment environment{proxy.url()};
};

/// Speaks and checks that nothing of it is missing.
void speak(GladiaRig &rig) {
    rig.setCaps();
    rig.push(support::makeDtmf(kSpoken));
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken(kSpoken));
}

} // namespace

static void request_and_socket_go_through_the_proxy() {
    Firm firm;
    if (!firm.environment.supported())
        return;
    GladiaRig rig(firm.relay.url(), firm.setup());
    speak(rig);
    const auto asked = firm.proxy.asked();
    g_assert_cmpuint(asked.size(), ==, 2);
    for (const auto &target : asked)
        assertSame("https://" + target, firm.relay.url());
}

static void a_proxy_that_wants_a_password_is_an_error_that_says_so() {
    for (const char *status : {"407 Proxy Authentication Required", "403 Forbidden"}) {
        Firm firm;
        if (!firm.environment.supported())
            return;
        firm.proxy.refuseWith(status);
        GladiaRig rig(firm.relay.url(), firm.setup());
        rig.setCaps();
        rig.push(support::makeDtmf("1"));
        const MessageRef message = rig.message(GST_MESSAGE_ERROR);
        g_assert_nonnull(message.get());
        GError *raw = nullptr;
        gst_message_parse_error(message.get(), &raw, nullptr);
        const ErrorRef error(raw);
        g_assert_error(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE);
        if (!std::strstr(raw->message,
                         "The proxy does not let the connection to Gladia through. Check http_proxy"))
            g_error("told instead: %s", raw->message);
        g_assert_cmpuint(firm.emulator.report().posts, ==, 0);
    }
}

static void a_proxy_that_cannot_get_there_is_tried_again() {
    Firm firm;
    if (!firm.environment.supported())
        return;
    firm.proxy.refuseWith("502 Bad Gateway");
    GladiaRig rig(firm.relay.url(), firm.setup());
    rig.setCaps();
    const GstClockTime end = rig.push(support::makeDtmf("159,"));
    g_assert_nonnull(rig.elementMessage("gladiasink/retrying").get());
    firm.proxy.refuseWith("");
    rig.push(support::makeDtmf("26A0"), end);
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("159,26A0"));
}

static void a_proxy_that_refuses_a_session_under_way_costs_no_word() {
    Firm firm;
    if (!firm.environment.supported())
        return;
    firm.emulator.faults().add({.kind = FaultKind::kDrop, .atByte = 20'000});
    GladiaRig rig(firm.relay.url(), firm.setup());
    rig.setCaps();
    GstClockTime end = rig.push(support::makeDtmf("12345,"));
    g_assert_nonnull(rig.elementMessage("gladiasink/connected").get());
    firm.proxy.refuseWith("407 Proxy Authentication Required");
    end = rig.push(support::makeDtmf("6789A"), end);
    g_assert_nonnull(rig.elementMessage("gladiasink/lost").get());
    g_assert_nonnull(rig.elementMessage("gladiasink/retrying").get());
    g_assert_true(eventually([&] { return firm.proxy.asked().size() > 4; })); // refused, and again
    firm.proxy.refuseWith("");
    rig.push(support::makeDtmf(",BCD*#"), end);
    rig.pushEos();
    assertSame(finalTexts(rig.hearUntilEos()), spoken("12345,6789A,BCD*#"));
}

void lt::test::addGladiaProxyTests() {
    add("request and socket go through the proxy", request_and_socket_go_through_the_proxy);
    add("a proxy that wants a password is an error that says so",
        a_proxy_that_wants_a_password_is_an_error_that_says_so);
    add("a proxy that cannot get there is tried again", a_proxy_that_cannot_get_there_is_tried_again);
    add("a proxy that refuses a session under way costs no word",
        a_proxy_that_refuses_a_session_under_way_costs_no_word);
}
