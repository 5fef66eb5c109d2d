// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/settings.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace lt::service {

namespace {

const SettingSpec *specNamed(std::string_view name) {
    const auto specs = settingSpecs();
    const auto found = std::find_if(specs.begin(), specs.end(),
                                    [name](const SettingSpec &spec) { return name == spec.name; });
    return found == specs.end() ? nullptr : &*found;
}

const SettingSpec &specOf(Setting id) {
    const auto specs = settingSpecs();
    return *std::find_if(specs.begin(), specs.end(), [id](const SettingSpec &spec) { return id == spec.id; });
}

std::optional<std::int64_t> wholeNumber(std::string_view text) {
    std::int64_t number = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end)
        return std::nullopt;
    return number;
}

bool isWordOf(std::string_view words, std::string_view value) {
    while (!words.empty()) {
        const auto bar = std::min(words.find('|'), words.size());
        if (words.substr(0, bar) == value)
            return true;
        words.remove_prefix(std::min(bar + 1, words.size()));
    }
    return false;
}

/// Control characters, quotes and backslashes would end a word of a pipeline description.
bool fitsDescription(std::string_view value) {
    return std::none_of(value.begin(), value.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '"' || c == '\\'; });
}

std::string shown(const SettingSpec &spec, const std::string &value) {
    switch (spec.kind) {
    case SettingKind::Secret:
        return value.empty() ? "(none)" : "********";
    case SettingKind::Uri:
        return value.empty() ? "(none)" : withoutPassword(value);
    default:
        return value.empty() ? "(none)" : value;
    }
}

std::string range(const SettingSpec &spec) {
    if (spec.kind == SettingKind::Word)
        return "one of " + std::string(spec.words);
    return "a whole number from " + std::to_string(spec.least) + " to " + std::to_string(spec.most);
}

const char *originText(Origin origin) {
    switch (origin) {
    case Origin::Default:
        return "default";
    case Origin::KeyFile:
        return "key file";
    case Origin::ConfigFile:
        return "configuration file";
    case Origin::Environment:
        return "environment";
    case Origin::CommandLine:
        return "command line";
    }
    return "";
}

} // namespace

/// Fills one SettingsResolution.
struct SettingsResolver {
    SettingsResolution result;

    void take(const SettingSource &source) {
        for (const auto &[name, value] : source.values) {
            const SettingSpec *spec = specNamed(name);
            if (!spec)
                warnUnknown(source, name);
            else if (source.origin == Origin::KeyFile && !spec->inKeyFile)
                result.warnings.push_back(source.label + ": " + name +
                                          " is ignored here: limits belong into the environment or "
                                          "config.env");
            else
                take(source, *spec, value);
        }
    }

    void checkTogether() {
        const Settings &settings = result.settings;
        if (settings.text(Setting::Stt) == "gladia" && settings.text(Setting::GladiaApiKey).empty())
            result.problems.push_back(
                "no GLADIA_API_KEY is set: put it into the environment or the key file, or choose the "
                "offline recogniser with STT=local");
        for (const auto &[one, other] : kExclusive)
            if (settings.given(one) && settings.given(other))
                result.problems.push_back(named(one) + " and " + named(other) +
                                          " are both set: choose one of them");
        for (const auto &[key, certificate] : kTlsKeys)
            if (settings.given(key) && !settings.given(certificate))
                result.problems.push_back(named(key) + " is set, but " + named(certificate) + " is not");
    }

private:
    using Pair = std::pair<Setting, Setting>;
    static constexpr Pair kExclusive[] = {{Setting::PublisherTokens, Setting::PublisherTokensFile},
                                          {Setting::PublisherJwtKey, Setting::PublisherJwtKeyFile},
                                          {Setting::ViewerToken, Setting::ViewerTokenFile},
                                          {Setting::ViewerJwtKey, Setting::ViewerJwtKeyFile}};
    static constexpr Pair kTlsKeys[] = {{Setting::PublisherTlsKey, Setting::PublisherTlsCertificate},
                                        {Setting::ViewerTlsKey, Setting::ViewerTlsCertificate}};

