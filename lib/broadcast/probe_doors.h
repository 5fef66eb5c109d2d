// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/http_request.h"

#include <memory>

namespace lt::broadcast {

class BroadcastServer;
class Doorkeeper;

/// `/healthz`: 200 when all IO threads of the process turn, 503 with the names of those that do not within 2
/// s.
void serveHealth(net::HttpRequest &request);
/// `/readyz`: 200 as long as sessions are wanted here; how well things go stands in the body alone.
void serveReadiness(const BroadcastServer &server, net::HttpRequest &request);
/// `/metrics`: JSON or Prometheus text; with a token when `doorkeeper` is told to ask for it.
void serveMetrics(const Doorkeeper &doorkeeper, net::HttpRequest &request);

} // namespace lt::broadcast
