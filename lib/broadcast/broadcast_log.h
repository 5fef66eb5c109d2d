// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace lt::broadcast {

/// "broadcast": INFO for the life of viewers, WARNING for those that are slow.
GstDebugCategory *broadcastLog();

} // namespace lt::broadcast

#define GST_CAT_DEFAULT (lt::broadcast::broadcastLog())
