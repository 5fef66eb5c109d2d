// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"
#include "lib/admission/secret.h"
#include "lib/admission/stream_guard.h"
#include "lib/admission/token_check.h"
#include "lib/export.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lt::broadcast {

/// Who may watch, and on what terms: of a port, whoever shares it.
struct AccessSettings {
    SecretSource token;                      ///< a static token that opens everything
    SecretSource jwtKey;                     ///< what JSON Web Tokens are verified with
    std::vector<std::string> allowedOrigins; ///< as browsers write them; empty: any
    PlaceLimits viewers{10000, 0, 0};
    std::chrono::milliseconds handshakeTimeout = std::chrono::seconds(5);

    bool waitForSession = false; ///< a viewer of a session that is not there waits for it
    std::size_t maxWaitingRooms = 1000;
    std::chrono::milliseconds roomIdle = std::chrono::minutes(1);

    std::string certificateFile, keyFile; ///< PEM; empty: no TLS

    std::string metricsAddress = {}; ///< "" with a port: the viewers' address
    std::uint16_t metricsPort = 0;   ///< 0: `/metrics` stands beside the viewers' paths
    bool metricsNeedToken = false;

    bool operator==(const AccessSettings &) const = default;
};

/// A refusal with the HTTP status it is told by.
struct Denial {
    unsigned status;
    Refusal refusal;
};

/// Decides who may enter. Any thread.
class Doorkeeper {
public:
    /// What a client shows at the door.
    struct Visitor {
        std::string_view session;
        std::string_view origin;     ///< "" when it does not say: it is no browser
        std::string_view credential; ///< "" when it has none
    };

    /// Null, and `problem` a sentence, when a secret cannot be read or an origin is none.
    static std::unique_ptr<Doorkeeper> make(const AccessSettings &settings, std::string &problem);

    /// `now` in seconds since 1970.
    std::variant<Permission, Denial> admit(const Visitor &visitor, std::int64_t now) const;
    /// A place for as long as the viewer stays.
    std::variant<StreamPassRef, Denial> seat(const std::string &session, const std::string &address) const;
    /// For what is not of one session, such as metrics.
    std::variant<Permission, Denial> identify(std::string_view credential, std::int64_t now) const;
    const AccessSettings &settings() const { return settings_; }
    bool tokenWanted() const { return tokens_.wanted(); }
    std::size_t seated() const { return guard_->inside(); }

private:
    Doorkeeper(AccessSettings settings, TokenCheck tokens);
    bool takesOrigin(std::string_view origin) const;

    const AccessSettings settings_;
    const TokenCheck tokens_;
    const std::unique_ptr<StreamGuard> guard_;
};

} // namespace lt::broadcast
