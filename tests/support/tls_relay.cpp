// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/tls_relay.h"

#include <array>
#include <fstream>
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

std::string makeCertificate(const TemporaryDirectory &directory, const std::string &name,
                            const std::string &subjectAltName) {
    const std::string pem = directory.file(name);
    Process openssl({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
                     "subjectAltName=" + subjectAltName, "-keyout", pem + ".key", "-out", pem});
    if (openssl.waitForEnd() != 0)
        g_error("openssl cannot make a certificate: %s", openssl.output().c_str());
    std::ofstream(pem, std::ios::app) << std::ifstream(pem + ".key").rdbuf();
    return pem;
}

TlsRelay::TlsRelay(const std::string &pem, std::uint16_t serverPort)
    : serverPort_(serverPort),
      certificate_(g_tls_certificate_new_from_file(pem.c_str(), nullptr)),
      listener_(g_socket_listener_new()),
      over_(g_cancellable_new()) {
    g_assert_nonnull(certificate_.get());
    const ObjectRef<GSocketAddress> wanted(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    GSocketAddress *got = nullptr;
    g_assert_true(g_socket_listener_add_address(listener_.get(), wanted.get(), G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, nullptr, &got, nullptr));
    const ObjectRef<GSocketAddress> address(got);
    port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
    acceptor_ = std::thread([this] { accept(); });
}

TlsRelay::~TlsRelay() {
    g_cancellable_cancel(over_.get());
    acceptor_.join();
    for (std::thread &connection : connections_)
        connection.join();
}

std::string TlsRelay::url() const {
    return "https://127.0.0.1:" + std::to_string(port_);
}

void TlsRelay::accept() {
    while (GSocketConnection *encrypted =
               g_socket_listener_accept(listener_.get(), nullptr, over_.get(), nullptr))
        connections_.emplace_back([this, encrypted] { serve(encrypted); });
}

void TlsRelay::serve(GSocketConnection *encrypted) {
    const ObjectRef<GSocketConnection> outer(encrypted);
    const ObjectRef<GIOStream> tls(
        g_tls_server_connection_new(G_IO_STREAM(encrypted), certificate_.get(), nullptr));
    if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls.get()), over_.get(), nullptr))
        return; // a client that does not trust it
    const ObjectRef<GSocketClient> client(g_socket_client_new());
    const ObjectRef<GSocketConnection> plain(
        g_socket_client_connect_to_host(client.get(), "127.0.0.1", serverPort_, over_.get(), nullptr));
    if (!plain)
        return;
    std::thread back([&] {
        copy(G_IO_STREAM(plain.get()), tls.get(), over_.get());
        endSending(encrypted);
    });
    copy(tls.get(), G_IO_STREAM(plain.get()), over_.get());
    endSending(plain.get());
    back.join();
}

} // namespace lt::support
