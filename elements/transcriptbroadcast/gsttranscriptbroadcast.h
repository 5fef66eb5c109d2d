// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_TRANSCRIPT_BROADCAST (gst_transcript_broadcast_get_type())
G_DECLARE_FINAL_TYPE(GstTranscriptBroadcast, gst_transcript_broadcast, GST, TRANSCRIPT_BROADCAST, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE(transcriptbroadcast)

G_END_DECLS
