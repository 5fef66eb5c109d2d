// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <glib-object.h>

/// What a full backlog of audio does: value of the property `backpressure` of every recogniser.
enum GstTranscriptBackpressure {
    GST_TRANSCRIPT_BACKPRESSURE_AUTO,
    GST_TRANSCRIPT_BACKPRESSURE_BLOCK,
    GST_TRANSCRIPT_BACKPRESSURE_DROP_OLDEST
};

namespace lt {

LT_EXPORT GType backpressureType();

} // namespace lt
