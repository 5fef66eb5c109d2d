// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/loopback_server.h"
#include "tests/support/process.h"

#include <cstdint>
#include <string>

namespace lt::support {

/// A certificate signed by itself for `subjectAltName` (for example "IP:127.0.0.1,DNS:localhost"), with its
/// key, in one PEM file of `directory`. Needs openssl.
std::string makeCertificate(const TemporaryDirectory &directory, const std::string &name,
                            const std::string &subjectAltName);

/// Puts TLS in front of a server on 127.0.0.1: what comes encrypted goes on in the clear, and back. Threads
/// of its own; ends all connections with its object.
class TlsRelay {
public:
    /// `pem` holds certificate and key.
    TlsRelay(const std::string &pem, std::uint16_t serverPort);

    std::uint16_t port() const { return server_.port(); }
    /// "https://127.0.0.1:PORT"
    std::string url() const;

private:
    void serve(GSocketConnection *encrypted, GCancellable *over) const;

    const std::uint16_t serverPort_;
    const ObjectRef<GTlsCertificate> certificate_;
    LoopbackServer server_; // first to go
};

} // namespace lt::support
