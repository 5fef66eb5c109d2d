// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/tls_acceptor.h"

#include "lib/net/io_threads.h"
#include "lib/net/source.h"
#include "lib/net/tls_stream.h"

#include <fcntl.h>
#include <gio/gio.h>

namespace lt::net {

namespace {

/// Lives from the start of a handshake to its end, on the HTTP thread.
struct Handshake {
    std::shared_ptr<ContextThread> thread;
    TlsAcceptor::Done done;
    GRef<GTlsConnection> connection;
    int fd = -1; ///< the socket's, which the connection owns
    GRef<GCancellable> cancel{g_cancellable_new()};
    Source limit;

    static gboolean onLimit(gpointer handshake) {
        g_cancellable_cancel(static_cast<Handshake *>(handshake)->cancel.get());
        return G_SOURCE_CONTINUE; // destroyed with its holder
    }
    static void onDone(GObject *, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<Handshake> self(static_cast<Handshake *>(data));
        UniqueFd own;
        if (g_tls_connection_handshake_finish(self->connection.get(), result, nullptr))
            own = UniqueFd(fcntl(self->fd, F_DUPFD_CLOEXEC, 0));
        // The thread outlives the objects that belong to it.
        const auto thread = self->thread;
        auto stream = std::make_unique<TlsStream>(std::move(self->connection));
        if (own)
            self->done(std::move(own), std::move(stream));
        else
            self->done({}, nullptr);
    }
};

void startHandshake(std::unique_ptr<Handshake> handshake, UniqueFd fd, GTlsCertificate *certificate,
                    std::chrono::milliseconds limit) {
    const GRef<GSocket> socket(g_socket_new_from_fd(fd.get(), nullptr));
    if (!socket) {
        handshake->done({}, nullptr);
        return;
    }
    handshake->fd = fd.release(); // the socket's now
    const GRef<GSocketConnection> plain(g_socket_connection_factory_create_connection(socket.get()));
    handshake->connection.reset(
        G_TLS_CONNECTION(g_tls_server_connection_new(G_IO_STREAM(plain.get()), certificate, nullptr)));
    if (!handshake->connection) {
        handshake->done({}, nullptr);
        return;
    }
    auto *self = handshake.release();
    self->limit.start(g_timeout_source_new(static_cast<guint>(limit.count())), Handshake::onLimit, self);
    g_tls_connection_handshake_async(self->connection.get(), G_PRIORITY_DEFAULT, self->cancel.get(),
                                     Handshake::onDone, self);
}

} // namespace

GRef<GTlsCertificate> loadCertificate(const TlsFiles &files, std::string &problem) {
    ErrorOut reason;
    const bool alone = files.key.empty();
    GRef<GTlsCertificate> certificate(
        alone ? g_tls_certificate_new_from_file(files.certificate.c_str(), reason.out())
              : g_tls_certificate_new_from_files(files.certificate.c_str(), files.key.c_str(), reason.out()));
    if (!certificate)
        problem = "The TLS certificate " + files.certificate + (alone ? "" : " with the key " + files.key) +
                  " cannot be used: " + reason.message() + ".";
    return certificate;
}

TlsAcceptor::TlsAcceptor(GRef<GTlsCertificate> certificate)
    : certificate_(std::move(certificate)), thread_(httpThread()) {}

void TlsAcceptor::accept(UniqueFd fd, std::chrono::milliseconds limit, Done done) const {
    // A task is copied: what can only be moved goes in a shared place.
    struct Start {
        UniqueFd fd;
        GRef<GTlsCertificate> certificate;
        std::unique_ptr<Handshake> handshake;
    };
    auto start = std::make_shared<Start>();
    start->fd = std::move(fd);
    start->certificate = retain(certificate_.get());
    start->handshake = std::make_unique<Handshake>();
    start->handshake->thread = thread_;
    start->handshake->done = std::move(done);
    thread_->post([start, limit] {
        startHandshake(std::move(start->handshake), std::move(start->fd), start->certificate.get(), limit);
    });
}

} // namespace lt::net
