// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/livetranscript/gsttranscript.h"
#include "lib/recogniser/audio_backlog.h"

#include <string>

#include <gst/gst.h>

namespace lt {

/// What every recogniser element puts on the bus, as element messages `<element>/…` that carry the session,
/// and as warnings. The element outlives this. Any thread, no locks held.
class LT_EXPORT RecogniserMessages {
public:
    /// `prefix`: the element's name, as in gst-launch.
    RecogniserMessages(GstElement *element, std::string prefix, std::string session);

    /// <element>/transcript (transcript, json)
    void postTranscript(GstTranscript *transcript) const;
    /// <element>/gap (start, end, reason): this audio will not be heard.
    void postGap(const LostRange &range, const std::string &reason) const;
    /// Text mode: finals came later than latency-ms and lateness-ms allow. A warning.
    void postLate(guint64 lateFinals, guint64 maxDelayMs) const;

private:
    GstStructure *named(const char *what) const;
    void post(GstStructure *structure) const;

    GstElement *const element_;
    const std::string prefix_;
    const std::string session_;
};

} // namespace lt
