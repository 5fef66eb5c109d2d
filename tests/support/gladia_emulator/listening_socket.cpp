// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/listening_socket.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lt::emulator {

namespace {

constexpr int kBacklog = 1024;

std::uint16_t portOf(GSocket *socket) {
    const support::ObjectRef<GSocketAddress> local(g_socket_get_local_address(socket, nullptr));
    return local ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local.get())) : 0;
}

support::ObjectRef<GSocket> boundTo(const std::string &address, std::uint16_t port, GError **error) {
    const support::ObjectRef<GSocketAddress> where(
        g_inet_socket_address_new_from_string(address.c_str(), port));
    if (!where) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is not an IP address",
                    address.c_str());
        return nullptr;
    }
    support::ObjectRef<GSocket> socket(g_socket_new(g_socket_address_get_family(where.get()),
                                                    G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error));
    if (!socket || !g_socket_bind(socket.get(), where.get(), TRUE, error))
        return nullptr;
    return socket;
}

bool setErrno(GError **error) {
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s", g_strerror(errno));
    return false;
}

} // namespace

bool ListeningSocket::bind(const std::string &address, std::uint16_t port, GError **error) {
    socket_ = boundTo(address, port, error);
    // A port that the kernel has chosen is anybody's again as soon as nobody listens on it.
    if (socket_ && port == 0)
        socket_ = boundTo(address, portOf(socket_.get()), error);
    if (!socket_)
        return false;
    port_ = portOf(socket_.get());
    return true;
}

bool ListeningSocket::listen(GError **error) {
    // GSocket believes that one that listens does so for ever.
    return ::listen(g_socket_get_fd(socket_.get()), kBacklog) == 0 || setErrno(error);
}

void ListeningSocket::stop() {
    // Bound and not listening, the kernel refuses for us and hands the port to nobody else. Closed it would
    // have to be bound again, which fails while a child that has not come to its exec() yet listens too.
    ::shutdown(g_socket_get_fd(socket_.get()), SHUT_RD);
}

support::ObjectRef<GSocket> ListeningSocket::share(GError **error) const {
    const int copy = ::fcntl(g_socket_get_fd(socket_.get()), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        setErrno(error);
        return nullptr;
    }
    support::ObjectRef<GSocket> shared(g_socket_new_from_fd(copy, error));
    if (!shared)
        ::close(copy);
    return shared;
}

} // namespace lt::emulator
