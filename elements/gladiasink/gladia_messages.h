// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_session.h"
#include "lib/livetranscript/gsttranscript.h"

#include <memory>
#include <string>

#include <gst/gst.h>

namespace lt::gladia {

/// Puts what happens on the bus: element messages `gladiasink/…`, warnings, errors. Holds its element weakly,
/// so that it may be called by whoever is still busy when the element goes. Any thread, no locks held.
class GladiaMessages {
public:
    GladiaMessages(GstElement *element, std::string session);
    ~GladiaMessages();
    GladiaMessages(const GladiaMessages &) = delete;
    GladiaMessages &operator=(const GladiaMessages &) = delete;

    void post(const Notice &notice);
    void post(const Failure &failure);
    void post(GstTranscript *transcript);
    /// Text mode: finals came later than latency-ms and lateness-ms allow.
    void postLate(guint64 lateFinals, guint64 maxDelayMs);

private:
    GWeakRef element_;
    const std::string session_;
};

} // namespace lt::gladia
