// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"

#include <string>
#include <vector>

#include <libsoup/soup.h>

namespace lt::emulator {

void replyJson(SoupServerMessage *message, int status, const std::string &json);

/// The error body that all routes share. `validationErrors` is left out when empty.
void replyError(SoupServerMessage *message, int status, const std::string &text,
                const std::vector<std::string> &validationErrors = {});

/// The request's body; empty when there is none.
std::string bodyOf(SoupServerMessage *message);

/// What the service says beside `status`, for refusals that have no reason of their own.
std::string usualMessage(int status);

/// "G-1a2b3c4d"
std::string newRequestId();

/// The authority the client wrote into its Host header, or `fallback` when that is missing or odd.
std::string requestedHost(SoupServerMessage *message, const std::string &fallback);

} // namespace lt::emulator
