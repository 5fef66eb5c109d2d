// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections that are made, and all the ways in which they are not. Names are resolved by the test.
#include "tests/support/http_proxy.h"
#include "tests/support/tls_relay.h"
#include "tests/unit/dial_rig.h"

#include <map>
#include <string>
#include <vector>

#include <fcntl.h>

using namespace lt;
using namespace lt::test;
using lt::support::HttpProxy;
using lt::support::makeCertificate;
using lt::support::ProxyEnvironment;
using lt::support::TemporaryDirectory;
using lt::support::TlsRelay;

namespace {

// ---- Names ------------------------------------------------------------------------------------------------

/// What a name means here. Written before anybody asks.
std::map<std::string, std::vector<std::string>> addressesOf;

struct Names {
    GResolver parent;
};
struct NamesClass {
    GResolverClass parent;
};
G_DEFINE_TYPE(Names, names, G_TYPE_RESOLVER)

/// "noservice" is what a name gets when no name server answers.
void lookUp(GResolver *resolver, const gchar *name, GResolverNameLookupFlags flags, GCancellable *cancellable,
            GAsyncReadyCallback done, gpointer data) {
    GTask *task = g_task_new(resolver, cancellable, done, data);
    const auto known = addressesOf.find(name);
    GList *addresses = nullptr;
    if (known != addressesOf.end() && !(flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY))
        for (const auto &each : known->second)
            addresses = g_list_append(addresses, g_inet_address_new_from_string(each.c_str()));
    if (addresses)
        g_task_return_pointer(task, addresses,
                              [](gpointer list) { g_resolver_free_addresses(static_cast<GList *>(list)); });
    else
        g_task_return_new_error(task, G_RESOLVER_ERROR,
                                g_str_equal(name, "noservice.test") ? G_RESOLVER_ERROR_TEMPORARY_FAILURE
                                                                    : G_RESOLVER_ERROR_NOT_FOUND,
                                "no address of %s", name);
    g_object_unref(task);
}
GList *lookedUp(GResolver *, GAsyncResult *result, GError **error) {
    return static_cast<GList *>(g_task_propagate_pointer(G_TASK(result), error));
}
void names_class_init(NamesClass *klass) {
    GResolverClass *type = G_RESOLVER_CLASS(klass);
    type->lookup_by_name_with_flags_async = lookUp;
    type->lookup_by_name_with_flags_finish = lookedUp;
    type->lookup_by_name_async = [](GResolver *self, const gchar *name, GCancellable *cancellable,
                                    GAsyncReadyCallback done, gpointer data) {
        lookUp(self, name, G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, cancellable, done, data);
    };
    type->lookup_by_name_finish = lookedUp;
}
void names_init(Names *) {}

void a_connection_is_the_caller_s_and_nothing_of_gio_remains() {
    const Listener server("127.0.0.1");
    UniqueFd fd;
    {
        Attempt attempt({"127.0.0.1", server.port()});
        g_assert_null(attempt.connection().stream.get());
        fd = std::move(attempt.connection().fd);
    }
    const UniqueFd other = server.accept();
    g_assert_true(fcntl(fd.get(), F_GETFL) & O_NONBLOCK);
    g_assert_true(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC);
    g_assert_cmpint(send(fd.get(), "hello", 5, 0), ==, 5);
    const auto heard = readText(other.get());
    g_assert_cmpstr(heard.c_str(), ==, "hello");
    fd.reset();
    g_assert_cmpuint(readText(other.get()).size(), ==, 0); // no other descriptor keeps it open
}

void a_port_that_nobody_listens_at_is_unreachable() {
    std::uint16_t port;
    { port = Listener("127.0.0.1").port(); }
    Attempt({"127.0.0.1", port}).failure(DialFailure::Kind::Unreachable);
}

void a_name_that_is_none_is_told_from_name_servers_that_do_not_answer() {
    Attempt({"nosuchhost.test", 80}).failure(DialFailure::Kind::NoSuchHost);
    Attempt({"noservice.test", 80}).failure(DialFailure::Kind::NoNameService);
}

void addresses_are_tried_in_their_order() {
    addressesOf["two.test"] = {"127.0.0.2", "127.0.0.1"};
    const Listener first("127.0.0.2");
    const Listener second("127.0.0.1", first.port());
    Attempt attempt({"two.test", first.port()});
    attempt.connection();
    first.accept();
    g_assert_true(second.nobodyCame());
}

void when_the_first_address_refuses_the_second_is_tried() {
    addressesOf["two.test"] = {"127.0.0.2", "127.0.0.1"};
    const Listener second("127.0.0.1");
    Attempt attempt({"two.test", second.port()});
    attempt.connection();
    second.accept();
}

void when_the_first_address_does_not_answer_the_second_is_tried() {
    addressesOf["two.test"] = {"127.0.0.2", "127.0.0.1"};
    const Listener first("127.0.0.2", 0, 0);
    const auto waiting = first.fillUp("127.0.0.2");
    const Listener second("127.0.0.1", first.port());
    Attempt attempt({"two.test", first.port()});
    attempt.connection();
    second.accept();
}

void who_has_waited_long_enough_hears_no_more() {
    const Listener deaf("127.0.0.1", 0, 0);
    const auto waiting = deaf.fillUp("127.0.0.1");
    Attempt attempt({"127.0.0.1", deaf.port()});
    g_assert_true(attempt.giveUp());
}

void a_handshake_that_is_given_up_leaves_no_connection() {
    const Listener silent("127.0.0.1");
    Attempt attempt({"127.0.0.1", silent.port(), true});
    const UniqueFd other = silent.accept();
    g_assert_cmpuint(readText(other.get()).size(), >, 0); // its side of the handshake
    g_assert_true(attempt.giveUp());
    while (!readText(other.get()).empty())
        ;
}

void tls_is_checked_for_the_host_and_its_bytes_go_through_the_stream() {
    const TemporaryDirectory directory;
    const auto here = makeCertificate(directory, "here", "IP:127.0.0.1,DNS:here.test");
    addressesOf["here.test"] = addressesOf["there.test"] = {"127.0.0.1"};
    const Listener plain("127.0.0.1");
    const TlsRelay relay(here, plain.port());
    for (const char *host : {"127.0.0.1", "here.test"}) {
        Attempt attempt({host, relay.port(), true, trusting(here)});
        auto &connection = attempt.connection();
        g_assert_nonnull(connection.stream.get());
        const UniqueFd other = plain.accept();
        char hello[] = "hello";
        const iovec piece{hello, 5};
        g_assert_cmpint(connection.stream->send(&piece, 1), ==, 5);
        const auto heard = readText(other.get());
        g_assert_cmpstr(heard.c_str(), ==, "hello");
        connection = {};
        g_assert_cmpuint(readText(other.get()).size(), ==, 0);
    }
    Attempt({"there.test", relay.port(), true, trusting(here)}).failure(DialFailure::Kind::Certificate);
}

void a_certificate_that_nobody_vouches_for_is_refused() {
    const TemporaryDirectory directory;
    const auto here = makeCertificate(directory, "here", "IP:127.0.0.1");
    const auto other = makeCertificate(directory, "other", "IP:127.0.0.1");
    const Listener plain("127.0.0.1");
    const TlsRelay relay(here, plain.port());
    Attempt({"127.0.0.1", relay.port(), true}).failure(DialFailure::Kind::Certificate);
    Attempt({"127.0.0.1", relay.port(), true, trusting(other)}).failure(DialFailure::Kind::Certificate);
    g_assert_true(plain.nobodyCame());
}

void a_server_that_does_not_speak_tls_is_told_from_one_that_is_not_trusted() {
    const Listener plain("127.0.0.1");
    Attempt attempt({"127.0.0.1", plain.port(), true});
    const UniqueFd other = plain.accept();
    readText(other.get());
    constexpr std::string_view kWords = "HTTP/1.1 400 Bad Request\r\n\r\n";
    g_assert_cmpint(send(other.get(), kWords.data(), kWords.size(), MSG_NOSIGNAL), ==,
                    static_cast<ssize_t>(kWords.size()));
    attempt.failure(DialFailure::Kind::Tls);
}

// ---- Proxies ----------------------------------------------------------------------------------------------

/// Runs `test` with a proxy in the environment, where GIO looks for it there.
template <typename Test>
void throughProxy(Test test) {
    HttpProxy proxy;
    const ProxyEnvironment environment(proxy.url());
    if (environment.supported())
        test(proxy);
    else
        g_test_skip("this machine's GIO takes no proxies from the environment");
}

void a_proxy_is_asked_to_connect() {
    throughProxy([](HttpProxy &proxy) {
        const Listener server("127.0.0.1");
        Attempt attempt({"127.0.0.1", server.port()});
        auto &connection = attempt.connection();
        const UniqueFd other = server.accept();
        g_assert_cmpint(send(connection.fd.get(), "hello", 5, 0), ==, 5);
        const auto heard = readText(other.get());
        g_assert_cmpstr(heard.c_str(), ==, "hello");
        const auto asked = proxy.asked();
        g_assert_cmpuint(asked.size(), ==, 1);
        const auto target = "127.0.0.1:" + std::to_string(server.port());
        g_assert_cmpstr(asked[0].c_str(), ==, target.c_str());
    });
}

void tls_goes_through_a_proxy_to_the_host_itself() {
    throughProxy([](HttpProxy &proxy) {
        const TemporaryDirectory directory;
        const auto here = makeCertificate(directory, "here", "IP:127.0.0.1");
        const Listener plain("127.0.0.1");
        const TlsRelay relay(here, plain.port());
        Attempt attempt({"127.0.0.1", relay.port(), true, trusting(here)});
        g_assert_nonnull(attempt.connection().stream.get());
        g_assert_cmpuint(proxy.passed(), ==, 1);
        plain.accept();
        Attempt({"127.0.0.1", relay.port(), true}).failure(DialFailure::Kind::Certificate);
    });
}

void a_proxy_that_refuses_is_named() {
    throughProxy([](HttpProxy &proxy) {
        const Listener server("127.0.0.1");
        for (const char *status : {"407 Proxy Authentication Required", "403 Forbidden"}) {
            proxy.refuseWith(status);
            Attempt attempt({"127.0.0.1", server.port()});
            attempt.failure(DialFailure::Kind::Proxy);
        }
        proxy.refuseWith("502 Bad Gateway"); // no word of the proxy's own
        Attempt attempt({"127.0.0.1", server.port()});
        attempt.failure(DialFailure::Kind::Unreachable);
        g_assert_true(server.nobodyCame());
    });
}

void who_has_a_proxy_goes_no_other_way() {
    std::uint16_t port;
    { port = Listener("127.0.0.1").port(); }
    const ProxyEnvironment environment("http://127.0.0.1:" + std::to_string(port));
    if (!environment.supported())
        return g_test_skip("this machine's GIO takes no proxies from the environment");
    const Listener server("127.0.0.1");
    Attempt attempt({"127.0.0.1", server.port()});
    attempt.failure(DialFailure::Kind::Unreachable);
    g_assert_true(server.nobodyCame());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    GResolver *names = G_RESOLVER(g_object_new(names_get_type(), nullptr));
    g_resolver_set_default(names);
#define T(name) g_test_add_func("/dial/" #name, name)
    T(a_connection_is_the_caller_s_and_nothing_of_gio_remains);
    T(a_port_that_nobody_listens_at_is_unreachable);
    T(a_name_that_is_none_is_told_from_name_servers_that_do_not_answer);
    T(addresses_are_tried_in_their_order);
    T(when_the_first_address_refuses_the_second_is_tried);
    T(when_the_first_address_does_not_answer_the_second_is_tried);
    T(who_has_waited_long_enough_hears_no_more);
    T(a_handshake_that_is_given_up_leaves_no_connection);
    T(tls_is_checked_for_the_host_and_its_bytes_go_through_the_stream);
    T(a_certificate_that_nobody_vouches_for_is_refused);
    T(a_server_that_does_not_speak_tls_is_told_from_one_that_is_not_trusted);
    T(a_proxy_is_asked_to_connect);
    T(tls_goes_through_a_proxy_to_the_host_itself);
    T(a_proxy_that_refuses_is_named);
    T(who_has_a_proxy_goes_no_other_way);
    const int result = g_test_run();
    g_object_unref(names);
    return result;
}
