// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_door.h"

#include "lib/broadcast/broadcast_server.h"
#include "lib/broadcast/door_replies.h"
#include "lib/broadcast/viewer_profile.h"
#include "lib/transcript/transcript.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace lt::broadcast {

namespace {

using net::HttpReply;
using net::HttpRequest;

/// Answered to clients that offer it beside their token: browsers want one of their offers back.
constexpr const char *kFirstSubprotocol = "livetranscript.v1";

HttpReply invalid(std::string_view sentence) {
    return refusalReply(400, RefusalCode::InvalidArgument, sentence);
}

/// `/ws/SLUG`, else `?session=SLUG`.
std::string sessionOf(const HttpRequest &request) {
    constexpr std::string_view kPrefix = "/ws/";
    if (request.path().starts_with(kPrefix))
        return std::string(request.path().substr(kPrefix.size()));
    return std::string(request.query("session"));
}

const char *subprotocolOf(const HttpRequest &request) {
    for (const char *known : {kViewerSubprotocol, kFirstSubprotocol})
        if (request.offers(known))
            return known;
    return nullptr;
}

void write(const Permission &permission, std::int64_t now, ViewerProfile &profile) {
    if (!permission.subject.empty())
        profile.userId = permission.subject;
    profile.mayCoordinate = permission.mayCoordinate;
    if (permission.expiresAt) // a day is enough: nobody's clock is trusted for longer
        profile.expiry = net::Clock::now() +
                         std::chrono::seconds(std::min<std::int64_t>(*permission.expiresAt - now, 86400));
}

/// The way in, one question after the other; each may end in a reply.
struct Entrance {
    BroadcastServer &server;
    HttpRequest &request;
    std::string session;
    std::optional<ViewerProfile> profile = {};
    std::shared_ptr<RoomHandle> room = {};

    std::optional<HttpReply> readRequest() {
        if (!isSessionSlug(session))
            return invalid("Name the session: /ws?session=NAME with 1-128 of [A-Za-z0-9_.-].");
        std::string problem;
        profile = viewerProfileOf([this](const char *name) { return request.query(name); },
                                  request.offers(kViewerSubprotocol), problem);
        return profile ? std::nullopt : std::optional(invalid(problem));
    }

    std::optional<HttpReply> checkPermission() {
        const std::int64_t now = unixSeconds();
        const auto result =
            server.doorkeeper().admit({session, request.header("Origin"), credentialOf(request)}, now);
        if (const auto *denial = std::get_if<Denial>(&result))
            return denialReply(*denial);
        write(std::get<Permission>(result), now, *profile);
        return std::nullopt;
    }

    std::optional<HttpReply> findRoom() {
        if (server.shuttingDown())
            return refusalReply(503, RefusalCode::Unavailable, "The server is shutting down.");
        bool full = false;
        room = request.wantsWebSocket() ? server.roomToEnter(session, full) : server.room(session);
        if (full)
            return refusalReply(503, RefusalCode::ResourceExhausted,
                                "Too many sessions that are not there are waited for.");
        if (!room)
            return refusalReply(404, RefusalCode::Unavailable,
                                "There is no live session \"" + session + "\" here.");
        if (request.wantsWebSocket())
            return std::nullopt;
        auto reply = refusalReply(426, RefusalCode::InvalidArgument, "Connect with a WebSocket.");
        reply.headers = {{"Upgrade", "websocket"}};
        return reply;
    }

    std::optional<HttpReply> takeSeat() {
        auto result = server.doorkeeper().seat(session, request.address());
        if (const auto *denial = std::get_if<Denial>(&result))
            return denialReply(*denial);
        profile->pass = std::get<StreamPassRef>(std::move(result));
        return std::nullopt;
    }

    std::optional<HttpReply> upgrade() {
        struct Newcomer { // std::function wants copies
            std::shared_ptr<RoomHandle> room;
            ViewerProfile profile;
            net::UpgradedSocket socket;
        };
        const auto newcomer = std::make_shared<Newcomer>(Newcomer{room, std::move(*profile), {}});
        const bool upgraded = request.upgrade(
            subprotocolOf(request), [newcomer, handOver = server.handOver()](net::UpgradedSocket socket) {
                newcomer->socket = std::move(socket);
                handOver.add([newcomer] {
                    newcomer->room->addViewer(std::move(newcomer->socket), std::move(newcomer->profile));
                });
            });
        if (upgraded)
            return std::nullopt;
        return invalid("The WebSocket handshake is not valid: version 13 and a 16-byte key are needed.");
    }
};

} // namespace

void serveWebSocket(BroadcastServer &server, HttpRequest &request) {
    Entrance entrance{server, request, sessionOf(request)};
    for (const auto step : {&Entrance::readRequest, &Entrance::checkPermission, &Entrance::findRoom,
                            &Entrance::takeSeat, &Entrance::upgrade})
        if (const auto reply = (entrance.*step)())
            return request.reply(*reply);
}

} // namespace lt::broadcast
