// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"

#include <cstdint>
#include <string>

struct sockaddr_storage;

namespace lt::rtmp {

/// Why a port could not be had. `code` is an errno value; EINVAL means the address itself.
struct ListenFailure {
    int code = 0;
    std::string text; ///< a sentence that names address and port
};

/// A listening, non-blocking TCP socket. `address` is a number ("127.0.0.1", "::", which takes IPv4 as well)
/// or "localhost"; nothing is looked up. Port 0 takes a free one; `boundPort` is the real one.
net::UniqueFd openListenSocket(const std::string &address, std::uint16_t port, std::uint16_t &boundPort,
                               ListenFailure &failure);

/// "127.0.0.1:50312", "[::1]:50312"
std::string endpointText(const sockaddr_storage &address);

} // namespace lt::rtmp
