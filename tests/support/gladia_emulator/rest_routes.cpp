// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/rest_routes.h"
#include "tests/support/gladia_emulator/http_reply.h"
#include "tests/support/gladia_emulator/job.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace lt::emulator {

using support::parseObject;
using support::toText;

namespace {

constexpr gsize kMaxDebugMetadata = 100000;

constexpr std::string_view kMetadataKey = "custom_metadata[";

/// Microseconds since 1970; the end is outside.
struct Period {
    gint64 begin = G_MININT64;
    gint64 end = G_MAXINT64;
};

struct ListQuery {
    gint64 offset = 0;
    gint64 limit = 20;
    std::set<std::string> statuses;
    Period created;
    std::map<std::string, std::string> metadata;
    std::string filters; ///< all but offset and limit, as they came, for the addresses of other pages
    std::vector<std::string> errors;
};

/// A member of custom_metadata as a query would write it.
std::string metadataText(JsonObject *metadata, const std::string &name) {
    JsonNode *node = json_object_get_member(metadata, name.c_str());
    if (!node)
        return "";
    const char *text = support::stringMember(metadata, name.c_str());
    return text ? text : toText(node);
}

/// What an ISO 8601 date means: a day when it has no time, else a moment. Nothing if it is none.
std::optional<Period> periodOf(const std::string &text) {
    const bool day = text.size() == 10;
    GDateTime *time = nullptr;
    GTimeZone *utc = g_time_zone_new_utc();
    time = g_date_time_new_from_iso8601(day ? (text + "T00:00:00Z").c_str() : text.c_str(), utc);
    g_time_zone_unref(utc);
    if (!time)
        return std::nullopt;
    const gint64 begin = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
    g_date_time_unref(time);
    return Period{begin, begin + (day ? G_TIME_SPAN_DAY : 1)};
}

/// `date` is that day (or moment), the other two leave it out.
void readDate(const std::string &name, const char *text, ListQuery &query) {
    const auto period = periodOf(text);
    if (!period) {
        query.errors.push_back(name + " must be a valid ISO 8601 date string");
        return;
    }
    if (name != "after_date")
        query.created.end = std::min(query.created.end, name == "date" ? period->end : period->begin);
    if (name != "before_date")
        query.created.begin = std::max(query.created.begin, name == "date" ? period->begin : period->end);
}

bool matches(const ListQuery &query, const Session &session) {
    if (!query.statuses.empty() && !query.statuses.contains(jobStatus(session)))
        return false;
    if (session.createdAt() < query.created.begin || session.createdAt() >= query.created.end)
        return false;
    if (query.metadata.empty())
        return true;
    std::string problem;
    const auto metadata = parseObject(session.config().customMetadata, problem);
    return metadata && std::all_of(query.metadata.begin(), query.metadata.end(), [&](const auto &wanted) {
               return metadataText(metadata.get(), wanted.first) == wanted.second;
           });
}

void readNumber(const char *name, const char *text, gint64 least, gint64 &value, ListQuery &query) {
    if (!g_ascii_string_to_signed(text, 10, least, G_MAXINT32, &value, nullptr))
        query.errors.push_back(std::string(name) + " must be an integer not less than " +
                               std::to_string(least));
}

std::string escaped(const char *text) {
    const support::CharPtr out(g_uri_escape_string(text, nullptr, FALSE));
    return out.get();
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
        if (key != "offset" && key != "limit")
            query.filters += "&" + escaped(name.get()) + "=" + escaped(value.get());
        if (key == "offset")
            readNumber("offset", value.get(), 0, query.offset, query);
        else if (key == "limit")
            readNumber("limit", value.get(), 1, query.limit, query);
        else if (key == "status")
            query.statuses.insert(value.get());
        else if (key == "date" || key == "before_date" || key == "after_date")
            readDate(name.get(), value.get(), query);
        else if (key.starts_with(kMetadataKey) && key.ends_with(']'))
            query.metadata.emplace(key.substr(kMetadataKey.size(), key.size() - kMetadataKey.size() - 1),
                                   value.get());
    }
    return query;
}

std::string pageUri(const std::string &base, const ListQuery &query, gint64 offset) {
    return base + "/v2/live?offset=" + std::to_string(offset) + "&limit=" + std::to_string(query.limit) +
           query.filters;
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
        if (matches(query, **at))
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
