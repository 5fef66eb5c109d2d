// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/viewer_profile.h"
#include "lib/transcript/transcript.h"

#include <cstdint>
#include <string>
#include <string_view>

/// The JSON that viewers get. Pure.
namespace lt::broadcast {

/// What the broadcaster adds to a message.
struct Stamp {
    std::string_view session;
    std::uint64_t seq;
    std::int64_t unixMs; ///< wall clock, ms since 1970
};

/// True when viewers of `form` are told of messages of this kind.
bool isFor(ViewerForm form, const Transcript &transcript);

/// `utteranceId` stands for the transcript's own when that is empty: clients use it as a key.
std::string viewerMessage(ViewerForm form, const Transcript &transcript, std::string_view utteranceId,
                          const Stamp &stamp);

} // namespace lt::broadcast
