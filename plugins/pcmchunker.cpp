// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/gstpcmchunker.h"

#include "config.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(pcmchunker, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, pcmchunker,
                  "Cuts PCM into chunks for streaming speech recognition", plugin_init, PACKAGE_VERSION,
                  PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
