// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/http_listener.h"

namespace lt::broadcast {

class BroadcastServer;

/// What a broadcast server answers over HTTP: the viewer page, `/ws`, `/sessions`, `/metrics`, `/healthz`,
/// `/readyz`. `server` must outlive the routes' serving.
net::HttpListener::Routes httpDoors(const BroadcastServer &server);

} // namespace lt::broadcast
