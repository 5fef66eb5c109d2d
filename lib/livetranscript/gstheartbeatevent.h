/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livetranscript-prelude.h"

G_BEGIN_DECLS

/**
 * gst_event_new_livetranscript_heartbeat:
 * @source_id: who sets this policy; a later event with the same id replaces the earlier one
 * @interval_ms: how often a WebSocket owner pings its peers, ms; 0 withdraws the source's policy
 * @max_missed: how many silent intervals a peer may have
 *
 * An out-of-band event that travels in the direction it is sent, up- or downstream. It states a policy and is
 * never counted: a peer that was silent for longer than @interval_ms × @max_missed is closed with code 1008
 * and reason "Heartbeat timeout". Of several sources the smallest deadline holds.
 *
 * Returns: (transfer full): the event
 */
GST_LIVETRANSCRIPT_API GstEvent *gst_event_new_livetranscript_heartbeat(const gchar *source_id,
                                                                        guint interval_ms, guint max_missed);

/**
 * gst_event_parse_livetranscript_heartbeat:
 * @event: any event
 * @source_id: (out) (optional) (transfer none): valid as long as @event
 * @interval_ms: (out) (optional)
 * @max_missed: (out) (optional)
 *
 * Returns: TRUE if @event is a well-formed heartbeat event
 */
GST_LIVETRANSCRIPT_API gboolean gst_event_parse_livetranscript_heartbeat(GstEvent *event,
                                                                         const gchar **source_id,
                                                                         guint *interval_ms,
                                                                         guint *max_missed);

G_END_DECLS
