// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/gstrtmpserversrc.h"

#include "config.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(rtmpserversrc, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, rtmpserver, "RTMP server", plugin_init,
                  PACKAGE_VERSION, PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
