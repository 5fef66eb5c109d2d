// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

namespace lt::gladia {

constexpr const char *kDefaultEndpoint = "https://api.gladia.io";

/// Where the service is. Pure.
class Endpoint {
public:
    /// http, https, ws and wss are accepted; a path is dropped, as the official clients do. `region` may be
    /// empty. On failure `error` is a sentence for the user.
    static std::optional<Endpoint> parse(const std::string &address, const std::string &region,
                                         std::string &error);

    /// Address of the request that makes a session.
    const std::string &initUrl() const { return initUrl_; }
    /// The address of the WebSocket as the service returned it, made absolute, with scheme ws or wss. Nothing
    /// when it is no address, or an unencrypted one from an encrypted endpoint.
    std::optional<std::string> socketUrl(const std::string &returned, std::string &error) const;
    /// True when the API key would travel unencrypted beyond this machine.
    bool exposesKey() const { return exposesKey_; }

private:
    std::string initUrl_;
    bool encrypted_ = true;
    bool exposesKey_ = false;
};

} // namespace lt::gladia
