// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_GLADIA_SINK (gst_gladia_sink_get_type())
G_DECLARE_FINAL_TYPE(GstGladiaSink, gst_gladia_sink, GST, GLADIA_SINK, GstElement)

GST_ELEMENT_REGISTER_DECLARE(gladiasink);

G_END_DECLS
