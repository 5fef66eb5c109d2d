// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_session.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <libsoup/soup.h>

namespace lt::gladia {

/// Whom a connection reports to; always from the thread's main loop, never from inside a Transport call.
class ConnectionListener {
public:
    virtual ~ConnectionListener() = default;
    virtual void onAnswered(unsigned status, std::string_view body, std::uint64_t retryAfterNs) = 0;
    virtual void onAttemptFailed(Failure failure) = 0;
    virtual void onOpened() = 0;
    virtual void onReceived(std::string_view text) = 0;
    virtual void onPong() = 0;
    virtual void onClosed(unsigned code, std::string_view reason) = 0;
    /// Nothing is under way and no socket is open any more.
    virtual void onIdle() = 0;
};

/// The network under a session, by libsoup. Made, used and destroyed on one thread whose default main context
/// is iterated. Destroying it breaks what is still open.
class GladiaConnection final : public Transport {
public:
    struct Settings {
        std::string initUrl;
        std::string apiKey;
        GRef<GTlsDatabase> tlsDatabase; ///< may be null: the system's
    };

    GladiaConnection(Settings settings, ConnectionListener &listener);
    ~GladiaConnection() override;
    GladiaConnection(const GladiaConnection &) = delete;
    GladiaConnection &operator=(const GladiaConnection &) = delete;

    void request(const std::string &body) override;
    void connect(const std::string &url) override;
    void sendAudio(const AudioBlock &block, std::size_t offset, std::size_t bytes) override;
    void sendText(const std::string &text) override;
    void setPingInterval(std::uint64_t intervalNs) override;
    void close(unsigned code, const std::string &reason) override;

    /// True when no socket says goodbye any more.
    bool idle() const { return leaving_.empty(); }

private:
    struct Call;
    using CallPtr = std::unique_ptr<Call>;
    using Socket = GRef<SoupWebsocketConnection>;

    CallPtr newCall(SoupMessage *message);
    /// Null when the object is gone or the call belongs to an older attempt.
    static GladiaConnection *ownerOf(const Call &call);
    static void onSent(GObject *source, GAsyncResult *result, gpointer call);
    static void onRead(GObject *source, GAsyncResult *result, gpointer call);
    static void onConnected(GObject *source, GAsyncResult *result, gpointer call);
    static void readOn(CallPtr call);
    void adopt(Socket socket);
    void leave(Socket socket);
    void reportClose(SoupWebsocketConnection *socket);
    Failure failureOf(const GError *error) const;
    Failure failureOfUpgrade(SoupMessage *message, const GError *error) const;
    std::string clean(std::string text) const;

    const Settings settings_;
    ConnectionListener &listener_;
    GRef<SoupSession> soup_;
    GRef<GCancellable> cancellable_;
    std::shared_ptr<GladiaConnection *> self_; // what calls under way hold weakly
    unsigned generation_ = 0;                  // of attempts: older calls are ignored
    std::string token_;                        // query of the socket's address: never to be shown
    Socket socket_;
    std::string socketError_;
    std::vector<Socket> leaving_; // goodbye said, not closed yet
};

} // namespace lt::gladia
