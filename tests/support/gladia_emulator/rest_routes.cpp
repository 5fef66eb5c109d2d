// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/rest_routes.h"
#include "tests/support/gladia_emulator/http_reply.h"
#include "tests/support/gladia_emulator/job.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <set>
#include <utility>

namespace lt::emulator {

using support::parseObject;
using support::toText;

namespace {

constexpr gsize kMaxDebugMetadata = 100000;

struct ListQuery {
    gint64 offset = 0;
    gint64 limit = 20;
    std::set<std::string> statuses;
    std::vector<std::string> errors;
};

void readNumber(const char *name, const char *text, gint64 least, gint64 &value, ListQuery &query) {
    if (!g_ascii_string_to_signed(text, 10, least, G_MAXINT32, &value, nullptr))
        query.errors.push_back(std::string(name) + " must be an integer not less than " +
                               std::to_string(least));
}

ListQuery readListQuery(SoupServerMessage *message) {
    ListQuery query;
    const char *text = g_uri_get_query(soup_server_message_get_uri(message));
    GUriParamsIter iter;
    g_uri_params_iter_init(&iter, text ? text : "", -1, "&", G_URI_PARAMS_WWW_FORM);
    char *rawName = nullptr;
    char *rawValue = nullptr;
    while (g_uri_params_iter_next(&iter, &rawName, &rawValue, nullptr)) {
        const support::CharPtr name(rawName);
        const support::CharPtr value(rawValue);
        const std::string_view key = name.get();
        if (key == "offset")
            readNumber("offset", value.get(), 0, query.offset, query);
        else if (key == "limit")
            readNumber("limit", value.get(), 1, query.limit, query);
        else if (key == "status")
            query.statuses.insert(value.get());
    }
    return query;
}

std::string pageUri(const std::string &base, const ListQuery &query, gint64 offset) {
    std::string uri =
        base + "/v2/live?offset=" + std::to_string(offset) + "&limit=" + std::to_string(query.limit);
    for (const auto &status : query.statuses) {
        const support::CharPtr escaped(g_uri_escape_string(status.c_str(), nullptr, FALSE));
        uri += std::string("&status=") + escaped.get();
    }
    return uri;
}

void replyRecording(SoupServerMessage *message, const Session &session) {
    const auto file = recordingFile(session);
    soup_server_message_set_status(message, SOUP_STATUS_OK, nullptr);
    soup_server_message_set_response(message, "application/octet-stream", SOUP_MEMORY_COPY,
                                     reinterpret_cast<const char *>(file.data()), file.size());
}

void replyDelete(SoupServerMessage *message, SessionStore &store, const Session &session) {
    if (session.state() != Session::State::kDone) {
        replyError(message, SOUP_STATUS_FORBIDDEN, "The session is not in a state to be deleted");
        return;
    }
    store.remove(std::string(session.identity().id));
    soup_server_message_set_status(message, SOUP_STATUS_ACCEPTED, nullptr);
}

void replyPatch(SoupServerMessage *message) {
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    std::string problem;
    if (body->length > static_cast<goffset>(kMaxDebugMetadata))
        replyError(message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "The metadata is larger than 100 kB");
    else if (!parseObject({body->data ? body->data : "", static_cast<std::size_t>(body->length)}, problem))
        replyError(message, SOUP_STATUS_BAD_REQUEST, "Invalid parameter(s)", {problem});
    else
        soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, nullptr);
}

} // namespace

void replyList(SoupServerMessage *message, const SessionStore &store, const std::string &base) {
    const ListQuery query = readListQuery(message);
    if (!query.errors.empty()) {
        replyError(message, SOUP_STATUS_BAD_REQUEST, "Invalid parameter(s)", query.errors);
        return;
    }
    std::vector<const Session *> found;
    for (auto at = store.all().rbegin(); at != store.all().rend(); ++at) {
        if (query.statuses.empty() || query.statuses.contains(jobStatus(**at)))
            found.push_back(at->get());
    }
    const auto count = static_cast<gint64>(found.size());
    const gint64 end = std::min(count, query.offset + query.limit);
    JsonArray *items = json_array_new();
    for (gint64 i = query.offset; i < end; i++)
        json_array_add_object_element(items, jobObject(*found[static_cast<std::size_t>(i)]).release());
    support::JsonObjectRef list(json_object_new());
    json_object_set_string_member(list.get(), "first", pageUri(base, query, 0).c_str());
    json_object_set_string_member(list.get(), "current", pageUri(base, query, query.offset).c_str());
    if (end < count)
        json_object_set_string_member(list.get(), "next", pageUri(base, query, end).c_str());
    else
        json_object_set_null_member(list.get(), "next");
    json_object_set_array_member(list.get(), "items", items);
    replyJson(message, SOUP_STATUS_OK, toText(std::move(list)));
}

void replyJob(SoupServerMessage *message, SessionStore &store, std::string_view rest) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view tail = rest.substr(slash);
    const auto session = store.byId(rest.substr(0, slash));
    const std::string_view method = soup_server_message_get_method(message);
    if (!session || (!tail.empty() && tail != "/file"))
        replyError(message, SOUP_STATUS_NOT_FOUND, "There is no such live session");
    else if (tail == "/file" && method == "GET")
        replyRecording(message, *session);
    else if (tail.empty() && method == "GET")
        replyJson(message, SOUP_STATUS_OK, toText(jobObject(*session)));
    else if (tail.empty() && method == "DELETE")
        replyDelete(message, store, *session);
    else if (tail.empty() && method == "PATCH")
        replyPatch(message);
    else
        replyError(message, SOUP_STATUS_METHOD_NOT_ALLOWED, "The method is not allowed here");
}

} // namespace lt::emulator
