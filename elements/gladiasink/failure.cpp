// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/failure.h"

#include "lib/transcript/json_reader.h"

#include <algorithm>
#include <iterator>
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

struct Rule {
    unsigned least, most;
    Remedy remedy;
    Trouble trouble;
    const char *text;
};

constexpr unsigned kAny = ~0u;

constexpr const char *kBadKey = "Gladia refused the API key. Check api-key, api-key-file or the environment "
                                "variable named by api-key-env.";
constexpr const char *kUnpaid =
    "Gladia refused the session: the account behind the API key has to be paid for.";
constexpr const char *kNoService =
    "There is no Gladia Live service at the endpoint. Check the property endpoint.";
constexpr const char *kBadParameters =
    "Gladia refused the parameters of the session. Check languages, model, "
    "endpointing, max-utterance and the audio format.";
constexpr const char *kRedirected = "The endpoint points elsewhere (HTTP redirection), where the API key is "
                                    "not sent. Set endpoint to the final address.";
constexpr const char *kTooMany =
    "Gladia allows no further live session now: too many run on this account, or "
    "too many were asked for. End others, or ask Gladia for more.";
constexpr const char *kInternal =
    "Gladia has an internal problem. If it lasts, see https://status.gladia.io.";
constexpr const char *kSlow = "Gladia did not get the request in time. Check the network.";
constexpr const char *kSessionGone = "Gladia does not know the session any more.";
constexpr const char *kUpgradeRefused = "Gladia refused the WebSocket of the session.";
constexpr const char *kBroken = "The connection to Gladia was lost. Check the network.";

// The first rule that fits holds. One row per sentence of "Which failures mean what" in
// docs/elements/gladiasink.md.

/// POST /v2/live
constexpr Rule kStatusRules[] = {
    {300, 399, Remedy::Stop, Trouble::NotFound, kRedirected},
    {401, 401, Remedy::Stop, Trouble::NotAuthorized, kBadKey},
    {402, 402, Remedy::Stop, Trouble::NotAuthorized, kUnpaid},
    {403, 403, Remedy::Stop, Trouble::NotAuthorized, kBadKey},
    {404, 404, Remedy::Stop, Trouble::NotFound, kNoService},
    {408, 408, Remedy::Retry, Trouble::CannotConnect, kSlow},
    {410, 410, Remedy::Stop, Trouble::NotFound, kNoService},
    {429, 429, Remedy::Retry, Trouble::Refused, kTooMany},
    {400, 499, Remedy::Stop, Trouble::Refused, kBadParameters},
    {0, kAny, Remedy::Retry, Trouble::CannotConnect, kInternal},
};

/// GET …?token=…, Upgrade: websocket
constexpr Rule kUpgradeRules[] = {
    {401, 401, Remedy::NewSession, Trouble::NotAuthorized, kUpgradeRefused},
    {403, 403, Remedy::NewSession, Trouble::NotAuthorized, kUpgradeRefused},
    {404, 404, Remedy::NewSession, Trouble::NotFound, kSessionGone},
    {408, 408, Remedy::Retry, Trouble::CannotConnect, kSlow},
    {410, 410, Remedy::NewSession, Trouble::NotFound, kSessionGone},
    {429, 429, Remedy::Retry, Trouble::Refused, kTooMany},
    {200, 499, Remedy::NewSession, Trouble::Refused, kUpgradeRefused},
    {0, kAny, Remedy::Retry, Trouble::CannotConnect, kInternal},
};

/// The WebSocket's close code; 1005 and 1006 stand for a close without a code and for none at all.
constexpr Rule kCloseRules[] = {
    {1000, 1000, Remedy::NewSession, Trouble::Lost, "Gladia ended the session before the audio had ended."},
    {4400, 4400, Remedy::Stop, Trouble::Refused, kBadParameters},
    {4401, 4401, Remedy::NewSession, Trouble::NotAuthorized, kSessionGone},
    {4403, 4404, Remedy::NewSession, Trouble::NotFound, kSessionGone},
    {4408, 4409, Remedy::Retry, Trouble::Lost, kBroken},
    {4410, 4410, Remedy::NewSession, Trouble::NotFound, kSessionGone},
    {4429, 4429, Remedy::Retry, Trouble::Refused, kTooMany},
    {4402, 4499, Remedy::NewSession, Trouble::Refused, kSessionGone},
    {0, kAny, Remedy::Retry, Trouble::Lost, kBroken}, // 1001, 1005, 1006, 1009, 1011, from 4500 on …
};

template <std::size_t n>
Failure classify(const Rule (&rules)[n], unsigned code) {
    const Rule *rule = std::find_if(std::begin(rules), std::end(rules) - 1,
                                    [&](const Rule &one) { return code >= one.least && code <= one.most; });
    return makeFailure(rule->trouble, rule->remedy, rule->text);
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

Failure makeFailure(Trouble trouble, Remedy remedy, std::string text, std::string debug) {
    Failure failure;
    failure.trouble = trouble;
    failure.remedy = remedy;
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
    Failure failure = classify(kStatusRules, status);
    failure.httpStatus = status;
    failure.debug = "HTTP status " + std::to_string(status);
    if (const std::string words = wordsOf(body); !words.empty())
        failure.debug += ": " + words;
    return failure;
}

Failure failureOfUpgrade(unsigned status, std::string_view detail) {
    Failure failure = classify(kUpgradeRules, status);
    failure.httpStatus = status;
    failure.debug = "Upgrade answered with HTTP status " + std::to_string(status);
    if (!detail.empty())
        failure.debug += ": " + quotable(detail);
    return failure;
}

Failure failureOfClose(unsigned closeCode, std::string_view reason) {
    Failure failure = classify(kCloseRules, closeCode);
    failure.closeCode = closeCode;
    failure.debug = "WebSocket close code " + std::to_string(closeCode);
    if (!reason.empty())
        failure.debug += ", reason \"" + quotable(reason) + "\"";
    return failure;
}

} // namespace lt::gladia
