// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/token_check.h"

#include "lib/admission/secret.h"
#include "lib/transcript/transcript.h"

#include "config.h"

#include <utility>

#if HAVE_JWT
#include <memory>

#include <jwt.h>
#endif

namespace lt {

namespace {

constexpr std::size_t kMaxCredential = 8 * 1024;

Refusal unauthenticated(const char *sentence) {
    return {RefusalCode::Unauthenticated, sentence};
}

} // namespace

TokenCheck::TokenCheck(std::string staticToken, std::string jwtKey)
    : token_(std::move(staticToken)), jwtKey_(std::move(jwtKey)) {}

std::variant<Permission, Refusal> TokenCheck::check(std::string_view credential, std::int64_t now) const {
    if (!wanted())
        return Permission{};
    if (credential.empty())
        return unauthenticated("A token is needed: Authorization: Bearer TOKEN, the sub-protocol "
                               "livetranscript.token.TOKEN, or ?token=TOKEN.");
    if (credential.size() > kMaxCredential)
        return unauthenticated("The token is too long.");
    if (!token_.empty() && equalInConstantTime(credential, token_))
        return Permission{};
    if (jwtKey_.empty())
        return unauthenticated("The token is not valid.");
    return checkJwt(std::string(credential), now);
}

#if HAVE_JWT

namespace {

struct JwtFree {
    void operator()(jwt_t *jwt) const noexcept { jwt_free(jwt); }
};
using JwtRef = std::unique_ptr<jwt_t, JwtFree>;

/// A shared secret must not be taken for a public key, nor the other way round.
bool fits(jwt_alg_t algorithm, bool publicKey) {
    switch (algorithm) {
    case JWT_ALG_HS256:
    case JWT_ALG_HS384:
    case JWT_ALG_HS512:
        return !publicKey;
    case JWT_ALG_RS256:
    case JWT_ALG_RS384:
    case JWT_ALG_RS512:
    case JWT_ALG_ES256:
    case JWT_ALG_ES384:
    case JWT_ALG_ES512:
        return publicKey;
    default:
        return false;
    }
}

std::string textClaim(jwt_t *jwt, const char *name) {
    const char *value = jwt_get_grant(jwt, name);
    return value ? value : "";
}

std::variant<Permission, Refusal> permissionOf(jwt_t *jwt, std::int64_t now) {
    Permission permission;
    permission.expiresAt = jwt_get_grant_int(jwt, "exp"); // 0 when absent or no whole number
    permission.session = textClaim(jwt, "session");
    permission.subject = textClaim(jwt, "sub");
    const std::string role = textClaim(jwt, "role");
    permission.mayCoordinate = role == "coordinator";
    permission.mayPublish = role == "publisher";
    if (*permission.expiresAt <= 0)
        return unauthenticated("The token does not say when it expires: the claim exp is needed.");
    if (*permission.expiresAt <= now)
        return unauthenticated("The token has expired.");
    if (jwt_get_grant_int(jwt, "nbf") > now)
        return unauthenticated("The token is not valid yet.");
    if (permission.session != "*" && !isSessionSlug(permission.session))
        return unauthenticated("The token names no session: the claim session is needed.");
    if (!role.empty() && role != "viewer" && !permission.mayCoordinate && !permission.mayPublish)
        return unauthenticated("The token's role is neither viewer, coordinator nor publisher.");
    return permission;
}

} // namespace

bool TokenCheck::knowsJwt() {
    return true;
}

std::variant<Permission, Refusal> TokenCheck::checkJwt(const std::string &credential,
                                                       std::int64_t now) const {
    const bool publicKey = jwtKey_.find("-----BEGIN") != jwtKey_.npos;
    jwt_t *raw = nullptr;
    if (jwt_decode(&raw, credential.c_str(), reinterpret_cast<const unsigned char *>(jwtKey_.data()),
                   static_cast<int>(jwtKey_.size())) != 0)
        return unauthenticated("The token is not valid.");
    const JwtRef jwt(raw);
    // Whoever knows a public key could sign with its text as the shared secret: decode() believes the header.
    if (!fits(jwt_get_alg(jwt.get()), publicKey))
        return unauthenticated("The token is not valid.");
    return permissionOf(jwt.get(), now);
}

#else

bool TokenCheck::knowsJwt() {
    return false;
}

std::variant<Permission, Refusal> TokenCheck::checkJwt(const std::string &, std::int64_t) const {
    return unauthenticated("The token is not valid.");
}

#endif

} // namespace lt
