// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/connection_listener.h"
#include "elements/gladiasink/gladia_socket.h"
#include "elements/gladiasink/init_call.h"
#include "elements/gladiasink/transport.h"
#include "lib/gst/refs.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gio/gio.h>

namespace lt::gladia {

/// The network under a session: all its requests and WebSockets. Made, used and destroyed on the loop's
/// thread; another one may send audio while it keeps the loop out. Destroying it breaks what is still open.
class GladiaNetwork final : public Transport {
public:
    struct Settings {
        std::shared_ptr<net::EventLoop> loop;
        std::shared_ptr<net::ContextThread> dialler; ///< where requests and connections are made
        std::string initUrl;
        std::string apiKey;
        GRef<GTlsDatabase> tlsDatabase; ///< may be null: the system's
    };

    /// `onIdle`: the last socket has said its goodbye; from the loop.
    GladiaNetwork(Settings settings, ConnectionListener &listener, std::function<void()> onIdle);
    GladiaNetwork(const GladiaNetwork &) = delete;
    GladiaNetwork &operator=(const GladiaNetwork &) = delete;

    void request(ConnectionId id, const std::string &body) override;
    void connect(ConnectionId id, const std::string &url) override;
    void sendAudio(ConnectionId id, const AudioBlock &block) override;
    void sendText(ConnectionId id, const std::string &text) override;
    void ping(ConnectionId id) override;
    void close(ConnectionId id, unsigned code, const std::string &reason) override;
    /// What was sent leaves.
    void flush();
    /// The same on another thread, as far as the sockets take it at once: else false, and flush() has to see
    /// to the rest.
    bool flushNow();

    /// True when no socket is open or says goodbye any more.
    bool idle() const { return sockets_.empty() && leaving_.empty(); }

private:
    using SocketPtr = std::unique_ptr<GladiaSocket>;

    void answered(ConnectionId id, InitCall::Answer answer);
    GladiaSocket *find(ConnectionId id);
    void left(GladiaSocket *socket);
    void bury(std::shared_ptr<void> dead) const;

    const Settings settings_;
    ConnectionListener &listener_;
    const std::function<void()> onIdle_;
    std::map<ConnectionId, std::unique_ptr<InitCall>> calls_;
    std::map<ConnectionId, SocketPtr> sockets_;
    std::vector<SocketPtr> leaving_; // saying goodbye
};

} // namespace lt::gladia
