// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/access.h"

#include <algorithm>
#include <utility>

#include <glib.h>

namespace lt::broadcast {

namespace {

constexpr unsigned kForbidden = 403, kTooMany = 429, kUnavailable = 503;

bool isOrigin(const std::string &text) {
    const auto scheme = text.find("://");
    return scheme != text.npos && scheme > 0 && text.size() > scheme + 3 &&
           text.find('/', scheme + 3) == text.npos;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
    return a.size() == b.size() && g_ascii_strncasecmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace

std::unique_ptr<Doorkeeper> Doorkeeper::make(const AccessSettings &settings, std::string &problem) {
    std::string token, key;
    if (settings.token.set()) {
        const auto read = readSecret(settings.token, "viewers' token", problem);
        if (!read)
            return nullptr;
        token = *read;
    }
    if (settings.jwtKey.set()) {
        const auto read = readSecret(settings.jwtKey, "key of the viewers' web tokens", problem);
        if (!read)
            return nullptr;
        key = *read;
        if (!TokenCheck::knowsJwt()) {
            problem = "This build knows no JSON Web Tokens: it was made without libjwt.";
            return nullptr;
        }
    }
    for (const std::string &origin : settings.allowedOrigins)
        if (!isOrigin(origin)) {
            problem = "\"" + origin +
                      "\" is not an origin: write it as https://example.org or "
                      "http://localhost:8080, without a path.";
            return nullptr;
        }
    return std::unique_ptr<Doorkeeper>(
        new Doorkeeper(settings, TokenCheck(std::move(token), std::move(key))));
}

Doorkeeper::Doorkeeper(AccessSettings settings, TokenCheck tokens)
    : settings_(std::move(settings)),
      tokens_(std::move(tokens)),
      guard_(std::make_unique<StreamGuard>(settings_.viewers, "viewers")) {}

bool Doorkeeper::takesOrigin(std::string_view origin) const {
    const auto &allowed = settings_.allowedOrigins;
    return origin.empty() || allowed.empty() ||
           std::any_of(allowed.begin(), allowed.end(),
                       [origin](const std::string &one) { return equalIgnoringCase(one, origin); });
}

std::variant<Permission, Denial> Doorkeeper::admit(const Visitor &visitor, std::int64_t now) const {
    if (!takesOrigin(visitor.origin))
        return Denial{kForbidden,
                      {RefusalCode::Unauthenticated, "Pages of this origin may not watch: allowed-origins."}};
    auto result = identify(visitor.credential, now);
    const auto *permission = std::get_if<Permission>(&result);
    if (permission && !permission->allows(visitor.session))
        return Denial{kForbidden, {RefusalCode::Unauthenticated, "The token is for another session."}};
    return result;
}

std::variant<Permission, Denial> Doorkeeper::identify(std::string_view credential, std::int64_t now) const {
    auto result = tokens_.check(credential, now);
    if (auto *refusal = std::get_if<Refusal>(&result))
        return Denial{refusalHttpStatus(refusal->code), std::move(*refusal)};
    return std::get<Permission>(std::move(result));
}

std::variant<StreamPassRef, Denial> Doorkeeper::seat(const std::string &session,
                                                     const std::string &address) const {
    auto result = guard_->admitStream(session, address);
    if (auto *pass = std::get_if<StreamPassRef>(&result))
        return std::move(*pass);
    auto &denied = std::get<StreamGuard::Denied>(result);
    const bool tooMany = denied.why == StreamGuard::Why::Address;
    return Denial{tooMany ? kTooMany : kUnavailable, std::move(denied.refusal)};
}

} // namespace lt::broadcast
