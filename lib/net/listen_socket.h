// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/net/unique_fd.h"

#include <cstdint>
#include <string>

struct sockaddr_storage;

namespace lt::net {

struct ListenError {
    bool inUse = false;      ///< somebody else listens there
    bool badAddress = false; ///< what was given is no IP address
    std::string sentence;    ///< for the user: names address and port
};

/// "localhost" becomes 127.0.0.1; IP addresses stay; "" when it is neither. Names are not resolved: that
/// could block a state change.
LT_EXPORT std::string listenAddress(const std::string &address);

/// A non-blocking TCP socket that listens on `address` (see listenAddress()) and `port`, 0 for a free one,
/// with room for `backlog` connections not yet accepted; "::" takes IPv4 as well. Empty, and `error` set, on
/// failure.
LT_EXPORT UniqueFd listenOn(const std::string &address, std::uint16_t port, int backlog, ListenError &error);
/// For a listening socket whose connections live long and are sent a little at a time: sets what they
/// inherit, so that none of it costs a call per connection. No delay, at most 16 KiB unsent and 64 KiB in all
/// in the kernel, and a peer that has vanished is noticed within two minutes even if nothing is sent.
LT_EXPORT void prepareForStreams(int listeningFd);
/// The port a listening socket has; 0 when there is none.
LT_EXPORT std::uint16_t localPort(int fd);
/// "127.0.0.1:50312", "[::1]:50312"
LT_EXPORT std::string endpointText(const sockaddr_storage &address);

} // namespace lt::net
