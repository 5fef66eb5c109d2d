// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_session.h"
#include "lib/recogniser/recogniser_messages.h"

#include <string>

#include <gst/gst.h>

namespace lt::gladia {

/// What happens to a session, put on the bus: element messages `gladiasink/…`, warnings, errors. Any thread,
/// no locks held.
class GladiaMessages final : public RecogniserMessages {
public:
    GladiaMessages(GstElement *element, std::string session);

    void post(const Notice &notice) const;
    void post(const Failure &failure) const;

private:
    class Poster;
};

} // namespace lt::gladia
