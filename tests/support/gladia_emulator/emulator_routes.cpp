// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/emulator_routes.h"
#include "tests/support/gladia_emulator/fault_script.h"
#include "tests/support/gladia_emulator/http_reply.h"
#include "tests/support/json_text.h"

#include <string>
#include <utility>

namespace lt::emulator {

using support::JsonObjectRef;

namespace {

JsonObject *sessionObject(const SessionReport &session) {
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "id", session.id.c_str());
    json_object_set_string_member(object, "text", session.text().c_str());
    json_object_set_boolean_member(object, "connected", session.connected);
    json_object_set_boolean_member(object, "ended", session.ended);
    json_object_set_int_member(object, "bytes", static_cast<gint64>(session.bytes));
    json_object_set_int_member(object, "receivedBytes", static_cast<gint64>(session.receivedBytes));
    json_object_set_int_member(object, "chunks", static_cast<gint64>(session.chunks));
    json_object_set_int_member(object, "largestChunk", static_cast<gint64>(session.largestChunk));
    json_object_set_int_member(object, "connections", static_cast<gint64>(session.connections));
    json_object_set_int_member(object, "stops", static_cast<gint64>(session.stops));
    json_object_set_int_member(object, "badMessages", static_cast<gint64>(session.badMessages));
    json_object_set_int_member(object, "clientCloseCode", session.clientCloseCode);
    return object;
}

std::string reportJson(const EmulatorReport &report) {
    JsonArray *sessions = json_array_new();
    for (const auto &session : report.sessions)
        json_array_add_object_element(sessions, sessionObject(session));
    JsonObjectRef object(json_object_new());
    json_object_set_int_member(object.get(), "posts", static_cast<gint64>(report.posts));
    json_object_set_int_member(object.get(), "upgrades", static_cast<gint64>(report.upgrades));
    json_object_set_int_member(object.get(), "connections", static_cast<gint64>(report.connections));
    json_object_set_int_member(object.get(), "callbacks", static_cast<gint64>(report.callbacks));
    json_object_set_int_member(object.get(), "failedCallbacks", static_cast<gint64>(report.failedCallbacks));
    JsonArray *recoveries = json_array_new();
    for (const double ms : report.recoveriesMs)
        json_array_add_double_element(recoveries, ms);
    json_object_set_array_member(object.get(), "recoveriesMs", recoveries);
    json_object_set_array_member(object.get(), "sessions", sessions);
    return support::toText(std::move(object));
}

void replyToPost(SoupServerMessage *message, const EmulatorRoutes &routes) {
    const FaultScript script = parseFaultScript(bodyOf(message), routes.draws);
    if (!script.problem.empty()) {
        replyError(message, SOUP_STATUS_BAD_REQUEST, script.problem);
        return;
    }
    std::vector<Faults::State> given;
    for (const Fault &fault : script.faults)
        given.push_back({.id = routes.faults.add(fault), .fault = fault});
    routes.apply();
    replyJson(message, SOUP_STATUS_CREATED, faultListJson(given));
}

void replyToDelete(SoupServerMessage *message, std::string_view id, const EmulatorRoutes &routes) {
    guint64 number = 0;
    if (id.empty()) {
        routes.faults.clear();
    } else if (!g_ascii_string_to_unsigned(std::string(id).c_str(), 10, 1, G_MAXINT64, &number, nullptr) ||
               !routes.faults.remove(number)) {
        replyError(message, SOUP_STATUS_NOT_FOUND, "There is no such fault");
        return;
    }
    routes.apply();
    soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, nullptr);
}

} // namespace

void EmulatorRoutes::reply(SoupServerMessage *message, std::string_view rest) const {
    const std::string_view method = soup_server_message_get_method(message);
    const bool one = rest.starts_with("faults/");
    if (rest == "report" && method == "GET")
        replyJson(message, SOUP_STATUS_OK, reportJson(report()));
    else if (rest == "faults" && method == "GET")
        replyJson(message, SOUP_STATUS_OK, faultListJson(faults.list()));
    else if (rest == "faults" && method == "POST")
        replyToPost(message, *this);
    else if ((rest == "faults" || one) && method == "DELETE")
        replyToDelete(message, one ? rest.substr(7) : "", *this);
    else if (rest == "faults" || rest == "report" || one)
        replyError(message, SOUP_STATUS_METHOD_NOT_ALLOWED, "The method is not allowed here");
    else
        replyError(message, SOUP_STATUS_NOT_FOUND,
                   "The emulator's own paths are /emulator/faults and "
                   "/emulator/report");
}

} // namespace lt::emulator
