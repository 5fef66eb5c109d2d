// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/http_listener.h"

#include "lib/net/pending_connections.h"
#include "lib/net/service_table.h"
#include "lib/net/source.h"
#include "lib/net/tls_acceptor.h"

#include <cerrno>
#include <map>

#include <gio/gio.h>
#include <glib-unix.h>
#include <libsoup/soup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace lt::net {

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr std::size_t kMaxPending = 2048;
constexpr guint kExhaustedPauseMs = 100;

GRef<GSocketAddress> localAddress(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size);
    return GRef<GSocketAddress>(g_socket_address_new_from_native(&address, size));
}

using ListenerTable = ServiceTable<std::pair<std::string, std::uint16_t>, HttpListener>;

ListenerTable &listeners() {
    static ListenerTable table;
    return table;
}

} // namespace

/// The part that lives on the HTTP thread.
class HttpListener::Impl {
public:
    Impl(UniqueFd socket, const ListenOptions &options, GRef<GTlsCertificate> certificate);
    ~Impl();
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;

    /// Of several who serve the same path the last one answers.
    std::map<std::string, std::vector<const Handler *>> routes;

private:
    void listen();
    void pause();
    void acceptSome();
    void adopt(int fd, GRef<GSocketAddress> remote);
    GRef<GIOStream> streamOver(GSocketConnection *connection) const;
    void handle(SoupServerMessage *message, const char *path, GHashTable *query);
    const Handler *handlerFor(const std::string &path) const;

    UniqueFd socket_;
    GRef<GSocketAddress> local_; // of the listening socket: libsoup wants one, nobody reads it
    GRef<SoupServer> server_;
    const GRef<GTlsCertificate> certificate_; // null: plain
    PendingConnections pending_;
    Source listening_, resume_;
};

HttpListener::Impl::Impl(UniqueFd socket, const ListenOptions &options, GRef<GTlsCertificate> certificate)
    : socket_(std::move(socket)),
      local_(localAddress(socket_.get())),
      server_(soup_server_new(nullptr, nullptr)),
      certificate_(std::move(certificate)),
      pending_(std::chrono::microseconds(options.handshakeTimeout).count()) {
    prepareForStreams(socket_.get()); // most connections become WebSockets
    g_signal_connect(
        server_.get(), "request-started", G_CALLBACK(+[](SoupServer *, SoupServerMessage *message) {
            // Nothing here takes a body: let it pass without keeping it.
            soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
        }),
        nullptr);
    soup_server_add_handler(
        server_.get(), nullptr,
        [](SoupServer *, SoupServerMessage *message, const char *path, GHashTable *query, gpointer self) {
            static_cast<Impl *>(self)->handle(message, path, query);
        },
        this, nullptr);
    listen();
}

HttpListener::Impl::~Impl() {
    listening_.reset();
    soup_server_disconnect(server_.get());
}

void HttpListener::Impl::listen() {
    resume_.reset();
    // A connection is accepted when its first bytes have come, so that its request is read at once; or after
    // a second without any.
    const int deferSeconds = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &deferSeconds, sizeof deferSeconds);
    listening_.start(g_unix_fd_source_new(socket_.get(), G_IO_IN),
                     G_SOURCE_FUNC(+[](int, GIOCondition, gpointer self) {
                         static_cast<Impl *>(self)->acceptSome();
                         return G_SOURCE_CONTINUE;
                     }),
                     this);
}

void HttpListener::Impl::pause() {
    listening_.reset();
    resume_.start(
        g_timeout_source_new(kExhaustedPauseMs),
        [](gpointer self) -> gboolean {
            static_cast<Impl *>(self)->listen();
            return G_SOURCE_REMOVE;
        },
        this);
}

void HttpListener::Impl::acceptSome() {
    for (int i = 0; i < kAcceptsPerTurn; i++) {
        if (pending_.size() >= kMaxPending)
            return pause();
        sockaddr_storage remote{};
        socklen_t size = sizeof remote;
        const int fd = accept4(socket_.get(), reinterpret_cast<sockaddr *>(&remote), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            adopt(fd, GRef<GSocketAddress>(g_socket_address_new_from_native(&remote, size)));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            // No descriptors or memory left. The client waits in the backlog; polling on would only spin.
            return pause();
        }
    }
}

