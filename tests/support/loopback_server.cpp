// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/loopback_server.h"

#include <array>
#include <utility>

namespace lt::support {

namespace {

/// Until one side ends.
void copy(GIOStream *from, GIOStream *to, GCancellable *over) {
    GInputStream *in = g_io_stream_get_input_stream(from);
    GOutputStream *out = g_io_stream_get_output_stream(to);
    std::array<char, 16 * 1024> bytes;
    gssize count = 0;
    do
        count = g_input_stream_read(in, bytes.data(), bytes.size(), over, nullptr);
    while (count > 0 &&
           g_output_stream_write_all(out, bytes.data(), static_cast<gsize>(count), nullptr, over, nullptr));
}

/// Nothing more is sent; what is on its way still arrives.
void endSending(GSocketConnection *connection) {
    g_socket_shutdown(g_socket_connection_get_socket(connection), FALSE, TRUE, nullptr);
}

} // namespace

void relay(const RelayEnd &one, const RelayEnd &other, GCancellable *over) {
    std::thread back([&] {
        copy(other.bytes, one.bytes, over);
        endSending(one.connection);
    });
    copy(one.bytes, other.bytes, over);
    endSending(other.connection);
    back.join();
}

LoopbackServer::LoopbackServer(Serve serve)
    : serve_(std::move(serve)), listener_(g_socket_listener_new()), over_(g_cancellable_new()) {
    const ObjectRef<GSocketAddress> wanted(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    GSocketAddress *got = nullptr;
    g_assert_true(g_socket_listener_add_address(listener_.get(), wanted.get(), G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, nullptr, &got, nullptr));
    const ObjectRef<GSocketAddress> address(got);
    port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
    acceptor_ = std::thread([this] { accept(); });
}

LoopbackServer::~LoopbackServer() {
    g_cancellable_cancel(over_.get());
    acceptor_.join();
    for (std::thread &connection : connections_)
        connection.join();
}

void LoopbackServer::accept() {
    while (GSocketConnection *came = g_socket_listener_accept(listener_.get(), nullptr, over_.get(), nullptr))
        connections_.emplace_back([this, came] {
            const ObjectRef<GSocketConnection> connection(came);
            serve_(came, over_.get());
        });
}

} // namespace lt::support
