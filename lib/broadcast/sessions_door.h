// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/http_request.h"

namespace lt::broadcast {

class BroadcastServer;

/// `/sessions`: the sessions that the client's token opens. Where a service runs them, one that may see all
/// sessions also gets the particulars of each.
void serveSessions(const BroadcastServer &server, net::HttpRequest &request);

} // namespace lt::broadcast
