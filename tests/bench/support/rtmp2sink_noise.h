// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

namespace lt::bench {

/// rtmp2sink is outspoken about how tersely ffmpeg's server answers releaseStream; nothing is wrong. Once,
/// before any thread starts.
inline void dropRtmp2sinkNoise() {
    const GLogFunc drop = [](const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer) {
        if (!text || !g_strrstr(text, "gst_amf_node_get_type"))
            g_log_default_handler(domain, level, text, nullptr);
    };
    g_log_set_handler(nullptr, G_LOG_LEVEL_CRITICAL, drop, nullptr);
}

} // namespace lt::bench
