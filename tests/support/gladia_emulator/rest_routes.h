// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/session_store.h"

#include <string>
#include <string_view>

#include <libsoup/soup.h>

namespace lt::emulator {

/// GET /v2/live: the list. `base` is "http://host:port" as the client knows it.
void replyList(SoupServerMessage *message, const SessionStore &store, const std::string &base);

/// Everything below /v2/live/; `rest` is the path behind it.
void replyJob(SoupServerMessage *message, SessionStore &store, std::string_view rest);

} // namespace lt::emulator
