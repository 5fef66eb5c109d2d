// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_WS_HEARTBEAT (gst_ws_heartbeat_get_type())
G_DECLARE_FINAL_TYPE(GstWsHeartbeat, gst_ws_heartbeat, GST, WS_HEARTBEAT, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(wsheartbeat)

G_END_DECLS
