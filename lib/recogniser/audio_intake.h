// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/recogniser/audio_backlog.h"

#include <cstdint>
#include <optional>
#include <string>

#include <gst/gst.h>

namespace lt {

/// Makes blocks with running times of the buffers of the sink pad. Streaming thread.
class LT_EXPORT AudioIntake {
public:
    AudioIntake() { reset(); }

    /// Forgets the stream: after a flush, before a new one.
    void reset();
    /// False when these are no caps of the pad's template.
    bool setCaps(const GstCaps *caps);
    /// False unless it is a TIME segment.
    bool setSegment(const GstSegment *segment);
    bool hasCaps() const { return format_.rate != 0; }

    /// What is within the segment, cut to whole frames. Nothing, and no `error`, when that is nothing;
    /// nothing and an `error` for the user when the stream is broken.
    std::optional<AudioBlock> take(BufferRef buffer, std::uint64_t nowNs, std::string &error);

private:
    bool stamp(BufferRef &buffer, std::string &error);

    AudioFormat format_;
    GstSegment segment_;
    GstClockTime nextPts_ = GST_CLOCK_TIME_NONE; // of a buffer that follows without a gap
};

} // namespace lt
