// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/server_uri.h"

#include "lib/gst/refs.h"
#include "lib/rtmp/stream_address.h"

#include <vector>

namespace lt::rtmpserversrc {

namespace {

constexpr const char *kScheme = "rtmpserver";

bool fail(GError **error, const char *uri) {
    g_set_error(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
                "\"%s\" is not understood: it must be rtmpserver://ADDRESS:PORT/APP/STREAM.", uri);
    return false;
}

} // namespace

std::string uriOf(const Settings &settings) {
    const bool v6 = settings.address.find(':') != std::string::npos;
    std::string uri = std::string(kScheme) + "://" + (v6 ? "[" : "") + settings.address + (v6 ? "]" : "") +
                      ":" + std::to_string(settings.port) + "/" + settings.app;
    if (!settings.stream.empty())
        uri += "/" + settings.stream;
    return uri;
}

bool applyUri(const char *text, Settings &settings, GError **error) {
    const MiniRef<GstUri> uri(gst_uri_from_string(text));
    const CharPtr query(uri ? gst_uri_get_query_string(uri.get()) : nullptr);
    if (!uri || g_strcmp0(gst_uri_get_scheme(uri.get()), kScheme) != 0 || gst_uri_get_userinfo(uri.get()) ||
        query || gst_uri_get_fragment(uri.get()))
        return fail(error, text);
    Settings changed = settings;
    if (const char *host = gst_uri_get_host(uri.get()); host && *host)
        changed.address = g_strcmp0(host, "*") == 0 ? "::" : host;
    if (const guint port = gst_uri_get_port(uri.get()); port != GST_URI_NO_PORT)
        changed.port = port;
    std::vector<std::string> names;
    GList *segments = gst_uri_get_path_segments(uri.get());
    for (GList *segment = segments; segment; segment = segment->next) {
        const char *name = static_cast<const char *>(segment->data);
        if (name && *name)
            names.emplace_back(name);
    }
    g_list_free_full(segments, g_free);
    bool good = names.size() <= 2 && changed.port <= G_MAXUINT16;
    for (const auto &name : names)
        good = good && rtmp::isStreamName(name);
    if (!good)
        return fail(error, text);
    if (!names.empty())
        changed.app = names[0];
    if (names.size() == 2)
        changed.stream = names[1];
    settings = changed;
    return true;
}

} // namespace lt::rtmpserversrc
