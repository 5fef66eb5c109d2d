// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/messages.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace lt::emulator {

/// The way from a session to its client: one connection.
class Outlet {
public:
    virtual ~Outlet() = default;
    /// As given by Faults::connectionOpened(); any other number is hit by no fault of a single connection.
    virtual std::uint64_t number() const = 0;
    /// False from close(), drop() or reset() on: what is sent then is lost, so a session keeps it.
    virtual bool open() const = 0;
    virtual void send(const Message &message) = 0;
    /// A text frame of any bytes.
    virtual void sendRaw(std::string_view bytes) = 0;
    /// After everything sent before.
    virtual void close(int code, const std::string &reason) = 0;
    /// Breaks the transport without a close frame, after everything sent before.
    virtual void drop() = 0;
    /// Breaks the transport at once: what is on its way in either direction is lost.
    virtual void reset() = 0;
};

} // namespace lt::emulator
