// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/database_location.h"

#include "lib/gst/refs.h"

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <vector>

#include <glib.h>

namespace lt::store {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kKeyLength = 16;

struct Span {
    std::size_t from, length;
};

/// Where a URI has passwords: between ':' and '@', and in parameters whose name ends with "password".
std::vector<Span> passwordsIn(std::string_view text) {
    std::vector<Span> found;
    const auto scheme = text.find("://");
    if (scheme == text.npos)
        return found;
    const auto start = scheme + 3;
    auto query = text.find('?', start);
    // A password may hold a '?' that should have been escaped: the last '@' counts where one follows.
    const auto at = text.rfind('@');
    if (at != text.npos && at > start) {
        if (const auto colon = text.find(':', start); colon < at)
            found.push_back({colon + 1, at - colon - 1});
        if (query != text.npos && query < at)
            query = text.find('?', at);
    }
    while (query != text.npos) {
        const auto from = query + 1;
        const auto end = std::min(text.find('&', from), text.size());
        const std::string_view pair = text.substr(from, end - from);
        const auto equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals).ends_with("password"))
            found.push_back({from + equals + 1, pair.size() - equals - 1});
        query = end < text.size() ? end : text.npos;
    }
    return found;
}

void replaceAll(std::string &text, std::string_view what) {
    if (what.empty())
        return;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + kMask.size()))
        text.replace(at, what.size(), kMask);
}

std::string absolute(const std::string &path) {
    std::error_code error;
    const auto whole = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
    return error ? path : whole.string();
}

} // namespace

std::string maskedLocation(std::string_view text) {
    std::string masked;
    std::size_t done = 0;
    for (const Span &secret : passwordsIn(text)) {
        masked.append(text.substr(done, secret.from - done)).append(kMask);
        done = secret.from + secret.length;
    }
    return masked.append(text.substr(done));
}

std::optional<DatabaseLocation> DatabaseLocation::parse(const std::string &text, std::string &error) {
    DatabaseLocation location;
    location.text_ = text;
    if (text.empty()) {
        error = "There is no database: set location to a file, or to a postgresql:// URI.";
        return std::nullopt;
    }
    if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
        location.kind_ = Kind::Postgresql;
    } else if (text.find("://") != text.npos) {
        error = "\"" + maskedLocation(text) + "\" is neither a file nor a postgresql:// URI.";
        return std::nullopt;
    }
    return location;
}

std::string DatabaseLocation::shown() const {
    return kind_ == Kind::Sqlite ? text_ : maskedLocation(text_);
}

std::string DatabaseLocation::key() const {
    const std::string named = kind_ == Kind::Sqlite ? absolute(text_) : maskedLocation(text_);
    const CharPtr digest(
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, named.c_str(), static_cast<gssize>(named.size())));
    return std::string(digest.get()).substr(0, kKeyLength);
}

std::string DatabaseLocation::defaultSpoolFolder() const {
    return kind_ == Kind::Sqlite ? text_ + "-spool"
                                 : std::string(g_get_user_state_dir()) + "/gst-livetranscript/spool";
}

std::string DatabaseLocation::withoutSecrets(std::string sentence) const {
    if (kind_ == Kind::Sqlite)
        return sentence;
    for (const Span &secret : passwordsIn(text_)) {
        const std::string raw = text_.substr(secret.from, secret.length);
        replaceAll(sentence, raw);
        if (const CharPtr plain(g_uri_unescape_string(raw.c_str(), nullptr)); plain)
            replaceAll(sentence, plain.get());
    }
    return sentence;
}

} // namespace lt::store
