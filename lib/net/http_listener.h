// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/net/http_request.h"
#include "lib/net/io_threads.h"
#include "lib/net/listen_socket.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

typedef struct _GTlsCertificate GTlsCertificate;

namespace lt::net {

/// The terms on which a listener takes connections; who opens it later must name the same.
struct ListenOptions {
    /// From accepting a connection to its answer or upgrade; TLS included.
    std::chrono::milliseconds handshakeTimeout = std::chrono::seconds(5);
    std::string certificateFile = {}; ///< PEM; "": no TLS
    std::string keyFile = {};         ///< PEM; "": stands in the certificate's file

    bool tls() const { return !certificateFile.empty(); }
    bool operator==(const ListenOptions &) const = default;
};

/// An HTTP/1.1 server on one (address, port), shared by all who open the same: libsoup on the HTTP thread
/// behind a listening socket of our own.
///
/// Connections are accepted here and handed to libsoup, instead of leaving the socket to it: libsoup's
/// listener stops for good when accept() fails once, as it does when descriptors run out. One request per
/// connection; who has not been answered, or upgraded, in time is cut off, and at most 2048 such connections
/// are open at a time - further ones wait in the kernel's backlog.
class LT_EXPORT HttpListener {
public:
    using Handler = std::function<void(HttpRequest &)>;
    /// Path and what answers it; a path that ends in '/' (but is more than that) takes everything below it.
    using Routes = std::vector<std::pair<std::string, Handler>>;

    /// Serves routes for as long as it lives; its destructor returns when no handler runs any more. Handlers
    /// run on the HTTP thread.
    class LT_EXPORT Serving {
    public:
        Serving(std::shared_ptr<HttpListener> listener, Routes routes);
        ~Serving();
        Serving(const Serving &) = delete;
        Serving &operator=(const Serving &) = delete;

    private:
        std::shared_ptr<HttpListener> listener_;
        Routes routes_;
    };

    /// Port 0 takes a free one, for a listener of its own. Null, and `error` set, on failure. Any thread but
    /// the HTTP thread; likewise for dropping the last reference.
    static std::shared_ptr<HttpListener> open(const std::string &address, std::uint16_t port,
                                              const ListenOptions &options, ListenError &error);
    ~HttpListener();
    HttpListener(const HttpListener &) = delete;
    HttpListener &operator=(const HttpListener &) = delete;

    std::uint16_t port() const { return port_; }

private:
    class Impl;
    HttpListener(UniqueFd socket, std::uint16_t port, const ListenOptions &options,
                 GRef<GTlsCertificate> certificate);

    std::shared_ptr<ContextThread> thread_;
    std::uint16_t port_;
    ListenOptions options_;
    std::unique_ptr<Impl> impl_; // HTTP thread only
};

} // namespace lt::net
