// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_backlog.h"

#include <cstdint>
#include <string>

namespace lt::gladia {

/// The generation of what goes on in the network: one request or one WebSocket. Never used twice, so that
/// what is late is told from what is awaited.
using ConnectionId = std::uint32_t;
constexpr ConnectionId kNoConnection = 0;

/// What a session does to the network. Nothing may call back into the session from inside these.
class Transport {
public:
    virtual ~Transport() = default;
    /// POSTs `body`; answered() or attemptFailed() follows.
    virtual void request(ConnectionId id, const std::string &body) = 0;
    /// Opens the WebSocket; opened() or attemptFailed() follows, and closed() after opened().
    virtual void connect(ConnectionId id, const std::string &url) = 0;
    virtual void sendAudio(ConnectionId id, const AudioBlock &block) = 0;
    virtual void sendText(ConnectionId id, const std::string &text) = 0;
    /// pongReceived() should follow.
    virtual void ping(ConnectionId id) = 0;
    /// Cancels what is under way, or says goodbye to what is open. Nothing of it is reported any more.
    virtual void close(ConnectionId id, unsigned code, const std::string &reason) = 0;
};

} // namespace lt::gladia
