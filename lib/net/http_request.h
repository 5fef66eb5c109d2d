// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "lib/net/byte_stream.h"
#include "lib/net/unique_fd.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

typedef struct _SoupServerMessage SoupServerMessage;
typedef struct _GHashTable GHashTable;

namespace lt::net {

struct HttpReply {
    unsigned status = 200;
    std::string contentType;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {}; ///< besides the ones every reply has
};

/// A connection that speaks WebSocket from now on.
struct UpgradedSocket {
    UniqueFd fd;       ///< non-blocking, libsoup has let go of it; see prepareForStreams()
    std::string early; ///< what the client has already sent after its handshake, decrypted
    std::string peer;  ///< "127.0.0.1:40112"
    /// All that is sent and received goes through it; null when that is the plain socket.
    std::unique_ptr<ByteStream> stream = {};
};

/// The answer to a request that was deferred. HTTP thread only.
class DeferredReply {
public:
    explicit DeferredReply(SoupServerMessage *message);
    ~DeferredReply();
    DeferredReply(const DeferredReply &) = delete;
    DeferredReply &operator=(const DeferredReply &) = delete;

    /// Answers; the first call counts. Nothing happens when the client is gone.
    void send(const HttpReply &reply);

private:
    GRef<SoupServerMessage> message_;
    unsigned long disconnected_;
};

/// One GET or HEAD request, valid during its handler. HTTP thread only.
class HttpRequest {
public:
    HttpRequest(SoupServerMessage *message, const char *path, GHashTable *query)
        : message_(message), path_(path), query_(query) {}

    std::string_view path() const { return path_; }
    /// "" when absent.
    std::string_view query(const char *name) const;
    std::string_view header(const char *name) const;
    std::string peer() const;
    /// Without the port.
    std::string address() const;
    bool wantsWebSocket() const;
    /// Whether the client offers this WebSocket sub-protocol; all that it offers, in its order.
    bool offers(std::string_view subprotocol) const;
    void forEachSubprotocol(const std::function<void(std::string_view)> &call) const;

    /// One of these three, once.
    void reply(const HttpReply &reply);
    std::shared_ptr<DeferredReply> defer();
    /// Checks the handshake (RFC 6455 §4.2); false when it is wrong, and reply() is then wanted. Else sends
    /// the 101 with `subprotocol` (null: none), without any extension, and hands the socket over:
    /// `onUpgraded` runs on the HTTP thread, or never when the client leaves meanwhile.
    bool upgrade(const char *subprotocol, std::function<void(UpgradedSocket)> onUpgraded);

private:
    SoupServerMessage *message_;
    std::string_view path_;
    GHashTable *query_;
};

} // namespace lt::net
