// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gstgladiasink.h"

#include "config.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(gladiasink, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, gladia, "Live speech-to-text by Gladia", plugin_init,
                  PACKAGE_VERSION, PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
