// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/livetranscript/gstheartbeatevent.h"

static constexpr const char *kStructureName = "livetranscript/heartbeat";

GstEvent *gst_event_new_livetranscript_heartbeat(const gchar *source_id, guint interval_ms,
                                                 guint max_missed) {
    g_return_val_if_fail(source_id != nullptr, nullptr);
    return gst_event_new_custom(GST_EVENT_CUSTOM_BOTH_OOB,
                                gst_structure_new(kStructureName, "source-id", G_TYPE_STRING, source_id,
                                                  "interval-ms", G_TYPE_UINT, interval_ms, "max-missed",
                                                  G_TYPE_UINT, max_missed, nullptr));
}

gboolean gst_event_parse_livetranscript_heartbeat(GstEvent *event, const gchar **source_id,
                                                  guint *interval_ms, guint *max_missed) {
    g_return_val_if_fail(GST_IS_EVENT(event), FALSE);
    if (!gst_event_has_name(event, kStructureName))
        return FALSE;
    const GstStructure *structure = gst_event_get_structure(event);
    const gchar *source = gst_structure_get_string(structure, "source-id");
    guint interval, missed;
    if (!source || !gst_structure_get_uint(structure, "interval-ms", &interval) ||
        !gst_structure_get_uint(structure, "max-missed", &missed))
        return FALSE;
    if (source_id)
        *source_id = source;
    if (interval_ms)
        *interval_ms = interval;
    if (max_missed)
        *max_missed = missed;
    return TRUE;
}
