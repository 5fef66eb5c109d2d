// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_stream.h"
#include "lib/recogniser/transcript_pusher.h"

#include <gst/gst.h>

namespace lt::gladia {

/// The element's `stats`. `stream` is null while there is none: the same fields, all zero.
StructureRef statsStructure(const GladiaStream *stream, const TranscriptPusher &pusher,
                            const TranscriptQueue &output);

} // namespace lt::gladia
