// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/gstsphinxtranscriber.h"

#include "config.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(sphinxtranscriber, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, sphinx, "Offline speech-to-text by PocketSphinx",
                  plugin_init, PACKAGE_VERSION, PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
