// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// Bodies of the commands a server sends to a publisher.
namespace lt::rtmp::replies {

using Body = std::vector<std::uint8_t>;

Body connected(double transaction);
/// `_result` without content.
Body done(double transaction);
Body streamCreated(double transaction, std::uint32_t messageStream);
/// `_error` for a call.
Body failed(double transaction, std::string_view code, std::string_view description);
/// `onStatus`; level is "status" or "error".
Body status(std::string_view level, std::string_view code, std::string_view description);
/// What some old encoders wait for after FCPublish; all others ignore it.
Body fcPublish();

} // namespace lt::rtmp::replies
