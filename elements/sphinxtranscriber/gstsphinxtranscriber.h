// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_SPHINX_TRANSCRIBER (gst_sphinx_transcriber_get_type())
G_DECLARE_FINAL_TYPE(GstSphinxTranscriber, gst_sphinx_transcriber, GST, SPHINX_TRANSCRIBER, GstElement)

GST_ELEMENT_REGISTER_DECLARE(sphinxtranscriber)

G_END_DECLS
