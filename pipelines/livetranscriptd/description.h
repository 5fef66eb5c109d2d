// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace lt::service {

using Variables = std::map<std::string, std::string, std::less<>>;

struct Expansion {
    std::string text;    ///< what gst_parse_launch() takes
    std::string problem; ///< a sentence; "" when there is none
};

/// The text of a pipeline description with each `${NAME}` replaced. Lines that start with '#' are comments,
/// those with '#:' declare `NAME=DEFAULT` (up to the next white space) for names that the caller does not
/// give. A line `${NAME?` … `}` of its own keeps the lines in between only when NAME has a value: how a
/// description says "only if transcripts are stored". Nothing is expanded twice.
Expansion expandDescription(std::string_view description, const Variables &variables);

} // namespace lt::service
