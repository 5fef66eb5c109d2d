// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace lt::rtmp {

/// "rtmpserver": INFO for the life of a publisher, WARNING for each one turned away or lost.
GstDebugCategory *serverLog();

} // namespace lt::rtmp

#define GST_CAT_DEFAULT (lt::rtmp::serverLog())
