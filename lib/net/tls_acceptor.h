// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "lib/net/byte_stream.h"
#include "lib/net/context_thread.h"
#include "lib/net/tls_files.h"
#include "lib/net/unique_fd.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

typedef struct _GTlsCertificate GTlsCertificate;

namespace lt::net {

/// Null, and `problem` a sentence, when they cannot be used.
GRef<GTlsCertificate> loadCertificate(const TlsFiles &files, std::string &problem);

/// Does the TLS handshakes of sockets that belong on an EventLoop: GIO needs a context for them, so they are
/// done on the HTTP thread.
class TlsAcceptor {
public:
    /// A socket of its own on the connection, for polling, and the stream to use it by; both empty when there
    /// was no handshake in time. On the HTTP thread.
    using Done = std::function<void(UniqueFd, std::unique_ptr<ByteStream>)>;

    explicit TlsAcceptor(GRef<GTlsCertificate> certificate);
    /// Calls `done` once. Any thread; the acceptor need not live that long.
    void accept(UniqueFd fd, std::chrono::milliseconds limit, Done done) const;

private:
    const GRef<GTlsCertificate> certificate_;
    const std::shared_ptr<ContextThread> thread_;
};

} // namespace lt::net