void HttpListener::Impl::adopt(int fd, GRef<GSocketAddress> remote) {
    const GRef<GSocket> socket(g_socket_new_from_fd(fd, nullptr));
    if (!socket || !remote) {
        ::close(fd);
        return;
    }
    const GRef<GSocketConnection> connection(g_socket_connection_factory_create_connection(socket.get()));
    pending_.add(connection.get());
    if (const auto stream = streamOver(connection.get()))
        soup_server_accept_iostream(server_.get(), stream.get(), local_.get(), remote.get(), nullptr);
}

GRef<GIOStream> HttpListener::Impl::streamOver(GSocketConnection *connection) const {
    auto *plain = G_IO_STREAM(connection);
    if (!certificate_)
        return retain(plain);
    GRef<GIOStream> encrypted(g_tls_server_connection_new(plain, certificate_.get(), nullptr));
    // Clients show no certificates; with the default database each connection reads the system's whole list
    // of authorities, which is megabytes.
    if (encrypted)
        g_tls_connection_set_database(G_TLS_CONNECTION(encrypted.get()), nullptr);
    return encrypted;
}

const HttpListener::Handler *HttpListener::Impl::handlerFor(const std::string &path) const {
    if (const auto exact = routes.find(path); exact != routes.end())
        return exact->second.back();
    for (std::size_t slash = path.rfind('/'); slash != path.npos && slash > 0;
         slash = path.rfind('/', slash - 1)) {
        if (const auto above = routes.find(path.substr(0, slash + 1)); above != routes.end())
            return above->second.back();
    }
    return nullptr;
}

void HttpListener::Impl::handle(SoupServerMessage *message, const char *path, GHashTable *query) {
    HttpRequest request(message, path, query);
    const std::string_view method = soup_server_message_get_method(message);
    if (method != "GET" && method != "HEAD") {
        request.reply({405, "text/plain", "Only GET and HEAD are served here.\n", {{"Allow", "GET, HEAD"}}});
        return;
    }
    const Handler *handler = handlerFor(path);
    if (handler)
        (*handler)(request);
    else
        request.reply({404, "text/plain", "There is nothing at this path.\n"});
}

std::shared_ptr<HttpListener> HttpListener::open(const std::string &address, std::uint16_t port,
                                                 const ListenOptions &options, ListenError &error) {
    const std::string known = listenAddress(address);
    auto listener = listeners().get({known, port}, [&] {
        std::unique_ptr<HttpListener> made;
        GRef<GTlsCertificate> certificate;
        UniqueFd socket;
        if (!options.tls() ||
            (certificate = loadCertificate({options.certificateFile, options.keyFile}, error.sentence)))
            socket = listenOn(address, port, kBacklog, error);
        const std::uint16_t truePort = socket ? localPort(socket.get()) : 0;
        if (socket)
            made.reset(new HttpListener(std::move(socket), truePort, options, std::move(certificate)));
        return std::pair(std::pair(known, truePort), std::move(made));
    });
    if (!listener || listener->options_ == options)
        return listener;
    error = {true, false,
             "Port " + std::to_string(port) + " of " + known +
                 " is open already, with another certificate or handshake timeout."};
    return nullptr;
}

HttpListener::HttpListener(UniqueFd socket, std::uint16_t port, const ListenOptions &options,
                           GRef<GTlsCertificate> certificate)
    : thread_(httpThread()), port_(port), options_(options) {
    thread_->runSync(
        [&] { impl_ = std::make_unique<Impl>(std::move(socket), options, std::move(certificate)); });
}

HttpListener::~HttpListener() {
    thread_->runSync([this] { impl_.reset(); });
}

HttpListener::Serving::Serving(std::shared_ptr<HttpListener> listener, Routes routes)
    : listener_(std::move(listener)), routes_(std::move(routes)) {
    listener_->thread_->runSync([this] {
        for (const auto &[path, handler] : routes_)
            listener_->impl_->routes[path].push_back(&handler);
    });
}

HttpListener::Serving::~Serving() {
    listener_->thread_->runSync([this] {
        for (const auto &[path, handler] : routes_) {
            const auto served = listener_->impl_->routes.find(path);
            std::erase(served->second, &handler);
            if (served->second.empty())
                listener_->impl_->routes.erase(served);
        }
    });
}

} // namespace lt::net
