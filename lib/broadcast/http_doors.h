// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/http_listener.h"

namespace lt::broadcast {

class BroadcastServer;
class Doorkeeper;

/// What a broadcast server answers over HTTP: the viewer page, `/ws`, `/sessions`, `/metrics`, `/healthz`,
/// `/readyz`. `server` must outlive the routes' serving.
net::HttpListener::Routes httpDoors(BroadcastServer &server);
/// The route of `/metrics`, for a listener of its own; httpDoors() has it unless it is wanted elsewhere.
std::pair<std::string, net::HttpListener::Handler> metricsDoor(const Doorkeeper &doorkeeper);

} // namespace lt::broadcast
