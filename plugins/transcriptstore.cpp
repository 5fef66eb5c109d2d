// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/gsttranscriptstore.h"

#include "config.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(transcriptstore, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, transcriptstore, "Transcripts to a database",
                  plugin_init, PACKAGE_VERSION, PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
