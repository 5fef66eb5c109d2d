// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"
#include "lib/broadcast/access.h"
#include "lib/net/http_request.h"

#include <string_view>

/// The JSON bodies every door answers with. Pure.
namespace lt::broadcast {

inline constexpr const char *kJson = "application/json";

/// `{"error":WORD,"message":sentence}`; 401, 429 and 503 have the headers that belong to them.
net::HttpReply refusalReply(unsigned status, RefusalCode code, std::string_view sentence);
net::HttpReply denialReply(const Denial &denial);
/// `{"status":word}`
net::HttpReply statusReply(unsigned status, std::string_view word);

/// What the client shows: `Authorization: Bearer`, the sub-protocol `livetranscript.token.…`, or `?token=`.
std::string_view credentialOf(const net::HttpRequest &request);
/// Seconds since 1970.
std::int64_t unixSeconds();

} // namespace lt::broadcast
