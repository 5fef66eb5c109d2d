// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/http_listener.h"
#include "tests/support/http_client.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

using namespace lt::net;
using lt::support::httpRequest;

namespace {

HttpListener::Handler text(const std::string &body) {
    return [body](HttpRequest &request) {
        request.reply({200, "text/plain", body});
    };
}

std::shared_ptr<HttpListener> openListener(std::uint16_t port = 0, const std::string &address = "127.0.0.1") {
    ListenError error;
    auto listener = HttpListener::open(address, port, {}, error);
    return listener;
}

std::string url(const HttpListener &listener, const std::string &path) {
    return "http://127.0.0.1:" + std::to_string(listener.port()) + path;
}

UniqueFd connectTo(const HttpListener &listener) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(listener.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fd.reset();
    return fd;
}

void expectBody(const HttpListener &listener, const std::string &path, const char *wanted) {
    const auto answer = httpRequest("GET", url(listener, path));
    g_assert_cmpstr(answer.body.c_str(), ==, wanted);
}

void a_path_is_served_by_its_own_route_or_the_nearest_above() {
    const auto listener = openListener();
    const HttpListener::Serving serving(
        listener,
        {{"/", text("root")}, {"/a", text("a")}, {"/a/", text("below a")}, {"/a/b/", text("below b")}});
    expectBody(*listener, "/", "root");
    expectBody(*listener, "/a", "a");
    expectBody(*listener, "/a/x", "below a");
    expectBody(*listener, "/a/x/y", "below a");
    expectBody(*listener, "/a/b/x", "below b");
    g_assert_cmpint(httpRequest("GET", url(*listener, "/b")).status, ==, 404); // "/" is only itself
    const auto head = httpRequest("HEAD", url(*listener, "/a"));
    g_assert_cmpint(head.status, ==, 200);
    g_assert_true(head.body.empty());
    for (const char *method : {"POST", "PUT", "DELETE"})
        g_assert_cmpint(httpRequest(method, url(*listener, "/a"), {}, "body").status, ==, 405);
}

void who_is_upgraded_holds_little_in_the_kernel_and_is_missed_when_it_vanishes() {
    const auto listener = openListener();
    std::mutex mutex;
    std::condition_variable changed;
    UniqueFd upgraded;
    const HttpListener::Serving serving(listener, {{"/ws", [&](HttpRequest &request) {
                                                        request.upgrade(nullptr, [&](UpgradedSocket socket) {
                                                            std::lock_guard lock(mutex);
                                                            upgraded = std::move(socket.fd);
                                                            changed.notify_one();
                                                        });
                                                    }}});
    const lt::support::WebSocketClient client({url(*listener, "/ws"), {}, {}});
    std::unique_lock lock(mutex);
    g_assert_true(changed.wait_for(lock, std::chrono::seconds(20), [&] { return bool(upgraded); }));
    const auto option = [&](int level, int name) {
        int value = -1;
        socklen_t size = sizeof value;
        g_assert_cmpint(getsockopt(upgraded.get(), level, name, &value, &size), ==, 0);
        return value;
    };
    g_assert_cmpint(option(IPPROTO_TCP, TCP_NODELAY), ==, 1);
    g_assert_cmpint(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), ==, 16 * 1024);
    g_assert_cmpint(option(SOL_SOCKET, SO_SNDBUF), ==, 2 * 64 * 1024); // the kernel doubles it
    g_assert_cmpint(option(SOL_SOCKET, SO_KEEPALIVE), ==, 1);
    g_assert_cmpint(option(IPPROTO_TCP, TCP_KEEPIDLE), ==, 60);
    g_assert_cmpint(option(IPPROTO_TCP, TCP_KEEPINTVL), ==, 15);
    g_assert_cmpint(option(IPPROTO_TCP, TCP_KEEPCNT), ==, 4);
}

void routes_come_and_go_with_who_serves_them() {
    const auto listener = openListener();
    g_assert_cmpint(httpRequest("GET", url(*listener, "/x")).status, ==, 404);
    {
        const HttpListener::Serving serving(listener, {{"/x", text("x")}});
        expectBody(*listener, "/x", "x");
    }
    g_assert_cmpint(httpRequest("GET", url(*listener, "/x")).status, ==, 404);
}

void one_listener_serves_all_who_open_the_same_port_and_goes_with_the_last() {
    auto first = openListener();
    auto second = openListener(first->port());
    g_assert_true(first == second);
    g_assert_true(openListener(first->port(), "localhost") == first);
    g_assert_true(openListener() != first);
    const std::uint16_t port = first->port();
    first.reset();
    g_assert_true(connectTo(*second));
    second.reset();
    for (int i = 0; i < 50; i++) {
        const auto again = openListener(port);
        g_assert_nonnull(again.get());
        g_assert_cmpuint(again->port(), ==, port);
    }
}

void many_threads_may_open_and_drop_the_same_port() {
    const std::uint16_t port = openListener()->port();
    std::vector<std::thread> threads;
    std::atomic<int> failures = 0;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&] {
            for (int i = 0; i < 100; i++) {
                ListenError error;
                failures += HttpListener::open("127.0.0.1", port, {}, error) == nullptr;
            }
        });
    for (auto &thread : threads)
        thread.join();
    g_assert_cmpint(failures, ==, 0);
}

