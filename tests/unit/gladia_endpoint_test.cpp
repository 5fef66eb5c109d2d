// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/endpoint.h"
#include "elements/gladiasink/failure.h"

#include <string>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

void assertSame(const std::string &is, const std::string &shouldBe) {
    g_assert_cmpstr(is.c_str(), ==, shouldBe.c_str());
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

static void endpoints_become_addresses() {
    struct {
        const char *endpoint, *region, *init;
    } table[] = {
        {"https://api.gladia.io", "", "https://api.gladia.io/v2/live"},
        {"https://api.gladia.io/", "eu-west", "https://api.gladia.io/v2/live?region=eu-west"},
        {"http://127.0.0.1:8080", "", "http://127.0.0.1:8080/v2/live"},
        {"ws://h:1/some/path?x=1", "", "http://h:1/v2/live"},
        {"wss://h", "a&b=c", "https://h/v2/live?region=a%26b%3Dc"},
        {"http://[::1]:99", "", "http://[::1]:99/v2/live"},
    };
    for (const auto &row : table) {
        std::string error;
        const auto endpoint = Endpoint::parse(row.endpoint, row.region, error);
        g_assert_true(endpoint.has_value());
        assertSame(endpoint->initUrl(), row.init);
    }
    for (const char *bad :
         {"", "api.gladia.io", "ftp://h", "https://", "http:///v2", "https://h:99999", "::"}) {
        std::string error;
        g_assert_false(Endpoint::parse(bad, "", error).has_value());
        g_assert_false(error.empty());
    }
}

static void the_sockets_address_may_be_relative_but_not_less_safe() {
    struct {
        const char *endpoint, *returned, *socket; // null: refused
    } table[] = {
        {"https://h", "wss://other/x?token=t", "wss://other/x?token=t"},
        {"https://h", "https://h/x?token=t", "wss://h/x?token=t"},
        {"http://h:8", "ws://h:8/v2/live?token=t", "ws://h:8/v2/live?token=t"},
        {"http://h:8", "/v2/live?token=t", "ws://h:8/v2/live?token=t"},
        {"https://h", "/v2/live?token=t", "wss://h/v2/live?token=t"},
        {"http://h:8", "?token=t", "ws://h:8/v2/live?token=t"},
        {"http://h", "wss://safer/", "wss://safer/"},
        {"https://h", "ws://h/x", nullptr},
        {"https://h", "ftp://h/x", nullptr},
        {"https://h", "wss://", nullptr},
        {"https://h", "wss://h:x/", nullptr},
    };
    for (const auto &row : table) {
        std::string error;
        const auto endpoint = Endpoint::parse(row.endpoint, "", error);
        const auto socket = endpoint->socketUrl(row.returned, error);
        g_assert_true(socket.has_value() == (row.socket != nullptr));
        if (socket)
            assertSame(*socket, row.socket);
    }
}

static void a_key_in_the_clear_is_noticed() {
    std::string error;
    g_assert_false(Endpoint::parse("https://h", "", error)->exposesKey());
    g_assert_false(Endpoint::parse("http://127.0.0.1:1", "", error)->exposesKey());
    g_assert_false(Endpoint::parse("ws://localhost", "", error)->exposesKey());
    g_assert_false(Endpoint::parse("http://[::1]", "", error)->exposesKey());
    g_assert_true(Endpoint::parse("http://h", "", error)->exposesKey());
}

static void what_failures_mean_is_one_table() {
    constexpr Remedy kStop = Remedy::Stop, kAgain = Remedy::Retry, kNew = Remedy::NewSession;
    struct Row {
        unsigned code;
        Trouble trouble;
        Remedy remedy;
    };
    const Row posts[] = {
        {302, Trouble::NotFound, kStop},       {400, Trouble::Refused, kStop},
        {401, Trouble::NotAuthorized, kStop},  {402, Trouble::NotAuthorized, kStop},
        {403, Trouble::NotAuthorized, kStop},  {404, Trouble::NotFound, kStop},
        {408, Trouble::CannotConnect, kAgain}, {410, Trouble::NotFound, kStop},
        {422, Trouble::Refused, kStop},        {429, Trouble::Refused, kAgain},
        {500, Trouble::CannotConnect, kAgain}, {503, Trouble::CannotConnect, kAgain},
        {599, Trouble::CannotConnect, kAgain},
    };
    const Row upgrades[] = {
        {200, Trouble::Refused, kNew},         {302, Trouble::Refused, kNew},
        {400, Trouble::Refused, kNew},         {401, Trouble::NotAuthorized, kNew},
        {403, Trouble::NotAuthorized, kNew},   {404, Trouble::NotFound, kNew},
        {408, Trouble::CannotConnect, kAgain}, {410, Trouble::NotFound, kNew},
        {429, Trouble::Refused, kAgain},       {500, Trouble::CannotConnect, kAgain},
        {503, Trouble::CannotConnect, kAgain},
    };
    const Row closes[] = {
        {1000, Trouble::Lost, kNew},     {1001, Trouble::Lost, kAgain},
        {1002, Trouble::Lost, kAgain},   {1005, Trouble::Lost, kAgain},
        {1006, Trouble::Lost, kAgain},   {1008, Trouble::Lost, kAgain},
        {1009, Trouble::Lost, kAgain},   {1011, Trouble::Lost, kAgain},
        {1012, Trouble::Lost, kAgain},   {4000, Trouble::Lost, kAgain},
        {4400, Trouble::Refused, kStop}, {4401, Trouble::NotAuthorized, kNew},
        {4402, Trouble::Refused, kNew},  {4403, Trouble::NotFound, kNew},
        {4404, Trouble::NotFound, kNew}, {4408, Trouble::Lost, kAgain},
        {4409, Trouble::Lost, kAgain},   {4410, Trouble::NotFound, kNew},
        {4422, Trouble::Refused, kNew},  {4429, Trouble::Refused, kAgain},
        {4500, Trouble::Lost, kAgain},   {4999, Trouble::Lost, kAgain},
    };
    const auto check = [](const Row &row, const Failure &failure) {
        if (failure.remedy != row.remedy || failure.trouble != row.trouble)
            g_test_message("%u: %s", row.code, failure.debug.c_str());
        g_assert_true(failure.remedy == row.remedy);
        g_assert_true(failure.trouble == row.trouble);
        g_assert_true(failure.text.ends_with('.'));
        g_assert_true(contains(failure.debug, std::to_string(row.code)));
    };
    for (const Row &row : posts) {
        check(row, failureOfStatus(row.code, ""));
        g_assert_cmpuint(failureOfStatus(row.code, "").httpStatus, ==, row.code);
    }
    for (const Row &row : upgrades)
        check(row, failureOfUpgrade(row.code, "why"));
    for (const Row &row : closes) {
        check(row, failureOfClose(row.code, ""));
        g_assert_cmpuint(failureOfClose(row.code, "").closeCode, ==, row.code);
    }
}

static void a_failure_has_the_service_s_own_words() {
    g_assert_true(contains(failureOfClose(4401, "bad token").debug, "bad token"));
    const Failure worded = failureOfStatus(400, R"-({"message":"Invalid parameter(s)","request_id":"G-1",)-"
                                                R"-("validation_errors":["endpointing too small",3]})-");
    g_assert_true(contains(worded.debug, "Invalid parameter(s)"));
    g_assert_true(contains(worded.debug, "endpointing too small"));
    g_assert_true(contains(worded.debug, "G-1"));
}

static void what_a_peer_says_is_quoted_harmlessly() {
    assertSame(quotable("a\nb\x01"
                        "c"),
               "a b c");
    g_assert_cmpuint(quotable(std::string(10000, 'x')).size(), ==, 300);
    g_assert_true(g_utf8_validate(quotable("\xff\xfe").c_str(), -1, nullptr));
    assertSame(redacted("key=abc&abc", "abc"), "key=[secret]&[secret]");
    assertSame(redacted("plain", ""), "plain");
    assertSame(redacted("secret", "secret"), "[secret]"); // the replacement holds the secret: still ends
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/gladia-endpoint/endpoints become addresses", endpoints_become_addresses);
    g_test_add_func("/gladia-endpoint/the socket's address may be relative but not less safe",
                    the_sockets_address_may_be_relative_but_not_less_safe);
    g_test_add_func("/gladia-endpoint/a key in the clear is noticed", a_key_in_the_clear_is_noticed);
    g_test_add_func("/gladia-endpoint/what failures mean is one table", what_failures_mean_is_one_table);
    g_test_add_func("/gladia-endpoint/a failure has the service's own words",
                    a_failure_has_the_service_s_own_words);
    g_test_add_func("/gladia-endpoint/what a peer says is quoted harmlessly",
                    what_a_peer_says_is_quoted_harmlessly);
    return g_test_run();
}
