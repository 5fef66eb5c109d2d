// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/tls_relay.h"

#include <fstream>

namespace lt::support {

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
      server_([this](GSocketConnection *encrypted, GCancellable *over) { serve(encrypted, over); }) {
    g_assert_nonnull(certificate_.get());
}

std::string TlsRelay::url() const {
    return "https://127.0.0.1:" + std::to_string(port());
}

void TlsRelay::serve(GSocketConnection *encrypted, GCancellable *over) const {
    const ObjectRef<GIOStream> tls(
        g_tls_server_connection_new(G_IO_STREAM(encrypted), certificate_.get(), nullptr));
    if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls.get()), over, nullptr))
        return; // a client that does not trust it
    const ObjectRef<GSocketClient> client(g_socket_client_new());
    g_socket_client_set_enable_proxy(client.get(), FALSE);
    const ObjectRef<GSocketConnection> plain(
        g_socket_client_connect_to_host(client.get(), "127.0.0.1", serverPort_, over, nullptr));
    if (plain)
        relay({tls.get(), encrypted}, {G_IO_STREAM(plain.get()), plain.get()}, over);
}

} // namespace lt::support
