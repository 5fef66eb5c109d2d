// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/failure.h"
#include "elements/gladiasink/transport.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <libsoup/soup.h>

namespace lt::gladia {

/// Whom a connection reports to; always from the thread's main loop, never from inside one of its functions.
class ConnectionListener {
public:
    virtual ~ConnectionListener() = default;
    virtual void onAnswered(ConnectionId id, unsigned status, std::string_view body,
                            std::uint64_t retryAfterNs) = 0;
    virtual void onAttemptFailed(ConnectionId id, Failure failure) = 0;
    virtual void onOpened(ConnectionId id) = 0;
    virtual void onReceived(ConnectionId id, std::string_view text) = 0;
    virtual void onPong(ConnectionId id) = 0;
    virtual void onClosed(ConnectionId id, unsigned code, std::string_view reason) = 0;
};

/// One request, or one WebSocket, by libsoup. Made, used and destroyed on one thread whose default main
/// context is iterated. Destroying it breaks what is still open.
class GladiaConnection {
public:
    struct Context {
        SoupSession *soup;
        const std::string &apiKey; ///< both outlive the connection
        ConnectionListener &listener;
        std::function<void(GladiaConnection *)> onIdle; ///< it has said its goodbye, and nothing is left
    };

    GladiaConnection(const Context &context, ConnectionId id);
    ~GladiaConnection();
    GladiaConnection(const GladiaConnection &) = delete;
    GladiaConnection &operator=(const GladiaConnection &) = delete;

    void request(const std::string &url, const std::string &body);
    void connect(const std::string &url);
    void sendAudio(const AudioBlock &block);
    void sendText(const std::string &text);
    void setPingInterval(std::uint64_t intervalNs);
    /// Nothing is reported any more. True when nothing is left, else onIdle() follows.
    bool close(unsigned code, const std::string &reason);

private:
    struct Call;
    using CallPtr = std::unique_ptr<Call>;
    using Socket = GRef<SoupWebsocketConnection>;

    CallPtr newCall(SoupMessage *message);
    /// Null when the object is gone, or has been closed.
    static GladiaConnection *ownerOf(const Call &call);
    static void onSent(GObject *source, GAsyncResult *result, gpointer call);
    static void onRead(GObject *source, GAsyncResult *result, gpointer call);
    static void onConnected(GObject *source, GAsyncResult *result, gpointer call);
    static void readOn(CallPtr call);
    void adopt(Socket socket);
    void reportClose();
    bool canSend() const;
    void sendSilence(const AudioBlock &block);
    Failure failureOf(const GError *error) const;
    Failure failureOfAnswer(SoupMessage *message, const GError *error) const;
    std::string clean(std::string text) const;

    const Context context_;
    const ConnectionId id_;
    GRef<GCancellable> cancellable_;
    std::shared_ptr<GladiaConnection *> self_; // what calls under way hold weakly
    std::string token_;                        // query of the socket's address: never to be shown
    Socket socket_;
    std::string socketError_;
    bool closed_ = false; // nothing is reported any more
};

} // namespace lt::gladia