void a_failure_to_listen_says_what_to_do() {
    UniqueFd taken;
    ListenError error;
    taken = listenOn("127.0.0.1", 0, 1, error);
    const std::uint16_t port = localPort(taken.get());
    g_assert_null(HttpListener::open("127.0.0.1", port, {}, error).get());
    g_assert_true(error.inUse);
    g_assert_true(error.sentence.find("port " + std::to_string(port) + " on 127.0.0.1") != std::string::npos);
    g_assert_null(HttpListener::open("example.org", 0, {}, error).get());
    g_assert_false(error.inUse);
    g_assert_true(error.sentence.find("\"example.org\"") != std::string::npos);
    g_assert_null(HttpListener::open("192.0.2.1", 0, {}, error).get());
    g_assert_true(error.sentence.find("no such address") != std::string::npos);
}

void a_reply_may_come_later_from_the_thread_and_a_client_may_leave_before_it() {
    const auto listener = openListener();
    const auto thread = httpThread();
    std::mutex mutex;
    std::condition_variable changed;
    std::shared_ptr<DeferredReply> kept; // touched on the HTTP thread only, but for its being there
    bool arrived = false;
    std::optional<HttpListener::Serving> serving;
    serving.emplace(listener, HttpListener::Routes{{"/later", [&](HttpRequest &request) {
                                                        kept = request.defer();
                                                        std::lock_guard lock(mutex);
                                                        arrived = true;
                                                        changed.notify_all();
                                                    }}});
    const auto waitForArrival = [&] {
        std::unique_lock lock(mutex);
        g_assert_true(changed.wait_for(lock, std::chrono::seconds(20), [&] { return arrived; }));
        arrived = false;
    };
    std::string body;
    std::thread client([&] { body = httpRequest("GET", url(*listener, "/later")).body; });
    waitForArrival();
    thread->runSync([&] {
        kept->send({200, "text/plain", "at last"});
        kept->send({200, "text/plain", "not again"});
        kept.reset();
    });
    client.join();
    g_assert_cmpstr(body.c_str(), ==, "at last");

    UniqueFd leaving = connectTo(*listener);
    const std::string request = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
    g_assert_cmpint(send(leaving.get(), request.data(), request.size(), MSG_NOSIGNAL), ==,
                    static_cast<gssize>(request.size()));
    waitForArrival();
    leaving.reset();
    thread->runSync([&] {
        kept->send({200, "text/plain", "to nobody"});
        kept.reset();
    });
    // Unanswered when the listener goes.
    std::thread last([&] { httpRequest("GET", url(*listener, "/later"), {}, "", 20); });
    waitForArrival();
    thread->runSync([&] { kept.reset(); });
    last.join();
}

void running_out_of_descriptors_is_survived() {
    const auto listener = openListener();
    const HttpListener::Serving serving(listener, {{"/", text("alive")}});
    expectBody(*listener, "/", "alive"); // threads and their descriptors are there
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    // Take every descriptor but one, which the client's socket gets: accept() fails.
    const rlimit tight{256, before.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &tight), ==, 0);
    std::vector<UniqueFd> taken;
    while (UniqueFd fd{open("/dev/null", O_RDONLY | O_CLOEXEC)})
        taken.push_back(std::move(fd));
    taken.pop_back();
    UniqueFd waiting = connectTo(*listener);
    g_assert_true(waiting);
    const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    g_assert_cmpint(send(waiting.get(), request.data(), request.size(), MSG_NOSIGNAL), ==,
                    static_cast<gssize>(request.size()));
    httpThread()->runSync([] {}); // it has had its turn, and failed
    httpThread()->runSync([] {});
    taken.clear();
    setrlimit(RLIMIT_NOFILE, &before);
    char buffer[1024];
    const ssize_t got = recv(waiting.get(), buffer, sizeof buffer, 0);
    g_assert_cmpint(got, >, 0);
    g_assert_true(std::string(buffer, static_cast<std::size_t>(got)).starts_with("HTTP/1.1 200"));
}

void garbage_and_endless_heads_do_no_harm() {
    const auto listener = openListener();
    const HttpListener::Serving serving(listener, {{"/", text("alive")}});
    const std::string inputs[] = {
        "\r\n\r\n",
        std::string(100, '\0'),
        "GET",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\n" + std::string(100000, 'a'),
        "GET http://[::1 HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"};
    for (const std::string &input : inputs) {
        const UniqueFd fd = connectTo(*listener);
        [[maybe_unused]] const auto sent = send(fd.get(), input.data(), input.size(), MSG_NOSIGNAL);
        expectBody(*listener, "/", "alive");
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/http-listener/streams",
                    who_is_upgraded_holds_little_in_the_kernel_and_is_missed_when_it_vanishes);
    g_test_add_func("/http-listener/routes", a_path_is_served_by_its_own_route_or_the_nearest_above);
    g_test_add_func("/http-listener/serving", routes_come_and_go_with_who_serves_them);
    g_test_add_func("/http-listener/shared",
                    one_listener_serves_all_who_open_the_same_port_and_goes_with_the_last);
    g_test_add_func("/http-listener/race", many_threads_may_open_and_drop_the_same_port);
    g_test_add_func("/http-listener/failure", a_failure_to_listen_says_what_to_do);
    g_test_add_func("/http-listener/later",
                    a_reply_may_come_later_from_the_thread_and_a_client_may_leave_before_it);
    g_test_add_func("/http-listener/descriptors", running_out_of_descriptors_is_survived);
    g_test_add_func("/http-listener/garbage", garbage_and_endless_heads_do_no_harm);
    return g_test_run();
}
