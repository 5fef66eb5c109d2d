// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include <gio/gio.h>

namespace lt::support {

/// Accepts connections on a free port of 127.0.0.1 and gives each a thread.
class LoopbackServer {
public:
    /// Serves one connection, on its thread; returns when that is over, at the latest soon after `over` was
    /// cancelled.
    using Serve = std::function<void(GSocketConnection *connection, GCancellable *over)>;

    explicit LoopbackServer(Serve serve);
    /// Ends all connections.
    ~LoopbackServer();
    LoopbackServer(const LoopbackServer &) = delete;
    LoopbackServer &operator=(const LoopbackServer &) = delete;

    std::uint16_t port() const { return port_; }

private:
    void accept();

    const Serve serve_;
    ObjectRef<GSocketListener> listener_;
    ObjectRef<GCancellable> over_;
    std::uint16_t port_ = 0;
    std::vector<std::thread> connections_; // the acceptor's, until it has ended
    std::thread acceptor_;
};

/// One end of a conversation: the bytes, and the connection below them.
struct RelayEnd {
    GIOStream *bytes;
    GSocketConnection *connection;
};

/// Passes on what either end says until both have ended; the end of one is passed on as well.
void relay(const RelayEnd &one, const RelayEnd &other, GCancellable *over);

} // namespace lt::support
