// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "lib/net/byte_stream.h"

#include <string>

typedef struct _GSocketConnection GSocketConnection;
typedef struct _GTlsConnection GTlsConnection;

namespace lt::net {

/// A TLS connection after its handshake, as GIO keeps it.
///
/// TLS sends records, and one that the socket did not take whole must be sent again as it is. So that the
/// caller neither drops nor changes what is in such a record, its last byte is reported as not sent until the
/// record has left.
class TlsStream : public ByteStream {
public:
    /// `owner`: a connection that wraps this one, and would close the socket if it went.
    explicit TlsStream(GRef<GTlsConnection> connection, GRef<GSocketConnection> owner = {});
    /// Closes without a word, so that it cannot wait for the peer.
    ~TlsStream() override;

    ssize_t send(const iovec *pieces, std::size_t count) override;
    ssize_t receive(void *buffer, std::size_t size) override;
    bool pending() const override { return pending_; }

private:
    void gather(const iovec *pieces, std::size_t count);
    bool writeRecord();

    GRef<GSocketConnection> owner_;
    GRef<GTlsConnection> connection_;
    std::string record_; // what the record under way holds; "" when there is none
    bool pending_ = false;
};

} // namespace lt::net
