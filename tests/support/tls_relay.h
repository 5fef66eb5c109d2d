// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"
#include "tests/support/process.h"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gio/gio.h>

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
    ~TlsRelay();
    TlsRelay(const TlsRelay &) = delete;
    TlsRelay &operator=(const TlsRelay &) = delete;

    /// "https://127.0.0.1:PORT"
    std::string url() const;

private:
    void accept();
    void serve(GSocketConnection *encrypted);

    const std::uint16_t serverPort_;
    ObjectRef<GTlsCertificate> certificate_;
    ObjectRef<GSocketListener> listener_;
    ObjectRef<GCancellable> over_;
    std::uint16_t port_ = 0;
    std::vector<std::thread> connections_; // the acceptor's, until it has ended
    std::thread acceptor_;
};

} // namespace lt::support
