// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/loopback_server.h"

#include <mutex>
#include <string>
#include <vector>

namespace lt::support {

/// An HTTP proxy as firms have it between their machines and the world: on 127.0.0.1, by CONNECT only.
/// Connects to addresses, not to names.
class HttpProxy {
public:
    HttpProxy();

    /// "http://127.0.0.1:PORT", for `http_proxy` and `https_proxy`.
    std::string url() const;
    /// From now on connections are refused with this status line, such as "407 Proxy Authentication
    /// Required"; "" lets them through again. Any thread, as those below.
    void refuseWith(const std::string &status);
    /// "ADDRESS:PORT" of all that was asked for, in order.
    std::vector<std::string> asked() const;
    /// How many of them were let through.
    std::size_t passed() const;

private:
    void serve(GSocketConnection *client, GCancellable *over);
    bool admits(const std::string &target, std::string &answer);

    mutable std::mutex mutex_; // guards the three below
    std::string refusal_;
    std::vector<std::string> asked_;
    std::size_t passed_ = 0;
    LoopbackServer server_; // first to go
};

/// What GIO's connections do as long as this lives: go through the proxy, whatever the environment was. Not
/// while anything connects. supported(): this machine's GIO takes proxies from the environment.
class ProxyEnvironment {
public:
    explicit ProxyEnvironment(const std::string &proxyUrl);
    ~ProxyEnvironment();
    ProxyEnvironment(const ProxyEnvironment &) = delete;
    ProxyEnvironment &operator=(const ProxyEnvironment &) = delete;

    bool supported() const;

private:
    const std::string proxyUrl_;
    std::vector<std::pair<std::string, std::string>> before_; // what was set
};

} // namespace lt::support
