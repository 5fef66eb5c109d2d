// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/settings.h"

#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// rtmpserver://ADDRESS:PORT/APP/STREAM; each part may be left out from the end, `*` stands for all
/// addresses.
std::string uriOf(const Settings &settings);
/// Changes what the URI names. False, with `error` set and nothing changed, when it is none of these.
bool applyUri(const char *uri, Settings &settings, GError **error);

} // namespace lt::rtmpserversrc
