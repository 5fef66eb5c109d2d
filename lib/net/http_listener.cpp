// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/http_listener.h"

#include "lib/net/service_table.h"

#include <cerrno>
#include <list>
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
constexpr guint kCheckMs = 1000;
constexpr gint64 kDeadlineUs = 10 * G_USEC_PER_SEC;
constexpr guint kExhaustedPauseMs = 100;

/// A GSource of the HTTP thread's context, destroyed with its holder.
class Source {
public:
    ~Source() { reset(); }
    void start(GSource *source, GSourceFunc callback, gpointer data) {
        reset();
        source_ = source;
        g_source_set_callback(source_, callback, data, nullptr);
        g_source_attach(source_, g_main_context_get_thread_default());
    }
    void reset() {
        if (!source_)
            return;
        g_source_destroy(source_);
        g_source_unref(std::exchange(source_, nullptr));
    }
    bool active() const { return source_; }

private:
    GSource *source_ = nullptr;
};

using ListenerTable = ServiceTable<std::pair<std::string, std::uint16_t>, HttpListener>;

ListenerTable &listeners() {
    static ListenerTable table;
    return table;
}

} // namespace

/// The part that lives on the HTTP thread.
class HttpListener::Impl {
public:
    explicit Impl(UniqueFd socket);
    ~Impl();
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;

    std::map<std::string, Handler> routes;

private:
    /// Accepted, but neither upgraded nor gone yet. Kept in the order of the deadlines.
    struct Pending {
        Impl *owner;
        GSocketConnection *connection;
        gint64 deadline;
        std::list<Pending>::iterator self;
    };

    void listen();
    void pause();
    void acceptSome();
    void adopt(int fd);
    void expire();
    static void onConnectionGone(gpointer pending, GObject *);
    void handle(SoupServerMessage *message, const char *path, GHashTable *query);
    const Handler *handlerFor(const std::string &path) const;

    UniqueFd socket_;
    GRef<SoupServer> server_;
    std::list<Pending> pending_;
    Source listening_, resume_, check_;
};

HttpListener::Impl::Impl(UniqueFd socket)
    : socket_(std::move(socket)), server_(soup_server_new(nullptr, nullptr)) {
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
    server_.reset();
    // What libsoup still holds must not tell a dead object of its end.
    for (Pending &pending : pending_)
        g_object_weak_unref(G_OBJECT(pending.connection), onConnectionGone, &pending);
}

void HttpListener::Impl::listen() {
    resume_.reset();
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
        const int fd = accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            adopt(fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            // No descriptors or memory left. The client waits in the backlog; polling on would only spin.
            return pause();
        }
    }
}

void HttpListener::Impl::adopt(int fd) {
    const GRef<GSocket> socket(g_socket_new_from_fd(fd, nullptr));
    if (!socket) {
        ::close(fd);
        return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const GRef<GSocketAddress> local(g_socket_get_local_address(socket.get(), nullptr));
    const GRef<GSocketAddress> remote(g_socket_get_remote_address(socket.get(), nullptr));
    if (!local || !remote) // already gone again
        return;
    const GRef<GSocketConnection> connection(g_socket_connection_factory_create_connection(socket.get()));
    pending_.push_back({this, connection.get(), g_get_monotonic_time() + kDeadlineUs, {}});
    Pending &pending = pending_.back();
    pending.self = std::prev(pending_.end());
    g_object_weak_ref(G_OBJECT(connection.get()), onConnectionGone, &pending);
    if (!check_.active())
        check_.start(
            g_timeout_source_new(kCheckMs),
            [](gpointer self) -> gboolean {
                static_cast<Impl *>(self)->expire();
                return G_SOURCE_CONTINUE;
            },
            this);
    soup_server_accept_iostream(server_.get(), G_IO_STREAM(connection.get()), local.get(), remote.get(),
                                nullptr);
}

void HttpListener::Impl::onConnectionGone(gpointer data, GObject *) {
    auto *pending = static_cast<Pending *>(data);
    pending->owner->pending_.erase(pending->self);
}

void HttpListener::Impl::expire() {
    const gint64 now = g_get_monotonic_time();
    for (Pending &pending : pending_) {
        if (pending.deadline > now)
            break;
        // libsoup sees the end of the stream and tidies up; the entry goes with the connection.
        ::shutdown(g_socket_get_fd(g_socket_connection_get_socket(pending.connection)), SHUT_RDWR);
    }
    if (pending_.empty())
        check_.reset();
}

const HttpListener::Handler *HttpListener::Impl::handlerFor(const std::string &path) const {
    if (const auto exact = routes.find(path); exact != routes.end())
        return &exact->second;
    for (std::size_t slash = path.rfind('/'); slash != path.npos && slash > 0;
         slash = path.rfind('/', slash - 1)) {
        if (const auto above = routes.find(path.substr(0, slash + 1)); above != routes.end())
            return &above->second;
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
                                                 ListenError &error) {
    const std::string known = listenAddress(address);
    return listeners().get({known, port}, [&] {
        std::unique_ptr<HttpListener> made;
        UniqueFd socket = listenOn(address, port, kBacklog, error);
        const std::uint16_t truePort = socket ? localPort(socket.get()) : 0;
        if (socket)
            made.reset(new HttpListener(std::move(socket), truePort));
        return std::pair(std::pair(known, truePort), std::move(made));
    });
}

HttpListener::HttpListener(UniqueFd socket, std::uint16_t port) : thread_(httpThread()), port_(port) {
    thread_->runSync([&] { impl_ = std::make_unique<Impl>(std::move(socket)); });
}

HttpListener::~HttpListener() {
    thread_->runSync([this] { impl_.reset(); });
}

HttpListener::Serving::Serving(std::shared_ptr<HttpListener> listener, Routes routes)
    : listener_(std::move(listener)), routes_(std::move(routes)) {
    listener_->thread_->runSync([this] {
        for (const auto &[path, handler] : routes_)
            listener_->impl_->routes[path] = handler;
    });
}

HttpListener::Serving::~Serving() {
    listener_->thread_->runSync([this] {
        for (const auto &[path, handler] : routes_)
            listener_->impl_->routes.erase(path);
    });
}

} // namespace lt::net
