// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/stream_address.h"

namespace lt::rtmp {

namespace {

constexpr std::size_t kMaxNameLength = 128;
constexpr std::size_t kMaxQueryItems = 32;
constexpr const char *kForm = "publish to rtmp://host:port/app/stream";

int hexDigit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// What is no valid escape stays as it is: a publisher may have decoded already.
std::string percentDecoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 &&
            hexDigit(text[i + 2]) >= 0) {
            decoded.push_back(static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2])));
            i += 2;
        } else {
            decoded.push_back(text[i]);
        }
    }
    return decoded;
}

/// Splits `text` at the first `mark`; `after` is empty when there is none.
std::string_view cutAt(std::string_view text, char mark, std::string_view &after) {
    const auto at = text.find(mark);
    after = at == text.npos ? std::string_view() : text.substr(at + 1);
    return text.substr(0, at);
}

void appendSegments(std::string_view path, std::vector<std::string> &segments) {
    while (!path.empty()) {
        std::string_view rest;
        const auto segment = cutAt(path, '/', rest);
        if (!segment.empty())
            segments.push_back(percentDecoded(segment));
        path = rest;
    }
}

void appendQuery(std::string_view text, std::vector<std::pair<std::string, std::string>> &query) {
    while (!text.empty() && query.size() < kMaxQueryItems) {
        std::string_view rest, value;
        const auto item = cutAt(text, '&', rest);
        const auto name = cutAt(item, '=', value);
        if (!name.empty())
            query.emplace_back(percentDecoded(name), percentDecoded(value));
        text = rest;
    }
}

} // namespace

bool isStreamName(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameLength || name == "." || name == "..")
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    });
}

bool StreamAddress::parse(std::string_view app, std::string_view name, const Limits &limits,
                          StreamAddress &address, std::string &error) {
    if (app.size() > limits.appLength || name.size() > limits.nameLength) {
        error = "The address is too long.";
        return false;
    }
    // Options of librtmp ("slug live=1") that its user left in the URL.
    std::string_view options;
    name = cutAt(name, ' ', options);
    std::string_view appQuery, nameQuery;
    std::vector<std::string> segments;
    appendSegments(cutAt(app, '?', appQuery), segments);
    appendSegments(cutAt(name, '?', nameQuery), segments);
    if (segments.size() < 2) {
        error = std::string("The stream name is missing: ") + kForm + ".";
        return false;
    }
    if (segments.size() > 2) {
        error = std::string("The address has too many parts: ") + kForm + ".";
        return false;
    }
    for (const auto &segment : segments) {
        if (!isStreamName(segment)) {
            error = "The address is not allowed: application and stream are 1 to 128 letters, digits, "
                    "'_', '.' or '-'.";
            return false;
        }
    }
    address.app = std::move(segments[0]);
    address.stream = std::move(segments[1]);
    address.query.clear();
    appendQuery(nameQuery, address.query);
    appendQuery(appQuery, address.query);
    return true;
}

} // namespace lt::rtmp
