// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/failure.h"
#include "elements/gladiasink/transport.h"

#include <cstdint>
#include <string_view>

namespace lt::gladia {

/// Whom requests and WebSockets report to; always from the loop, never from inside one of their functions.
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

} // namespace lt::gladia
