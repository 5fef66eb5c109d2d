// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"

#include <cstdint>
#include <string>

#include <gio/gio.h>

namespace lt::emulator {

/// A bound TCP socket that can go on the air and off it without giving up its port.
class ListeningSocket {
public:
    /// `port` 0: a free one. False with `error` set.
    bool bind(const std::string &address, std::uint16_t port, GError **error);
    /// With a backlog for clients that all come at once; libsoup's own is 10.
    bool listen(GError **error);
    /// Refuses connections from here on; the port stays ours.
    void stop();
    /// For who accepts, to close; null with `error` set.
    support::ObjectRef<GSocket> share(GError **error) const;
    std::uint16_t port() const { return port_; }

private:
    support::ObjectRef<GSocket> socket_;
    std::uint16_t port_ = 0;
};

} // namespace lt::emulator
