// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/http_request.h"

namespace lt::broadcast {

class BroadcastServer;

/// `/ws`: lets a viewer in, or refuses it before the upgrade, where clients can read why.
void serveWebSocket(BroadcastServer &server, net::HttpRequest &request);

} // namespace lt::broadcast
