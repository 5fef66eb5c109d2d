// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/rtmp/message.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lt::rtmp {

/// Where a publisher wants to go. Publishers cut one and the same URL into application and name in different
/// places; both parts are joined and read as one path /app/stream with one query.
struct StreamAddress {
    std::string app;
    std::string stream;
    /// Decoded; what stood in the name comes before what stood in the application. May hold secrets.
    std::vector<std::pair<std::string, std::string>> query;

    /// What names the stream in its server.
    std::string key() const { return app + "/" + stream; }

    /// On failure `error` is a sentence for the publisher, without any of the query.
    static bool parse(std::string_view app, std::string_view name, const Limits &limits,
                      StreamAddress &address, std::string &error);
};

/// 1 to 128 of A-Z a-z 0-9 _ . -, and not "." or "..".
LT_EXPORT bool isStreamName(std::string_view name);

} // namespace lt::rtmp
