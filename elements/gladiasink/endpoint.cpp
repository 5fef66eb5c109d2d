// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/endpoint.h"

#include "lib/gst/refs.h"

#include <memory>
#include <string_view>

#include <glib.h>

namespace lt::gladia {

namespace {

struct UriUnref {
    void operator()(GUri *uri) const noexcept { g_uri_unref(uri); }
};
using UriRef = std::unique_ptr<GUri, UriUnref>;

constexpr GUriFlags kFlags = static_cast<GUriFlags>(G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE);

bool isEncrypted(std::string_view scheme) {
    return scheme == "https" || scheme == "wss";
}

bool isOurs(std::string_view scheme) {
    return isEncrypted(scheme) || scheme == "http" || scheme == "ws";
}

bool isThisMachine(std::string_view host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string text(GUri *uri) {
    return CharPtr(g_uri_to_string(uri)).get();
}

} // namespace

std::optional<Endpoint> Endpoint::parse(const std::string &address, const std::string &region,
                                        std::string &error) {
    const UriRef uri(g_uri_parse(address.c_str(), kFlags, nullptr));
    const gchar *host = uri ? g_uri_get_host(uri.get()) : nullptr;
    if (!host || !*host || !isOurs(g_uri_get_scheme(uri.get()))) {
        error = "The endpoint is not an address like https://api.gladia.io.";
        return std::nullopt;
    }
    std::string query;
    if (!region.empty())
        query = "region=" + std::string(CharPtr(g_uri_escape_string(region.c_str(), nullptr, FALSE)).get());
    Endpoint endpoint;
    endpoint.encrypted_ = isEncrypted(g_uri_get_scheme(uri.get()));
    endpoint.exposesKey_ = !endpoint.encrypted_ && !isThisMachine(host);
    const UriRef init(g_uri_build(kFlags, endpoint.encrypted_ ? "https" : "http", nullptr, host,
                                  g_uri_get_port(uri.get()), "/v2/live",
                                  query.empty() ? nullptr : query.c_str(), nullptr));
    endpoint.initUrl_ = text(init.get());
    return endpoint;
}

std::optional<std::string> Endpoint::socketUrl(const std::string &returned, std::string &error) const {
    const UriRef base(g_uri_parse(initUrl_.c_str(), kFlags, nullptr));
    const UriRef uri(g_uri_parse_relative(base.get(), returned.c_str(), kFlags, nullptr));
    const gchar *host = uri ? g_uri_get_host(uri.get()) : nullptr;
    if (!host || !*host || !isOurs(g_uri_get_scheme(uri.get()))) {
        error = "The service returned no usable WebSocket address.";
        return std::nullopt;
    }
    const bool encrypted = isEncrypted(g_uri_get_scheme(uri.get()));
    if (encrypted_ && !encrypted) {
        error = "The service returned an unencrypted WebSocket address.";
        return std::nullopt;
    }
    const UriRef socket(g_uri_build(kFlags, encrypted ? "wss" : "ws", nullptr, host,
                                    g_uri_get_port(uri.get()), g_uri_get_path(uri.get()),
                                    g_uri_get_query(uri.get()), nullptr));
    return text(socket.get());
}

} // namespace lt::gladia
