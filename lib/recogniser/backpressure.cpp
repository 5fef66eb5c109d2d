// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/backpressure.h"

#include <gst/gst.h>

namespace lt {

GType backpressureType() {
    static const GEnumValue values[] = {
        {GST_TRANSCRIPT_BACKPRESSURE_AUTO, "Drop when live, else block", "auto"},
        {GST_TRANSCRIPT_BACKPRESSURE_BLOCK, "Wait for room, and let upstream wait", "block"},
        {GST_TRANSCRIPT_BACKPRESSURE_DROP_OLDEST, "Drop the oldest audio and announce the gap",
         "drop-oldest"},
        {0, nullptr, nullptr},
    };
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        const GType type = g_enum_register_static("GstTranscriptBackpressure", values);
        gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
        g_once_init_leave(&once, type);
    }
    return once;
}

} // namespace lt
