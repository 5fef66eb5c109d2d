// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_TRANSCRIPT_STORE (gst_transcript_store_get_type())
G_DECLARE_FINAL_TYPE(GstTranscriptStore, gst_transcript_store, GST, TRANSCRIPT_STORE, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE(transcriptstore)

G_END_DECLS
