// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/probe_doors.h"

#include "lib/broadcast/broadcast_server.h"
#include "lib/broadcast/door_replies.h"
#include "lib/broadcast/session_overview.h"
#include "lib/metrics/process_metrics.h"
#include "lib/metrics/registry.h"
#include "lib/metrics/render.h"
#include "lib/net/io_threads.h"
#include "lib/transcript/json_writer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

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

/// Asks every IO thread for a sign of life. Lives on the HTTP thread, kept by its timer alone, so that it
/// also ends there.
class HealthCheck : public std::enable_shared_from_this<HealthCheck> {
public:
    explicit HealthCheck(std::shared_ptr<net::DeferredReply> reply) : reply_(std::move(reply)) {}

    void begin() {
        GSource *source = g_timeout_source_new(kHealthTimeoutMs);
        using Held = std::shared_ptr<HealthCheck>;
        g_source_set_callback(
            source,
            [](gpointer held) -> gboolean {
                (*static_cast<Held *>(held))->giveUp();
                return G_SOURCE_REMOVE;
            },
            new Held(shared_from_this()), [](gpointer held) { delete static_cast<Held *>(held); });
        g_source_attach(source, g_main_context_get_thread_default());
        timeout_ = source;
        g_source_unref(source); // its context keeps it
        auto threads = net::runningIoThreads();
        for (const auto &thread : threads)
            silent_.push_back(thread.name);
        for (const auto &thread : threads)
            thread.post([http = net::httpThread()->mailbox(), weak = weak_from_this(), name = thread.name] {
                http.post([weak, name] {
                    if (const auto self = weak.lock())
                        self->turned(name);
                });
            });
    }

private:
    void turned(const std::string &name) {
        std::erase(silent_, name);
        if (!silent_.empty())
            return;
        reply_->send(statusReply(200, "ok"));
        g_source_destroy(timeout_);
    }

    void giveUp() {
        JsonWriter writer;
        writer.beginObject().key("status").string("stalled").key("threads").beginArray();
        for (const auto &name : silent_)
            writer.string(name);
        writer.endArray().endObject();
        reply_->send({503, kJson, writer.take() + "\n"});
    }

    const std::shared_ptr<net::DeferredReply> reply_;
    std::vector<std::string> silent_; // who has not answered yet
    GSource *timeout_ = nullptr;
};

/// Why no session is wanted here; "" when one is.
std::string whyClosed(const BroadcastServer &server) {
    if (server.draining())
        return "draining";
    const auto overview = server.overview();
    return overview ? overview->closedBecause() : std::string();
}

} // namespace

void serveMetrics(const Doorkeeper &doorkeeper, HttpRequest &request) {
    if (doorkeeper.settings().metricsNeedToken) {
        const auto result = doorkeeper.identify(credentialOf(request), unixSeconds());
        if (const auto *denial = std::get_if<Denial>(&result))
            return request.reply(denialReply(*denial));
    }
    metrics::measureProcess(metrics::registry());
    const auto samples = metrics::registry().snapshot();
    if (wantsPrometheus(request))
        request.reply({200, metrics::kPrometheusContentType, metrics::toPrometheus(samples)});
    else
        request.reply({200, metrics::kJsonContentType, metrics::toJson(samples)});
}

void serveHealth(HttpRequest &request) {
    const auto check = std::make_shared<HealthCheck>(request.defer());
    check->begin();
}

void serveReadiness(const BroadcastServer &server, HttpRequest &request) {
    namespace names = metrics::names;
    auto &registry = metrics::registry();
    const auto delivery = registry.histogram(names::kViewerDelivery).summary();
    const auto sessions = server.sessions().size();
    const auto seated = static_cast<double>(server.doorkeeper().seated());
    const auto places = static_cast<double>(server.doorkeeper().settings().viewers.total);
    const std::string closed = whyClosed(server);
    JsonWriter writer;
    writer.beginObject().key("status").string(closed.empty() ? "ready" : closed);
    writer.key("sessions").unsignedInteger(sessions);
    writer.key("viewers").unsignedInteger(server.doorkeeper().seated());
    writer.key("checks").beginObject();
    writeCheck(writer, "viewer_delivery", delivery.p99 <= kGoodLagMs, "p99_ms", delivery.p99, kGoodLagMs);
    if (places > 0)
        writeCheck(writer, "viewer_places", seated < places, "taken", seated, places);
    writer.endObject().endObject();
    request.reply({closed.empty() ? 200u : 503u, kJson, writer.take() + "\n"});
}

} // namespace lt::broadcast
