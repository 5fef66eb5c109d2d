// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace lt {

/// What a credential allows.
struct Permission {
    std::string session = "*"; ///< a slug, or "*" for every one
    std::string subject;       ///< who it was given to; "" when it does not say
    bool mayCoordinate = true;
    bool mayPublish = true;
    std::optional<std::int64_t> expiresAt; ///< seconds since 1970

    bool allows(std::string_view name) const { return session == "*" || session == name; }
};

/// Checks a static token, a JSON Web Token, or either. Immutable; any thread.
///
/// A JWT needs the claims `session` (a slug or "*") and `exp`; `role` is "viewer" (without it too),
/// "coordinator" or "publisher", `sub` names the bearer, `nbf` is honoured. A PEM public key takes RS256-512
/// and ES256-512; anything else is a shared secret for HS256-512. The token's own word on its algorithm is
/// never trusted beyond that.
class TokenCheck {
public:
    /// Both empty: no credential is wanted.
    TokenCheck(std::string staticToken, std::string jwtKey);

    /// False: everybody may enter.
    bool wanted() const { return !token_.empty() || !jwtKey_.empty(); }
    /// `credential` is "" when the peer has none; `now` in seconds since 1970.
    std::variant<Permission, Refusal> check(std::string_view credential, std::int64_t now) const;

    /// Whether this build knows JSON Web Tokens.
    static bool knowsJwt();

private:
    std::variant<Permission, Refusal> checkJwt(const std::string &credential, std::int64_t now) const;

    const std::string token_, jwtKey_;
};

} // namespace lt
