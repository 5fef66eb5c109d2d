// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"
#include "lib/transcript/transcript.h"

#include <cstdint>
#include <string>

/// What tells one message of a session from another. Pure.
namespace lt::broadcast {

/// Who a message speaks of, within its session; "" when it does not say.
std::string identityOf(const Transcript &transcript);
/// A short form. Two utterances with the same would only cost one of them a queued partial.
FrameLabel::Key keyOf(const std::string &identity);
/// What a partial is the current one of.
std::uint64_t channelOf(const Transcript &transcript);
/// An utterance's id for want of one.
std::string nameOfNumber(std::uint64_t seq);
/// Names a count of messages: the epoch of a room.
std::string epochFrom(std::uint64_t random);

} // namespace lt::broadcast
