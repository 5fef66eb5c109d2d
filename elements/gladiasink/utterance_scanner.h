// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/protocol.h"

#include <optional>
#include <string_view>

namespace lt::gladia {

/// The utterance in a message that is plainly a transcript, read where it lies: each word of one comes again
/// with every partial, and the tree of all of them cost twenty times as much. Nothing when it is anything
/// else, or unusual JSON: then the parser has the word, which says the same wherever this says something.
std::optional<Utterance> scanUtterance(std::string_view text);

} // namespace lt::gladia
