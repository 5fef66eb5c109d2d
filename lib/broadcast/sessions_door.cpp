// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/sessions_door.h"

#include "lib/broadcast/broadcast_server.h"
#include "lib/broadcast/door_replies.h"
#include "lib/broadcast/session_overview.h"
#include "lib/metrics/registry.h"
#include "lib/transcript/json_writer.h"

#include <utility>

namespace lt::broadcast {

namespace {

void writeRecognisers(const BroadcastServer &server, const Permission &permission, JsonWriter &writer) {
    std::vector<std::pair<std::string, std::string>> recognisers;
    for (const auto &name : server.sessions())
        if (const auto room = server.room(name);
            permission.allows(name) && room && !room->recogniser().empty())
            recognisers.emplace_back(name, room->recogniser());
    if (recognisers.empty())
        return;
    writer.key("recognisers").beginObject();
    for (const auto &[name, recogniser] : recognisers)
        writer.key(name).string(recogniser);
    writer.endObject();
}

/// What its viewers have of it.
void writeRoom(const RoomHandle &room, const std::string &session, JsonWriter &writer) {
    const auto counts = room.counts();
    writer.key("viewers").unsignedInteger(counts->viewers);
    if (room.fed()) {
        const auto lag =
            metrics::registry().session(session).histogram(metrics::names::kSessionBroadcastLag).summary();
        writer.key("lagMs").beginObject();
        writer.key("p50").number(lag.p50, 3).key("p99").number(lag.p99, 3).key("max").number(lag.max, 3);
        writer.endObject();
    }
    writer.key("finals").unsignedInteger(counts->finals);
    if (const auto at = counts->lastFinalUnixMs.load(); at > 0) {
        writer.key("lastFinal").beginObject().key("unixMs").integer(at);
        writer.key("textLength").unsignedInteger(counts->lastFinalLength).endObject();
    }
}

void writeDetails(const BroadcastServer &server, const SessionOverview &overview, JsonWriter &writer) {
    writer.key("details").beginArray();
    for (const auto &name : overview.names()) {
        writer.beginObject().key("id").string(name);
        overview.describe(name, writer);
        if (const auto room = server.room(name))
            writeRoom(*room, name, writer);
        writer.endObject();
    }
    writer.endArray();
}

} // namespace

void serveSessions(const BroadcastServer &server, net::HttpRequest &request) {
    const auto result = server.doorkeeper().identify(credentialOf(request), unixSeconds());
    if (const auto *denial = std::get_if<Denial>(&result))
        return request.reply(denialReply(*denial));
    const auto &permission = std::get<Permission>(result);
    JsonWriter writer;
    writer.beginObject().key("sessions").beginArray();
    for (const auto &name : server.sessions())
        if (permission.allows(name))
            writer.string(name);
    writer.endArray();
    writeRecognisers(server, permission, writer);
    if (const auto overview = server.overview(); overview && permission.session == "*")
        writeDetails(server, *overview, writer);
    writer.endObject();
    request.reply({200, kJson, writer.take() + "\n"});
}

} // namespace lt::broadcast
