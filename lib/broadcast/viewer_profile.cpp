// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_profile.h"

#include <algorithm>
#include <charconv>

#include <glib.h>

namespace lt::broadcast {

namespace {

constexpr std::size_t kMaxUserId = 128, kMaxEpoch = 64, kMaxLanguages = 8, kMaxLanguage = 35;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool startsWithIgnoringCase(std::string_view text, std::string_view lowerPrefix) {
    return text.size() >= lowerPrefix.size() &&
           std::equal(lowerPrefix.begin(), lowerPrefix.end(), text.begin(),
                      [](char a, char b) { return a == lower(b); });
}

template <typename Number>
std::optional<Number> numberOf(std::string_view text) {
    Number value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

bool isLanguageTag(std::string_view tag) {
    return !tag.empty() && tag.size() <= kMaxLanguage &&
           std::all_of(tag.begin(), tag.end(), [](char c) { return g_ascii_isalnum(c) || c == '-'; });
}

/// Reads one request; each function is false, with a sentence in `error`, when its parameters make no sense.
struct Reader {
    const std::function<std::string_view(const char *)> &query;
    std::string &error;
    ViewerProfile profile;

    bool fail(const char *sentence) {
        error = sentence;
        return false;
    }

    bool readForm(bool subprotocol) {
        const std::string_view version = query("v"), types = query("types");
        if (!version.empty() && version != "1" && version != "2")
            return fail("The parameter v may be 1 or 2.");
        if (!types.empty() && types != "transcript" && types != "split")
            return fail("The parameter types may be transcript or split.");
        const bool split = types == "split";
        if (version == "2" || (version.empty() && subprotocol))
            profile.form = split ? ViewerForm::V2Split : ViewerForm::V2;
        else
            profile.form = split ? ViewerForm::V1Split : ViewerForm::V1;
        return true;
    }

    bool readFilter() {
        const std::string_view finals = query("finals");
        if (!finals.empty() && finals != "0" && finals != "1")
            return fail("The parameter finals may be 0 or 1.");
        profile.filter.finalsOnly = finals == "1";
        for (std::string_view rest = query("lang"); !rest.empty();) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            std::string tag(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            if (!isLanguageTag(tag) || profile.filter.languages.size() == kMaxLanguages)
                return fail("The parameter lang may be up to 8 language tags, such as en,de-AT.");
            std::transform(tag.begin(), tag.end(), tag.begin(), lower);
            profile.filter.languages.push_back(std::move(tag));
        }
        return true;
    }

    bool readPosition() {
        const std::string_view since = query("since"), epoch = query("epoch"), rewind = query("rewind");
        if (!isV2(profile.form))
            return (since.empty() && epoch.empty() && rewind.empty()) ||
                   fail("The parameters since, epoch and rewind need v=2.");
        if (since.empty() != epoch.empty())
            return fail("The parameters since and epoch go together: both stand in what the server sends.");
        if (!since.empty()) {
            const auto seq = numberOf<std::uint64_t>(since);
            if (!seq || epoch.size() > kMaxEpoch)
                return fail(
                    "The parameter since is the last seq seen, epoch the one of the hello before it.");
            profile.since = ViewerPosition{std::string(epoch), *seq};
        }
        if (!rewind.empty()) {
            profile.rewind = numberOf<std::uint32_t>(rewind);
            if (!profile.rewind || *profile.rewind > kMaxRewind)
                return fail("The parameter rewind is a number of finals, 0 to 1000.");
        }
        return true;
    }

    bool readUser() {
        const std::string_view user = query("userId");
        if (user.size() > kMaxUserId ||
            !g_utf8_validate(user.data(), static_cast<gssize>(user.size()), nullptr))
            return fail("The parameter userId may be up to 128 bytes of UTF-8.");
        profile.userId = user;
        return true;
    }
};

} // namespace

bool ViewerFilter::takes(bool isPartial, std::string_view language) const {
    if (isPartial && finalsOnly)
        return false;
    return languages.empty() || language.empty() ||
           std::any_of(languages.begin(), languages.end(), [language](const std::string &wanted) {
               return startsWithIgnoringCase(language, wanted) &&
                      (language.size() == wanted.size() || language[wanted.size()] == '-');
           });
}

std::optional<ViewerProfile> viewerProfileOf(const std::function<std::string_view(const char *name)> &query,
                                             bool subprotocol, std::string &error) {
    Reader reader{query, error, {}};
    if (reader.readForm(subprotocol) && reader.readFilter() && reader.readPosition() && reader.readUser())
        return std::move(reader.profile);
    return std::nullopt;
}

} // namespace lt::broadcast
