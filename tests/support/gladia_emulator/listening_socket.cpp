// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/listening_socket.h"

#include <utility>

namespace lt::emulator {

namespace {

constexpr int kBacklog = 1024;

std::uint16_t portOf(GSocket *socket) {
    const support::ObjectRef<GSocketAddress> local(g_socket_get_local_address(socket, nullptr));
    return local ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local.get())) : 0;
}

} // namespace

bool ListeningSocket::bind(const std::string &address, std::uint16_t port, GError **error) {
    const support::ObjectRef<GSocketAddress> where(
        g_inet_socket_address_new_from_string(address.c_str(), port));
    if (!where) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is not an IP address",
                    address.c_str());
        return false;
    }
    support::ObjectRef<GSocket> socket(g_socket_new(g_socket_address_get_family(where.get()),
                                                    G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error));
    if (!socket || !g_socket_bind(socket.get(), where.get(), TRUE, error))
        return false;
    address_ = address;
    port_ = portOf(socket.get());
    socket_ = std::move(socket);
    return true;
}

bool ListeningSocket::listen(GError **error) {
    g_socket_set_listen_backlog(socket_.get(), kBacklog);
    return g_socket_listen(socket_.get(), error);
}

bool ListeningSocket::rebind(GError **error) {
    // Bound and not listening, the kernel refuses for us and hands the port to nobody else.
    g_socket_close(socket_.get(), nullptr);
    return bind(address_, port_, error);
}

} // namespace lt::emulator
