// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/probe_doors.h"

#include "lib/broadcast/broadcast_server.h"
#include "lib/broadcast/door_replies.h"
#include "lib/metrics/registry.h"
#include "lib/metrics/render.h"
#include "lib/transcript/json_writer.h"

#include <utility>

#include <gio/gio.h>

namespace lt::broadcast {

namespace {

using net::HttpRequest;

constexpr guint kHealthTimeoutMs = 2000;
constexpr double kGoodLagMs = 100;

bool wantsPrometheus(const HttpRequest &request) {
    if (const auto format = request.query("format"); !format.empty())
        return format == "prometheus";
    const std::string_view accept = request.header("Accept");
    return accept.find("application/json") == accept.npos &&
           (accept.find("text/plain") != accept.npos || accept.find("openmetrics") != accept.npos);
}

/// `"name":{"ok":…,"measure":value,"limit":limit}`
void writeCheck(JsonWriter &writer, std::string_view name, bool ok, std::string_view measure, double value,
                double limit) {
    writer.key(name).beginObject().key("ok").boolean(ok);
    writer.key(measure).number(value, 3).key("limit").number(limit, 3).endObject();
}

} // namespace

void serveMetrics(const Doorkeeper &doorkeeper, HttpRequest &request) {
    if (doorkeeper.settings().metricsNeedToken) {
        const auto result = doorkeeper.identify(credentialOf(request), unixSeconds());
        if (const auto *denial = std::get_if<Denial>(&result))
            return request.reply(denialReply(*denial));
    }
    const auto samples = metrics::registry().snapshot();
    if (wantsPrometheus(request))
        request.reply({200, metrics::kPrometheusContentType, metrics::toPrometheus(samples)});
    else
        request.reply({200, metrics::kJsonContentType, metrics::toJson(samples)});
}

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
    namespace names = metrics::names;
    auto &registry = metrics::registry();
    const auto delivery = registry.histogram(names::kViewerDelivery).summary();
    const auto sessions = server.sessions().size();
    const auto seated = static_cast<double>(server.doorkeeper().seated());
    const auto places = static_cast<double>(server.doorkeeper().settings().viewers.total);
    const bool draining = server.draining();
    JsonWriter writer;
    writer.beginObject().key("status").string(draining ? "draining" : "ready");
    writer.key("sessions").unsignedInteger(sessions);
    writer.key("viewers").unsignedInteger(server.doorkeeper().seated());
    writer.key("checks").beginObject();
    writeCheck(writer, "viewer_delivery", delivery.p99 <= kGoodLagMs, "p99_ms", delivery.p99, kGoodLagMs);
    if (places > 0)
        writeCheck(writer, "viewer_places", seated < places, "taken", seated, places);
    writer.endObject().endObject();
    request.reply({draining ? 503u : 200u, kJson, writer.take() + "\n"});
}

} // namespace lt::broadcast
