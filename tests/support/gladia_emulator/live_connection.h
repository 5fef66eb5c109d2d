// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/session.h"
#include "tests/support/loop_thread.h"

#include <functional>
#include <memory>
#include <string>

#include <libsoup/soup.h>

namespace lt::emulator {

/// One WebSocket of a client, bound to its session for life. On the emulator's thread.
class LiveConnection final : public Outlet {
public:
    /// Told after each thing that happened; `closed` is the last call, and may destroy the connection.
    struct Callbacks {
        std::function<void()> changed;
        std::function<void(LiveConnection *)> closed;
        std::function<void(const std::string &line)> print;
    };

    /// `socket` is the transport below `stream`.
    LiveConnection(support::ObjectRef<GIOStream> stream, support::ObjectRef<GSocket> socket, GUri *uri,
                   std::shared_ptr<Session> session, support::LoopThread &thread, Callbacks callbacks);
    ~LiveConnection() override;

    void send(const Message &message) override;
    void close(int code, const std::string &reason) override;
    void drop() override;
    /// Breaks the transport at once, with a TCP reset: what is on its way in either direction is lost.
    void reset();
    /// Any text, be it no message of the protocol.
    void sendRaw(const std::string &text);

private:
    void receive(int type, GBytes *bytes);
    void onClosed();

    support::LoopThread &thread_;
    const std::shared_ptr<Session> session_;
    const Callbacks callbacks_;
    support::ObjectRef<GSocket> socket_;
    support::ObjectRef<SoupWebsocketConnection> websocket_;
    support::SourceRef dropTask_;
    support::SourceRef giveUpTimer_;
    bool over_ = false; // nothing is read or written any more, the transport is on its way down
};

} // namespace lt::emulator
