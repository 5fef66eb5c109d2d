// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lt::service {

using LogFields = std::vector<std::pair<std::string_view, std::string>>;

/// `2026-01-31T12:00:00.123Z event=starting session=monday detail="…"`: names and values, empty ones left
/// out, values quoted where they hold anything but plain characters.
std::string formatLogLine(std::string_view time, std::string_view event, const LogFields &fields);
/// The same to standard error, as one write. Any thread.
void logLine(std::string_view event, const LogFields &fields);

} // namespace lt::service
