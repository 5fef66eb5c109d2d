// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <string>
#include <string_view>

namespace lt {

/// Why somebody is turned away: the same four words at every door (RTMP, WebSocket, HTTP).
enum class RefusalCode {
    ResourceExhausted, ///< a limit is reached or the name is taken: may succeed later
    Unauthenticated,   ///< no or a wrong credential
    InvalidArgument,   ///< the request itself is wrong: repeating it is useless
    Unavailable,       ///< shutting down, or nobody is there to take it
};

/// The word as it stands in messages and logs, e.g. "RESOURCE_EXHAUSTED".
LT_EXPORT std::string_view refusalWord(RefusalCode code);
/// The HTTP status a door that speaks HTTP answers with.
LT_EXPORT unsigned refusalHttpStatus(RefusalCode code);

/// A refusal as it is told to the peer. `reason` is one sentence a person can act on, without secrets.
struct Refusal {
    RefusalCode code;
    std::string reason;
};

} // namespace lt
