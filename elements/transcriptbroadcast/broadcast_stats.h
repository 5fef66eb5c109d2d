// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/room_counts.h"

#include <gst/gst.h>

/// What the property "stats" says; the caller owns it.
GstStructure *broadcastStats(const lt::broadcast::RoomCounts &counts, guint64 malformed);
