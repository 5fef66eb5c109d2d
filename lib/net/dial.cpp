// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/dial.h"

#include "lib/net/tls_stream.h"

#include <utility>

#include <fcntl.h>
#include <gio/gio.h>

namespace lt::net {

namespace {

/// A descriptor of its own on the connection, and its TLS, if any; else nothing of GIO remains.
Dial::Outcome takeOver(GRef<GSocketConnection> connection) {
    GSocket *socket = g_socket_connection_get_socket(connection.get());
    Dialled dialled;
    dialled.fd = UniqueFd(fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0));
    if (!dialled.fd)
        return DialFailure{DialFailure::Kind::Unreachable, "no file descriptors left"};
    GIOStream *base = nullptr;
    if (G_IS_TCP_WRAPPER_CONNECTION(connection.get()))
        base = g_tcp_wrapper_connection_get_base_io_stream(G_TCP_WRAPPER_CONNECTION(connection.get()));
    if (G_IS_TLS_CONNECTION(base))
        dialled.stream = std::make_unique<TlsStream>(retain(G_TLS_CONNECTION(base)), std::move(connection));
    return dialled;
}

} // namespace

DialFailure dialFailureOf(const GError *error) {
    using Kind = DialFailure::Kind;
    DialFailure failure{Kind::Unreachable, error ? error->message : "unknown error"};
    if (error && error->domain == G_RESOLVER_ERROR)
        failure.kind = error->code == G_RESOLVER_ERROR_NOT_FOUND ? Kind::NoSuchHost : Kind::NoNameService;
    else if (error && error->domain == G_TLS_ERROR)
        failure.kind = error->code == G_TLS_ERROR_BAD_CERTIFICATE ? Kind::Certificate : Kind::Tls;
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH) ||
             g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED) ||
             g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_NOT_ALLOWED))
        failure.kind = Kind::Proxy; // PROXY_FAILED: it could not get there itself
    return failure;
}

struct Dial::Operation {
    Done done; // empty: cancelled
    GRef<GCancellable> cancellable{g_cancellable_new()};
    GRef<GTlsDatabase> authorities;
    // GIO may finish after everybody else has gone; the thread must not end before.
    std::shared_ptr<ContextThread> thread;

    static void start(const std::shared_ptr<Operation> &self, const DialTarget &target) {
        const GRef<GSocketClient> client(g_socket_client_new());
        g_socket_client_set_tls(client.get(), target.encrypted);
        if (self->authorities)
            g_signal_connect_data(
                client.get(), "event", G_CALLBACK(onEvent), g_object_ref(self->authorities.get()),
                [](gpointer database, GClosure *) { g_object_unref(database); },
                static_cast<GConnectFlags>(0));
        // The scheme is for the proxy resolver, which knows no others.
        const GRef<GSocketConnectable> address(G_SOCKET_CONNECTABLE(g_object_new(
            G_TYPE_NETWORK_ADDRESS, "hostname", target.host.c_str(), "port", static_cast<guint>(target.port),
            "scheme", target.encrypted ? "https" : "http", nullptr)));
        g_socket_client_connect_async(client.get(), address.get(), self->cancellable.get(), onConnected,
                                      new std::shared_ptr<Operation>(self));
    }

    static void onEvent(GSocketClient *, GSocketClientEvent event, GSocketConnectable *,
                        GIOStream *connection, gpointer database) {
        if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING)
            g_tls_connection_set_database(G_TLS_CONNECTION(connection), G_TLS_DATABASE(database));
    }

    static void onConnected(GObject *source, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<std::shared_ptr<Operation>> holder(
            static_cast<std::shared_ptr<Operation> *>(data));
        Operation &self = **holder;
        ErrorOut error;
        GRef<GSocketConnection> connection(
            g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, error.out()));
        if (const Done done = std::exchange(self.done, nullptr))
            done(connection ? takeOver(std::move(connection)) : Outcome(dialFailureOf(error.get())));
    }
};

Dial::Dial(std::shared_ptr<ContextThread> thread, DialTarget target, Done done)
    : thread_(std::move(thread)), operation_(std::make_shared<Operation>()) {
    operation_->done = std::move(done);
    operation_->authorities = std::move(target.authorities);
    operation_->thread = thread_;
    // A task is copied; what can only be moved goes in a shared place.
    thread_->post([operation = operation_, target = std::make_shared<DialTarget>(std::move(target))] {
        if (operation->done)
            Operation::start(operation, *target);
    });
}

Dial::~Dial() {
    thread_->post([operation = std::move(operation_)] {
        operation->done = nullptr;
        g_cancellable_cancel(operation->cancellable.get());
    });
}

} // namespace lt::net
