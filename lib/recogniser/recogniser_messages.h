// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/livetranscript/gsttranscript.h"
#include "lib/recogniser/audio_backlog.h"

#include <string>

#include <gst/gst.h>

namespace lt {

/// What every recogniser element puts on the bus, as element messages `<element>/…` that carry the session,
/// and as warnings. Holds its element weakly, so that it may be called by whoever is still busy when the
/// element goes. Any thread, no locks held.
class LT_EXPORT RecogniserMessages {
public:
    /// `category`: the element's, named as in gst-launch.
    RecogniserMessages(GstElement *element, GstDebugCategory *category, std::string session);
    ~RecogniserMessages();
    RecogniserMessages(const RecogniserMessages &) = delete;
    RecogniserMessages &operator=(const RecogniserMessages &) = delete;

    /// <element>/transcript (transcript, json)
    void postTranscript(GstTranscript *transcript) const;
    /// <element>/gap (start, end, reason): this audio will not be heard.
    void postGap(const LostRange &range, const std::string &reason) const;
    /// Text mode: finals came later than latency-ms and lateness-ms allow. A warning.
    void postLate(guint64 lateFinals, guint64 maxDelayMs) const;

protected:
    using ElementRef = ObjectRef<GstElement>;

    /// Null once the element is gone.
    ElementRef element() const;
    const std::string &session() const { return session_; }
    /// Posts <element>/`what` with the session and `fields`, which are as for gst_structure_set() without its
    /// NULL.
    template <typename... Fields>
    void send(GstElement *element, const char *what, Fields... fields) const {
        StructureRef message = named(what);
        gst_structure_set(message.get(), fields..., nullptr);
        post(element, std::move(message));
    }

private:
    StructureRef named(const char *what) const;
    static void post(GstElement *element, StructureRef message);

    mutable GWeakRef element_; // reading takes its lock
    GstDebugCategory *const category_;
    const std::string session_;
};

} // namespace lt
