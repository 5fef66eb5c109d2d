// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

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

/// A message as all forms but the split ones get it; of kinds other than transcript, version 2 alone.
/// `utteranceId` stands for the transcript's own when that is empty: clients use it as a key.
std::string viewerMessage(const Transcript &transcript, std::string_view utteranceId, const Stamp &stamp);
/// The same message for a split form, which differs in the type of transcripts only.
std::string splitMessage(std::string_view message, bool isFinal);

} // namespace lt::broadcast
