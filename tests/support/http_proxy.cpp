// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/http_proxy.h"

#include <sstream>
#include <utility>

namespace lt::support {

namespace {

constexpr const char *kVariables[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                      "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};

/// The request's head; "" when the client goes before its end.
std::string readHead(GIOStream *client, GCancellable *over) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n")) { // byte by byte: what follows is not the proxy's
        if (g_input_stream_read(g_io_stream_get_input_stream(client), &byte, 1, over, nullptr) != 1)
            return {};
        head += byte;
    }
    return head;
}

void answer(GIOStream *client, const std::string &status, GCancellable *over) {
    const std::string text = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
    g_output_stream_write_all(g_io_stream_get_output_stream(client), text.data(), text.size(), nullptr, over,
                              nullptr);
}

} // namespace

HttpProxy::HttpProxy()
    : server_([this](GSocketConnection *client, GCancellable *over) { serve(client, over); }) {}

std::string HttpProxy::url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port());
}

void HttpProxy::refuseWith(const std::string &status) {
    std::lock_guard lock(mutex_);
    refusal_ = status;
}

std::vector<std::string> HttpProxy::asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
}

std::size_t HttpProxy::passed() const {
    std::lock_guard lock(mutex_);
    return passed_;
}

bool HttpProxy::admits(const std::string &target, std::string &status) {
    std::lock_guard lock(mutex_);
    asked_.push_back(target);
    status = refusal_.empty() ? "200 Connection established" : refusal_;
    passed_ += refusal_.empty();
    return refusal_.empty();
}

void HttpProxy::serve(GSocketConnection *connection, GCancellable *over) {
    GIOStream *client = G_IO_STREAM(connection);
    std::istringstream head(readHead(client, over));
    std::string method, target, status;
    head >> method >> target;
    if (method != "CONNECT")
        return answer(client, "405 Method Not Allowed", over);
    if (!admits(target, status))
        return answer(client, status, over);
    const ObjectRef<GSocketClient> onward(g_socket_client_new());
    g_socket_client_set_enable_proxy(onward.get(), FALSE);
    const ObjectRef<GSocketConnection> server(
        g_socket_client_connect_to_host(onward.get(), target.c_str(), 0, over, nullptr));
    if (!server)
        return answer(client, "502 Bad Gateway", over);
    answer(client, status, over);
    relay({client, connection}, {G_IO_STREAM(server.get()), server.get()}, over);
}

ProxyEnvironment::ProxyEnvironment(const std::string &proxyUrl) : proxyUrl_(proxyUrl) {
    for (const char *name : kVariables) {
        if (const gchar *value = g_getenv(name))
            before_.emplace_back(name, value);
        g_unsetenv(name);
    }
    g_setenv("http_proxy", proxyUrl.c_str(), TRUE);
    g_setenv("https_proxy", proxyUrl.c_str(), TRUE);
}

ProxyEnvironment::~ProxyEnvironment() {
    for (const char *name : kVariables)
        g_unsetenv(name);
    for (const auto &[name, value] : before_)
        g_setenv(name.c_str(), value.c_str(), TRUE);
}

bool ProxyEnvironment::supported() const {
    gchar **found =
        g_proxy_resolver_lookup(g_proxy_resolver_get_default(), "https://127.0.0.1:443", nullptr, nullptr);
    const bool ours = found && found[0] && proxyUrl_ == found[0];
    g_strfreev(found);
    return ours;
}

} // namespace lt::support
