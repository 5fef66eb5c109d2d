// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/http_reply.h"
#include "tests/support/json_text.h"

#include <cstring>
#include <utility>

namespace lt::emulator {

using support::isoTime;
using support::toText;

void replyJson(SoupServerMessage *message, int status, const std::string &json) {
    soup_server_message_set_status(message, static_cast<guint>(status), nullptr);
    soup_server_message_set_response(message, "application/json; charset=utf-8", SOUP_MEMORY_COPY,
                                     json.data(), json.size());
}

void replyError(SoupServerMessage *message, int status, const std::string &text,
                const std::vector<std::string> &validationErrors) {
    support::JsonObjectRef body(json_object_new());
    json_object_set_string_member(body.get(), "timestamp", isoTime(g_get_real_time()).c_str());
    json_object_set_string_member(body.get(), "path", g_uri_get_path(soup_server_message_get_uri(message)));
    json_object_set_string_member(body.get(), "request_id", newRequestId().c_str());
    json_object_set_int_member(body.get(), "statusCode", status);
    json_object_set_string_member(body.get(), "message", text.c_str());
    if (!validationErrors.empty()) {
        JsonArray *errors = json_array_new();
        for (const auto &error : validationErrors)
            json_array_add_string_element(errors, error.c_str());
        json_object_set_array_member(body.get(), "validation_errors", errors);
    }
    replyJson(message, status, toText(std::move(body)));
}

std::string bodyOf(SoupServerMessage *message) {
    const support::BytesRef bytes(soup_message_body_flatten(soup_server_message_get_request_body(message)));
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes.get(), &size));
    return {data ? data : "", size};
}

std::string usualMessage(int status) {
    switch (status) {
    case 400:
        return "Invalid parameter(s)";
    case 401:
        return "The x-gladia-key header is missing or its key is unknown";
    case 402:
        return "Payment required";
    case 403:
        return "Forbidden";
    case 404:
        return "Not found";
    case 408:
        return "Request timeout";
    case 422:
        return "The parameters are understood but cannot be served";
    case 429:
        return "Too many simultaneous live sessions";
    case 503:
        return "Service unavailable";
    default:
        return status >= 500 ? "Internal server error" : "The request is refused";
    }
}

std::string newRequestId() {
    char id[16];
    g_snprintf(id, sizeof id, "G-%08x", g_random_int());
    return id;
}

std::string requestedHost(SoupServerMessage *message, const std::string &fallback) {
    const char *host = soup_message_headers_get_one(soup_server_message_get_request_headers(message), "Host");
    if (!host || !*host || std::strlen(host) > 255)
        return fallback;
    for (const char *c = host; *c; c++) {
        if (!g_ascii_isalnum(*c) && !std::strchr(".:-_[]", *c))
            return fallback;
    }
    return host;
}

} // namespace lt::emulator
