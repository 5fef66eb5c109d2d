// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/http_request.h"

#include "lib/net/pending_connections.h"
#include "lib/net/tls_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <gio/gio.h>
#include <libsoup/soup.h>

namespace lt::net {

namespace {

constexpr std::size_t kMaxEarly = 256 * 1024; // libsoup buffers far less; a bound all the same

void setReply(SoupServerMessage *message, const HttpReply &reply) {
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    // The server closes after each reply anyway (see HttpListener); say so.
    soup_message_headers_replace(headers, "Connection", "close");
    soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
    soup_message_headers_replace(headers, "Cache-Control", "no-store");
    for (const auto &[name, value] : reply.headers)
        soup_message_headers_replace(headers, name.c_str(), value.c_str());
    soup_server_message_set_status(message, reply.status, nullptr);
    soup_server_message_set_response(message, reply.contentType.c_str(), SOUP_MEMORY_COPY, reply.body.data(),
                                     reply.body.size());
}

std::string addressText(GSocketAddress *address) {
    if (!G_IS_INET_SOCKET_ADDRESS(address))
        return {};
    auto *inet = G_INET_SOCKET_ADDRESS(address);
    const CharPtr text(g_inet_address_to_string(g_inet_socket_address_get_address(inet)));
    const std::string host(text.get());
    return (host.find(':') == host.npos ? host : "[" + host + "]") + ":" +
           std::to_string(g_inet_socket_address_get_port(inet));
}

/// Reads what libsoup and the kernel hold. False when the peer is gone.
bool drain(GIOStream *stream, std::string &early) {
    auto *input = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream));
    std::array<char, 4096> buffer;
    while (early.size() < kMaxEarly) {
        ErrorOut error;
        const gssize got = g_pollable_input_stream_read_nonblocking(input, buffer.data(), buffer.size(),
                                                                    nullptr, error.out());
        if (got < 0)
            return g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
        if (got == 0)
            return false;
        early.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return false;
}

/// What libsoup has put around the connection.
struct Layers {
    GTlsConnection *tls = nullptr;
    GSocketConnection *socket = nullptr;
};

/// Nothing below is owned: `stream` keeps it.
Layers layersOf(GIOStream *stream) {
    Layers layers;
    while (stream && !G_IS_SOCKET_CONNECTION(stream)) {
        if (G_IS_TLS_CONNECTION(stream))
            layers.tls = G_TLS_CONNECTION(stream);
        const char *below = layers.tls ? "base-io-stream" : "base-iostream";
        GIOStream *base = nullptr;
        if (g_object_class_find_property(G_OBJECT_GET_CLASS(stream), below))
            g_object_get(stream, below, &base, nullptr);
        if (base)
            g_object_unref(base);
        stream = base;
    }
    layers.socket = stream ? G_SOCKET_CONNECTION(stream) : nullptr;
    return layers;
}

struct PendingUpgrade {
    std::function<void(UpgradedSocket)> onUpgraded;
    std::string peer;
};

/// The 101 is written: from here on the connection is ours.
void steal(SoupServerMessage *message, gpointer data) {
    auto *pending = static_cast<PendingUpgrade *>(data);
    // Both are freed as a side effect of stealing.
    const auto onUpgraded = std::move(pending->onUpgraded);
    UpgradedSocket upgraded;
    upgraded.peer = std::move(pending->peer);
    const GRef<GIOStream> stream(soup_server_message_steal_connection(message));
    if (!stream || !drain(stream.get(), upgraded.early))
        return;
    const Layers layers = layersOf(stream.get());
    if (!layers.socket)
        return;
    PendingConnections::release(layers.socket);
    // A descriptor of our own frees all that libsoup keeps per connection, and without TLS GIO too.
    upgraded.fd.reset(
        fcntl(g_socket_get_fd(g_socket_connection_get_socket(layers.socket)), F_DUPFD_CLOEXEC, 0));
    if (layers.tls)
        upgraded.stream = std::make_unique<TlsStream>(retain(layers.tls));
    if (upgraded.fd)
        onUpgraded(std::move(upgraded));
}

} // namespace

DeferredReply::DeferredReply(SoupServerMessage *message)
    : message_(retain(message)),
      disconnected_(g_signal_connect_swapped(message, "disconnected", G_CALLBACK(+[](DeferredReply *self) {
                                                 g_signal_handler_disconnect(self->message_.get(),
                                                                             self->disconnected_);
                                                 self->message_.reset();
                                             }),
                                             this)) {
    soup_server_message_pause(message);
}

DeferredReply::~DeferredReply() {
    send({503, "text/plain", "The server is stopping.\n"});
}

void DeferredReply::send(const HttpReply &reply) {
    if (!message_)
        return;
    const auto message = std::move(message_);
    g_signal_handler_disconnect(message.get(), disconnected_);
    setReply(message.get(), reply);
    soup_server_message_unpause(message.get());
}

std::string_view HttpRequest::query(const char *name) const {
    const void *value = query_ ? g_hash_table_lookup(query_, name) : nullptr;
    return value ? static_cast<const char *>(value) : std::string_view();
}

std::string_view HttpRequest::header(const char *name) const {
    const char *value =
        soup_message_headers_get_list(soup_server_message_get_request_headers(message_), name);
    return value ? value : std::string_view();
}

std::string HttpRequest::peer() const {
    return addressText(soup_server_message_get_remote_address(message_));
}

std::string HttpRequest::address() const {
    GSocketAddress *remote = soup_server_message_get_remote_address(message_);
    if (!G_IS_INET_SOCKET_ADDRESS(remote))
        return {};
    const CharPtr text(
        g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote))));
    return text.get();
}

bool HttpRequest::wantsWebSocket() const {
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message_);
    return soup_message_headers_header_contains(headers, "Upgrade", "websocket");
}

void HttpRequest::reply(const HttpReply &reply) {
    setReply(message_, reply);
}

std::shared_ptr<DeferredReply> HttpRequest::defer() {
    return std::make_shared<DeferredReply>(message_);
}

bool HttpRequest::offers(std::string_view subprotocol) const {
    bool found = false;
    forEachSubprotocol([&](std::string_view offered) { found = found || offered == subprotocol; });
    return found;
}

void HttpRequest::forEachSubprotocol(const std::function<void(std::string_view)> &call) const {
    std::string_view list = header("Sec-WebSocket-Protocol");
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        std::string_view one = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        const auto from = std::min(one.find_first_not_of(" \t"), one.size());
        one = one.substr(from, one.find_last_not_of(" \t") + 1 - from);
        if (!one.empty())
            call(one);
    }
}

bool HttpRequest::upgrade(const char *subprotocol, std::function<void(UpgradedSocket)> onUpgraded) {
    std::array<char *, 2> chosen{const_cast<char *>(subprotocol), nullptr};
    // No list of extensions: permessage-deflate would make each frame depend on the viewer.
    if (!soup_websocket_server_process_handshake(message_, nullptr, subprotocol ? chosen.data() : nullptr,
                                                 nullptr, nullptr))
        return false;
    g_signal_connect_data(
        message_, "wrote-informational", G_CALLBACK(steal), new PendingUpgrade{std::move(onUpgraded), peer()},
        [](gpointer data, GClosure *) { delete static_cast<PendingUpgrade *>(data); },
        static_cast<GConnectFlags>(0));
    return true;
}

} // namespace lt::net
