// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/protocol.h"

#include <optional>
#include <string_view>

namespace lt::gladia {

/// The acknowledgement in a message that is plainly one, read where it lies: twenty of these come a second,
/// and building a tree of each took longer than sending the chunk. Nothing when it is anything else, or JSON
/// of any unusual kind: then the parser has the word, which says the same wherever this says something.
std::optional<AudioAck> scanAudioAck(std::string_view text);

} // namespace lt::gladia
