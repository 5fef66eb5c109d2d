// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_connection.h"
#include "elements/gladiasink/transport.h"
#include "lib/gst/refs.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <libsoup/soup.h>

namespace lt::gladia {

/// The network under a session, by libsoup: all its connections. Made, used and destroyed on one thread whose
/// default main context is iterated. Destroying it breaks what is still open.
class GladiaNetwork final : public Transport {
public:
    struct Settings {
        std::string initUrl;
        std::string apiKey;
        GRef<GTlsDatabase> tlsDatabase; ///< may be null: the system's
    };

    /// `onIdle`: the last socket has said its goodbye; from the main loop.
    GladiaNetwork(Settings settings, ConnectionListener &listener, std::function<void()> onIdle);
    ~GladiaNetwork() override;
    GladiaNetwork(const GladiaNetwork &) = delete;
    GladiaNetwork &operator=(const GladiaNetwork &) = delete;

    void request(ConnectionId id, const std::string &body) override;
    void connect(ConnectionId id, const std::string &url) override;
    void sendAudio(ConnectionId id, const AudioBlock &block) override;
    void sendText(ConnectionId id, const std::string &text) override;
    void setPingInterval(ConnectionId id, std::uint64_t intervalNs) override;
    void close(ConnectionId id, unsigned code, const std::string &reason) override;

    /// True when no socket is open or says goodbye any more.
    bool idle() const { return connections_.empty() && leaving_.empty(); }

private:
    using ConnectionPtr = std::unique_ptr<GladiaConnection>;

    GladiaConnection &add(ConnectionId id);
    GladiaConnection *find(ConnectionId id);
    void left(GladiaConnection *connection);
    static void bury(ConnectionPtr connection);

    const Settings settings_;
    ConnectionListener &listener_;
    const std::function<void()> onIdle_;
    GRef<SoupSession> soup_;
    std::map<ConnectionId, ConnectionPtr> connections_;
    std::vector<ConnectionPtr> leaving_; // saying goodbye
};

} // namespace lt::gladia
