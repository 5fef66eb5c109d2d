// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/http_doors.h"

#include "lib/broadcast/broadcast_server.h"
#include "lib/broadcast/page.h"
#include "lib/broadcast/probe_doors.h"
#include "lib/broadcast/sessions_door.h"
#include "lib/broadcast/viewer_door.h"

#include <string>
#include <utility>
#include <vector>

namespace lt::broadcast {

namespace {

using net::HttpReply;
using net::HttpRequest;

/// What pages of other origins may import; it holds no secret.
constexpr std::string_view kClientPath = "/client.js";

void servePage(const PageFile &file, HttpRequest &request) {
    HttpReply reply{200,
                    std::string(file.contentType),
                    std::string(file.content),
                    {{"Content-Security-Policy",
                      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"},
                     {"Referrer-Policy", "no-referrer"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Cache-Control", "no-cache"}}};
    if (file.path == kClientPath)
        reply.headers.emplace_back("Access-Control-Allow-Origin", "*");
    request.reply(reply);
}

} // namespace

std::pair<std::string, net::HttpListener::Handler> metricsDoor(const Doorkeeper &doorkeeper) {
    return {"/metrics", [&doorkeeper](HttpRequest &request) {
                serveMetrics(doorkeeper, request);
            }};
}

net::HttpListener::Routes httpDoors(BroadcastServer &server) {
    const auto webSocket = [&server](HttpRequest &request) {
        serveWebSocket(server, request);
    };
    net::HttpListener::Routes routes = {
        {"/ws", webSocket},
        {"/ws/", webSocket},
        {"/healthz", serveHealth},
        {"/readyz",
         [&server](HttpRequest &request) {
             serveReadiness(server, request);
         }},
        {"/sessions",
         [&server](HttpRequest &request) {
             serveSessions(server, request);
         }},
    };
    const Doorkeeper &doorkeeper = server.doorkeeper();
    if (doorkeeper.settings().metricsPort == 0)
        routes.push_back(metricsDoor(doorkeeper));
    for (const PageFile &file : pageFiles())
        routes.emplace_back(file.path, [&file](HttpRequest &request) { servePage(file, request); });
    return routes;
}

} // namespace lt::broadcast
