// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/messages.h"

#include <string>

namespace lt::emulator {

/// What a callback carries: {"id", "event": "live.<type>", "payload": the message}.
std::string callbackBody(const std::string &sessionId, const Message &message);
/// What a webhook of the account carries about a lifecycle message: of the payload the session's id alone.
std::string webhookBody(const std::string &sessionId, const Message &message);

} // namespace lt::emulator