    static std::string named(Setting id) { return specOf(id).name; }

    // An environment has many names that are none of ours.
    void warnUnknown(const SettingSource &source, const std::string &name) {
        if (source.origin != Origin::Environment)
            result.warnings.push_back(source.label + ": " + name + " is no setting and is ignored");
    }

    void take(const SettingSource &source, const SettingSpec &spec, const std::string &value) {
        if (auto problem = check(spec, value); !problem.empty()) {
            result.problems.push_back(source.label + ": " + spec.name + " " + problem);
            return;
        }
        auto &target = result.settings.values_[static_cast<std::size_t>(spec.id)];
        target = {value, wholeNumber(value).value_or(0), source.origin, source.label};
    }

    static std::string check(const SettingSpec &spec, const std::string &value) {
        if (spec.kind == SettingKind::Secret) // never part of a description; a key may have several lines
            return {};
        if (!fitsDescription(value))
            return "may hold neither quotes, backslashes nor control characters";
        if (spec.id == Setting::RealtimeBroadcastMode && value == "http")
            return "is http, where another process broadcasts; that does not exist here yet: direct is the "
                   "only mode";
        if (spec.kind == SettingKind::Word && !isWordOf(spec.words, value))
            return "is \"" + value + "\", it must be " + range(spec);
        if (spec.kind == SettingKind::Integer) {
            const auto number = wholeNumber(value);
            if (!number || *number < spec.least || *number > spec.most)
                return "is \"" + value + "\", it must be " + range(spec);
        }
        return {};
    }
};

SettingsResolution resolveSettings(std::span<const SettingSource> sources) {
    SettingSource defaults{Origin::Default, "default", {}};
    for (const SettingSpec &spec : settingSpecs())
        defaults.values.emplace(spec.name, spec.fallback);
    std::vector<const SettingSource *> weakestFirst{&defaults};
    for (const SettingSource &source : sources)
        weakestFirst.push_back(&source);
    std::stable_sort(weakestFirst.begin(), weakestFirst.end(),
                     [](const SettingSource *a, const SettingSource *b) { return a->origin < b->origin; });

    SettingsResolver resolver;
    for (const SettingSource *source : weakestFirst)
        resolver.take(*source);
    resolver.checkTogether();
    return std::move(resolver.result);
}

Settings Settings::reloadedInto(const Settings &running, std::vector<std::string> &kept) const {
    Settings result = *this;
    for (const SettingSpec &spec : settingSpecs()) {
        if (spec.reload == Reload::AtReload)
            continue;
        if (text(spec.id) != running.text(spec.id))
            kept.emplace_back(spec.name);
        result.values_[static_cast<std::size_t>(spec.id)] = running.at(spec.id);
    }
    return result;
}

std::string Settings::report() const {
    std::string text;
    for (const SettingSpec &spec : settingSpecs()) {
        const Value &value = at(spec.id);
        text += std::string(spec.name) + "=" + shown(spec, value.text) + "  # " + originText(value.origin);
        if (value.origin == Origin::ConfigFile || value.origin == Origin::KeyFile)
            text += " " + value.label;
        text += "\n";
    }
    return text;
}

std::string withoutPassword(std::string_view uri) {
    const auto scheme = uri.find("://");
    if (scheme == std::string_view::npos)
        return std::string(uri);
    const auto authority = scheme + 3;
    // Up to the last '@', although a '/' in a password should have been written as %2F.
    const auto host = uri.substr(0, uri.find_first_of("?#", authority)).rfind('@');
    std::string shownUri(uri);
    if (host != std::string_view::npos && host > authority)
        if (const auto colon = uri.find(':', authority); colon < host)
            shownUri.replace(colon + 1, host - colon - 1, "********");
    // libpq also takes it as a parameter.
    if (const auto parameter = shownUri.find("password="); parameter != std::string::npos) {
        const auto start = parameter + 9;
        shownUri.replace(start, std::min(shownUri.find('&', start), shownUri.size()) - start, "********");
    }
    return shownUri;
}

} // namespace lt::service
