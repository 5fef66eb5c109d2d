// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/connection_listener.h"
#include "elements/gladiasink/failure.h"
#include "elements/gladiasink/transport.h"
#include "lib/ws/client.h"

#include <functional>
#include <string>
#include <string_view>

namespace lt::gladia {

/// One WebSocket to the service: puts what happens to it into words that hold no secret. On the loop.
class GladiaSocket final : private ws::ClientListener {
public:
    struct Context {
        const std::string &apiKey; ///< outlives the socket
        ConnectionListener &listener;
        std::function<void(GladiaSocket *)> onGone; ///< it has said its goodbye, and nothing is left
    };

    GladiaSocket(const Context &context, ws::Client::Settings settings, ConnectionId id);
    GladiaSocket(const GladiaSocket &) = delete;
    GladiaSocket &operator=(const GladiaSocket &) = delete;

    void connect(const std::string &url);
    /// These wait for flush(). Not the loop's alone: see GladiaNetwork.
    void sendAudio(const AudioBlock &block);
    void sendText(const std::string &text) { client_.send(ws::Opcode::Text, text); }
    void ping() { client_.send(ws::Opcode::Ping, {}); }
    void flush() { client_.flush(); }
    bool flushNow() { return client_.flushNow(); }
    /// Nothing is reported any more. True when nothing is left, else onGone() follows.
    bool close(unsigned code, const std::string &reason);

private:
    void onOpened() override { context_.listener.onOpened(id_); }
    void onFailed(ws::ConnectFailure failure) override;
    void onMessage(ws::Opcode type, std::string_view payload) override;
    void onPong() override { context_.listener.onPong(id_); }
    void onClosed(std::uint16_t code, std::string_view reason) override;
    void onGone() override { context_.onGone(this); }
    std::string clean(std::string text) const;

    const Context context_;
    const ConnectionId id_;
    std::string token_; // query of the socket's address: never to be shown
    ws::Client client_;
};

} // namespace lt::gladia
