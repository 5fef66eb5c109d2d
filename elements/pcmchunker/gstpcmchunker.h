// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_PCM_CHUNKER (gst_pcm_chunker_get_type())
G_DECLARE_FINAL_TYPE(GstPcmChunker, gst_pcm_chunker, GST, PCM_CHUNKER, GstElement)

GST_ELEMENT_REGISTER_DECLARE(pcmchunker)

G_END_DECLS
