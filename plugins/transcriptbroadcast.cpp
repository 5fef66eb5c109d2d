// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/gsttranscriptbroadcast.h"
#include "elements/wsheartbeat/gstwsheartbeat.h"

#include "config.h"

static gboolean plugin_init(GstPlugin *plugin) {
    gboolean registered = GST_ELEMENT_REGISTER(transcriptbroadcast, plugin);
    registered |= GST_ELEMENT_REGISTER(wsheartbeat, plugin);
    return registered;
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, transcriptbroadcast,
                  "Live transcripts to WebSocket viewers, and the heartbeat policy of their sockets",
                  plugin_init, PACKAGE_VERSION, PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
