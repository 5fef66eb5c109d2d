// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/http_doors.h"

#include "lib/admission/refusal.h"
#include "lib/broadcast/broadcast_server.h"
#include "lib/broadcast/page.h"
#include "lib/broadcast/viewer_profile.h"
#include "lib/metrics/registry.h"
#include "lib/metrics/render.h"
#include "lib/transcript/json_writer.h"

#include <utility>

#include <gio/gio.h>

namespace lt::broadcast {

namespace {

using net::HttpReply;
using net::HttpRequest;

constexpr const char *kJson = "application/json";
constexpr guint kHealthTimeoutMs = 2000;

HttpReply refusal(unsigned status, RefusalCode code, std::string_view sentence) {
    JsonWriter writer;
    writer.beginObject().key("error").string(refusalWord(code)).key("message").string(sentence).endObject();
    return {status, kJson, writer.take() + "\n"};
}

HttpReply statusReply(unsigned status, std::string_view word) {
    JsonWriter writer;
    writer.beginObject().key("status").string(word).endObject();
    return {status, kJson, writer.take() + "\n"};
}

/// `/ws/SLUG`, else `?session=SLUG`.
std::string sessionOf(const HttpRequest &request) {
    constexpr std::string_view kPrefix = "/ws/";
    if (request.path().starts_with(kPrefix))
        return std::string(request.path().substr(kPrefix.size()));
    return std::string(request.query("session"));
}

/// Every refusal comes before the upgrade, where clients can read it.
void serveWebSocket(const BroadcastServer &server, HttpRequest &request) {
    const std::string session = sessionOf(request);
    if (!isSessionSlug(session))
        return request.reply(refusal(400, RefusalCode::InvalidArgument,
                                     "Name the session: /ws?session=NAME with 1-128 of [A-Za-z0-9_.-]."));
    std::string problem;
    auto profile =
        viewerProfileOf([&request](const char *name) { return request.query(name); }, false, problem);
    if (!profile)
        return request.reply(refusal(400, RefusalCode::InvalidArgument, problem));
    auto room = server.room(session);
    if (!room)
        return request.reply(
            refusal(404, RefusalCode::Unavailable, "There is no live session \"" + session + "\" here."));
    if (!request.wantsWebSocket()) {
        auto reply = refusal(426, RefusalCode::InvalidArgument, "Connect with a WebSocket.");
        reply.headers = {{"Upgrade", "websocket"}};
        return request.reply(reply);
    }
    const bool upgraded = request.upgrade(
        [room = std::move(room), profile = std::move(*profile)](net::UpgradedSocket socket) mutable {
            room->addViewer(std::move(socket), std::move(profile));
        });
    if (!upgraded)
        request.reply(
            refusal(400, RefusalCode::InvalidArgument,
                    "The WebSocket handshake is not valid: version 13 and a 16-byte key are needed."));
}

bool wantsPrometheus(const HttpRequest &request) {
    if (const auto format = request.query("format"); !format.empty())
        return format == "prometheus";
    const std::string_view accept = request.header("Accept");
    return accept.find("application/json") == accept.npos &&
           (accept.find("text/plain") != accept.npos || accept.find("openmetrics") != accept.npos);
}

void serveMetrics(HttpRequest &request) {
    const auto samples = metrics::registry().snapshot();
    if (wantsPrometheus(request))
        request.reply({200, metrics::kPrometheusContentType, metrics::toPrometheus(samples)});
    else
        request.reply({200, metrics::kJsonContentType, metrics::toJson(samples)});
}

/// Answers when the fan-out thread has turned once and come back, or says that it did not.
void serveHealth(const BroadcastServer &server, HttpRequest &request) {
    // Held by this thread's timer alone, so that it also ends on this thread.
    using Held = std::shared_ptr<net::DeferredReply>;
    const Held reply = request.defer();
    GSource *timeout = g_timeout_source_new(kHealthTimeoutMs);
    g_source_set_callback(
        timeout,
        [](gpointer held) -> gboolean {
            (*static_cast<Held *>(held))->send(statusReply(503, "stalled"));
            return G_SOURCE_REMOVE;
        },
        new Held(reply), [](gpointer held) { delete static_cast<Held *>(held); });
    g_source_attach(timeout, g_main_context_get_thread_default());
    g_source_unref(timeout);
    server.loop()->post([http = net::httpThread(), weak = std::weak_ptr(reply)] {
        http->post([weak] {
            if (const auto waiting = weak.lock())
                waiting->send(statusReply(200, "ok"));
        });
    });
}

void serveReadiness(const BroadcastServer &server, HttpRequest &request) {
    std::uint64_t viewers = 0;
    const auto names = server.sessions();
    for (const auto &name : names)
        if (const auto room = server.room(name))
            viewers += room->counts()->viewers;
    JsonWriter writer;
    writer.beginObject().key("status").string("ready");
    writer.key("sessions").unsignedInteger(names.size()).key("viewers").unsignedInteger(viewers).endObject();
    request.reply({200, kJson, writer.take() + "\n"});
}

void serveSessions(const BroadcastServer &server, HttpRequest &request) {
    JsonWriter writer;
    writer.beginObject().key("sessions").beginArray();
    std::vector<std::pair<std::string, std::string>> recognisers;
    for (const auto &name : server.sessions()) {
        writer.string(name);
        if (const auto room = server.room(name); room && !room->recogniser().empty())
            recognisers.emplace_back(name, room->recogniser());
    }
    writer.endArray();
    if (!recognisers.empty()) {
        writer.key("recognisers").beginObject();
        for (const auto &[name, recogniser] : recognisers)
            writer.key(name).string(recogniser);
        writer.endObject();
    }
    writer.endObject();
    request.reply({200, kJson, writer.take() + "\n"});
}

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

net::HttpListener::Routes httpDoors(const BroadcastServer &server) {
    const auto webSocket = [&server](HttpRequest &request) {
        serveWebSocket(server, request);
    };
    net::HttpListener::Routes routes = {
        {"/ws", webSocket},
        {"/ws/", webSocket},
        {"/metrics", serveMetrics},
        {"/healthz",
         [&server](HttpRequest &request) {
             serveHealth(server, request);
         }},
        {"/readyz",
         [&server](HttpRequest &request) {
             serveReadiness(server, request);
         }},
        {"/sessions",
         [&server](HttpRequest &request) {
             serveSessions(server, request);
         }},
    };
    for (const PageFile &file : pageFiles())
        routes.emplace_back(file.path, [&file](HttpRequest &request) { servePage(file, request); });
    return routes;
}

} // namespace lt::broadcast
