// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/option_texts.h"

#include "elements/gladiasink/failure.h"
#include "lib/gst/refs.h"
#include "lib/transcript/json_reader.h"

#include <algorithm>
#include <utility>

#include <json-glib/json-glib.h>

namespace lt::gladia {

namespace {

std::string trimmed(std::string text) {
    g_strstrip(text.data());
    return text.c_str();
}

/// The parts that are not empty, without spaces around them.
std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        if (std::string one = trimmed(text.substr(at, end - at)); !one.empty())
            parts.push_back(std::move(one));
        at = end + 1;
    }
    return parts;
}

/// Nothing when an element is no string, or empty.
std::optional<std::vector<std::string>> stringsOf(JsonArray *array) {
    std::vector<std::string> strings;
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
            return std::nullopt;
        std::string one = trimmed(json_node_get_string(node));
        if (one.empty())
            return std::nullopt;
        strings.push_back(std::move(one));
    }
    return strings;
}

bool startsWith(const std::string &text, char first) {
    return !text.empty() && text.front() == first;
}

// ---- vocabulary

constexpr const char *kVocabularyForm =
    "custom-vocabulary is a list such as Gladia, Ada Lovelace, or a JSON array of strings and of objects "
    "with value and, if wanted, intensity (0 to 1), pronunciations (strings) and language.";

std::optional<VocabularyEntry> vocabularyEntry(JsonNode *node) {
    VocabularyEntry entry;
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
        entry.value = trimmed(json_node_get_string(node));
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *object = json_node_get_object(node);
        entry.value = trimmed(json::stringMember(object, "value").value_or(""));
        entry.language = json::stringMember(object, "language").value_or("");
        if (json_object_has_member(object, "intensity")) {
            entry.intensity = json::numberMember(object, "intensity").value_or(-1);
            if (!(entry.intensity >= 0 && entry.intensity <= 1))
                return std::nullopt;
        }
        if (json_object_has_member(object, "pronunciations")) {
            JsonArray *array = json::arrayMember(object, "pronunciations");
            auto strings = array ? stringsOf(array) : std::nullopt;
            if (!strings)
                return std::nullopt;
            entry.pronunciations = *std::move(strings);
        }
    }
    if (entry.value.empty())
        return std::nullopt;
    return entry;
}

std::optional<std::vector<VocabularyEntry>> vocabularyOfJson(const std::string &text) {
    std::string ignored;
    const json::NodeRef root = json::parseObject("{\"all\":" + text + "}", ignored);
    JsonArray *array = root ? json::arrayMember(json::objectOf(root), "all") : nullptr;
    if (!array)
        return std::nullopt;
    std::vector<VocabularyEntry> entries;
    for (guint i = 0; i < json_array_get_length(array); i++) {
        auto entry = vocabularyEntry(json_array_get_element(array, i));
        if (!entry)
            return std::nullopt;
        entries.push_back(*std::move(entry));
    }
    return entries;
}

// ---- spelling

constexpr const char *kSpellingForm =
    "custom-spelling is a list such as SQL=sequel|S Q L, Nginx=engine x, or a JSON object such as "
    "{\"SQL\":[\"sequel\",\"S Q L\"]}.";

std::optional<std::vector<SpellingRule>> spellingOfJson(const std::string &text) {
    std::string ignored;
    const json::NodeRef root = json::parseObject(text, ignored);
    if (!root)
        return std::nullopt;
    std::vector<SpellingRule> rules;
    JsonObjectIter iter;
    const gchar *wanted = nullptr;
    JsonNode *heard = nullptr;
    json_object_iter_init_ordered(&iter, json::objectOf(root));
    while (json_object_iter_next_ordered(&iter, &wanted, &heard)) {
        auto forms = JSON_NODE_HOLDS_ARRAY(heard) ? stringsOf(json_node_get_array(heard)) : std::nullopt;
        if (!forms || forms->empty() || !*wanted)
            return std::nullopt;
        rules.push_back({wanted, *std::move(forms)});
    }
    return rules;
}

std::optional<std::vector<SpellingRule>> spellingOfList(const std::string &text) {
    std::vector<SpellingRule> rules;
    for (const std::string &one : split(text, ',')) {
        const std::size_t equals = one.find('=');
        if (equals == std::string::npos)
            return std::nullopt;
        SpellingRule rule{trimmed(one.substr(0, equals)), split(one.substr(equals + 1), '|')};
        if (rule.wanted.empty() || rule.heard.empty())
            return std::nullopt;
        rules.push_back(std::move(rule));
    }
    return rules;
}

} // namespace

std::optional<std::vector<std::string>> parseLanguages(const std::string &text, std::string &error) {
    std::vector<std::string> codes = split(text, ',');
    for (const std::string &code : codes) {
        const bool plausible =
            (code.size() == 2 || code.size() == 3) &&
            std::all_of(code.begin(), code.end(), [](char c) { return g_ascii_islower(c); });
        if (plausible)
            continue;
        error = "\"" + quotable(code) +
                "\" is no language code as Gladia has them: two or three small letters, such as en or haw.";
        return std::nullopt;
    }
    return codes;
}

std::optional<std::vector<VocabularyEntry>> parseVocabulary(const std::string &text, std::string &error) {
    const std::string list = trimmed(text);
    if (startsWith(list, '[')) {
        auto entries = vocabularyOfJson(list);
        if (!entries)
            error = kVocabularyForm;
        return entries;
    }
    std::vector<VocabularyEntry> entries;
    for (std::string &word : split(list, ','))
        entries.push_back({std::move(word)});
    return entries;
}

std::optional<std::vector<SpellingRule>> parseSpelling(const std::string &text, std::string &error) {
    const std::string list = trimmed(text);
    auto rules = startsWith(list, '{') ? spellingOfJson(list) : spellingOfList(list);
    if (!rules)
        error = kSpellingForm;
    return rules;
}

std::optional<std::string> parseMetadata(const std::string &text, std::string &error) {
    const std::string object = trimmed(text);
    if (object.empty())
        return object;
    std::string reason;
    const json::NodeRef root = json::parseObject(object, reason);
    if (!root) {
        error = "custom-metadata must be a JSON object such as {\"room\":12}. " + reason;
        return std::nullopt;
    }
    const CharPtr plain(json_to_string(root.get(), FALSE));
    return plain.get();
}

std::optional<std::string> parseCallbackUrl(const std::string &text, std::string &error) {
    const std::string url = trimmed(text);
    const CharPtr scheme(g_uri_parse_scheme(url.c_str()));
    const bool isHttp = scheme && (g_str_equal(scheme.get(), "http") || g_str_equal(scheme.get(), "https"));
    if (url.empty() || (isHttp && g_uri_is_valid(url.c_str(), G_URI_FLAGS_NONE, nullptr)))
        return url;
    error = "callback-url must be an address of http or https that Gladia can reach.";
    return std::nullopt;
}

} // namespace lt::gladia
