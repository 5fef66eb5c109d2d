// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <gst/gst.h>

namespace lt {

/// True when audio that is not taken now is lost anyway: the LATENCY query says live, and no source upstream
/// of `sinkPad` is one that could wait (a file behind clocksync answers live too). Queries upstream: no
/// locks.
LT_EXPORT bool upstreamIsLive(GstPad *sinkPad);

} // namespace lt
