// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/failure.h"

#include "lib/transcript/json_reader.h"

#include <algorithm>
#include <utility>

#include <glib.h>
#include <json-glib/json-glib.h>

namespace lt::gladia {

namespace {

constexpr std::size_t kMaxQuote = 300;

/// The words of Gladia's error body, or what is readable of any other.
std::string wordsOf(std::string_view body) {
    std::string error;
    const json::NodeRef root = json::parseObject(body, error);
    JsonObject *object = json::objectOf(root);
    if (!object)
        return quotable(body);
    std::string words = json::stringMember(object, "message").value_or("");
    JsonArray *details = json::arrayMember(object, "validation_errors");
    for (guint i = 0; details && i < json_array_get_length(details) && words.size() < kMaxQuote; i++) {
        JsonNode *node = json_array_get_element(details, i);
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            words += std::string(words.empty() ? "" : "; ") + json_node_get_string(node);
    }
    if (const auto id = json::stringMember(object, "request_id"))
        words += " (request " + *id + ")";
    return quotable(words);
}

Failure classify(unsigned status) {
    switch (status) {
    case 401:
    case 403:
        return makeFailure(Trouble::NotAuthorized, false,
                           "Gladia refused the API key. Check api-key, api-key-file or the environment "
                           "variable named by api-key-env.");
    case 402:
        return makeFailure(Trouble::NotAuthorized, false,
                           "Gladia refused the session: the account behind the API key has to be paid for.");
    case 404:
    case 410:
        return makeFailure(Trouble::NotFound, false,
                           "There is no Gladia Live service at the endpoint. Check the property endpoint.");
    case 408:
        return makeFailure(Trouble::CannotConnect, true, "Gladia did not get the request in time.");
    case 429:
        return makeFailure(Trouble::Refused, true,
                           "Gladia allows no further live session now: too many run on this account, or too "
                           "many were asked for.");
    default:
        break;
    }
    if (status >= 500)
        return makeFailure(Trouble::CannotConnect, true, "Gladia has an internal problem.");
    if (status >= 300 && status < 400)
        return makeFailure(Trouble::NotFound, false,
                           "The endpoint points elsewhere (HTTP redirection), where the API key is not sent. "
                           "Set endpoint to the final address.");
    return makeFailure(Trouble::Refused, false,
                       "Gladia refused the parameters of the session. Check languages, model, endpointing, "
                       "max-utterance and the audio format.");
}

} // namespace

std::string quotable(std::string_view text) {
    gchar *valid = g_utf8_make_valid(text.data(), static_cast<gssize>(std::min(text.size(), kMaxQuote)));
    std::string line(valid);
    g_free(valid);
    for (char &c : line)
        if (g_ascii_iscntrl(c))
            c = ' ';
    return line;
}

Failure makeFailure(Trouble trouble, bool transient, std::string text, std::string debug) {
    Failure failure;
    failure.trouble = trouble;
    failure.transient = transient;
    failure.text = std::move(text);
    failure.debug = std::move(debug);
    return failure;
}

std::string redacted(std::string text, std::string_view secret) {
    constexpr std::string_view kInstead = "[secret]";
    if (secret.empty())
        return text;
    for (std::size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kInstead.size()))
        text.replace(at, secret.size(), kInstead);
    return text;
}

Failure failureOfStatus(unsigned status, std::string_view body) {
    Failure failure = classify(status);
    failure.httpStatus = status;
    failure.debug = "HTTP status " + std::to_string(status);
    if (const std::string words = wordsOf(body); !words.empty())
        failure.debug += ": " + words;
    return failure;
}

Failure failureOfClose(unsigned closeCode, std::string_view reason) {
    Failure failure;
    failure.trouble = Trouble::Lost;
    failure.closeCode = closeCode;
    failure.transient = closeCode != 1000 && (closeCode < 4400 || closeCode > 4499);
    failure.text = closeCode == 1000
                       ? "Gladia ended the session before the audio had ended."
                       : "The connection to Gladia was lost (code " + std::to_string(closeCode) + ").";
    failure.debug = "WebSocket close code " + std::to_string(closeCode);
    if (!reason.empty())
        failure.debug += ", reason \"" + quotable(reason) + "\"";
    return failure;
}

} // namespace lt::gladia
