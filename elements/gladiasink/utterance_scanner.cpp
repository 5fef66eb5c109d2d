// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/utterance_scanner.h"

#include "elements/gladiasink/message_values.h"
#include "elements/gladiasink/plain_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include <glib.h>

namespace lt::gladia {

namespace {

/// Takes the value of one member; a name that comes twice is unusual.
template <typename Value, typename Read>
bool once(std::optional<Value> &value, Read read) {
    return !value && read(value);
}

struct WordMembers {
    std::optional<std::string> text;
    std::optional<double> start, end, confidence;

    bool read(PlainJson &json, std::string_view name) {
        const auto string = [&](auto &value) {
            return json.string(value);
        };
        const auto number = [&](auto &value) {
            return json.number(value);
        };
        if (name == "word")
            return once(text, string);
        if (name == "start")
            return once(start, number);
        if (name == "end")
            return once(end, number);
        return name == "confidence" ? once(confidence, number) : json.skip(1);
    }
};

struct UtteranceMembers {
    std::optional<std::string> text, language;
    std::optional<double> start, end, confidence;
    std::optional<std::int64_t> channel, speaker;
    std::optional<std::vector<SpokenWord>> words;

    static bool readWord(PlainJson &json, std::vector<SpokenWord> &into) {
        WordMembers word;
        if (!json.members([&](std::string_view name) { return word.read(json, name); }))
            return false;
        SpokenWord made{trimmed(word.text.value_or("")), secondsOf(word.start), secondsOf(word.end),
                        confidenceOf(word.confidence)};
        if (!made.text.empty())
            into.push_back(std::move(made));
        return true;
    }
    bool read(PlainJson &json, std::string_view name) {
        const auto string = [&](auto &value) {
            return json.string(value);
        };
        const auto number = [&](auto &value) {
            return json.number(value);
        };
        const auto integer = [&](auto &value) {
            return json.integer(value);
        };
        const auto wordList = [&](auto &value) {
            auto &list = value.emplace();
            return json.elements([&] { return readWord(json, list); });
        };
        if (name == "text")
            return once(text, string);
        if (name == "language")
            return once(language, string);
        if (name == "start")
            return once(start, number);
        if (name == "end")
            return once(end, number);
        if (name == "confidence")
            return once(confidence, number);
        if (name == "channel")
            return once(channel, integer);
        if (name == "speaker")
            return once(speaker, integer);
        return name == "words" ? once(words, wordList) : json.skip(1);
    }
};

struct TranscriptMembers {
    std::optional<std::string> id;
    std::optional<bool> isFinal;
    std::optional<UtteranceMembers> said;

    bool read(PlainJson &json, std::string_view name) {
        if (name == "id")
            return once(id, [&](auto &value) { return json.string(value); });
        if (name == "is_final")
            return once(isFinal, [&](auto &value) { return json.boolean(value); });
        if (name != "utterance")
            return json.skip(1);
        return once(said, [&](auto &value) {
            auto &utterance = value.emplace();
            return json.members([&](std::string_view member) { return utterance.read(json, member); });
        });
    }
};

struct MessageMembers {
    std::optional<std::string> type;
    std::optional<TranscriptMembers> data;

    bool read(PlainJson &json, std::string_view name) {
        if (name == "type")
            return once(type, [&](auto &value) { return json.string(value); }) && type == "transcript";
        if (name != "data")
            return json.skip();
        return once(data, [&](auto &value) {
            auto &transcript = value.emplace();
            return json.members([&](std::string_view member) { return transcript.read(json, member); });
        });
    }
};

Utterance utteranceOf(std::string id, bool isFinal, UtteranceMembers said) {
    Utterance utterance;
    utterance.id = std::move(id);
    utterance.isFinal = isFinal;
    utterance.start = secondsOf(said.start);
    utterance.end = std::max(utterance.start, secondsOf(said.end));
    utterance.confidence = confidenceOf(said.confidence);
    utterance.channel = channelOf(said.channel);
    utterance.language = languageOf(std::move(said.language).value_or(""));
    if (said.speaker)
        utterance.speaker = std::to_string(*said.speaker);
    utterance.text = trimmed(*said.text);
    utterance.words = std::move(said.words).value_or(std::vector<SpokenWord>());
    return utterance;
}

} // namespace

std::optional<Utterance> scanUtterance(std::string_view text) {
    PlainJson json(text);
    MessageMembers message;
    const bool read =
        json.members([&](std::string_view name) { return message.read(json, name); }) && json.end();
    if (!read || !message.type || !message.data)
        return std::nullopt;
    TranscriptMembers &data = *message.data;
    if (!data.id || data.id->empty() || data.id->size() > kMaxId || !data.said || !data.said->text ||
        !g_utf8_validate_len(text.data(), text.size(), nullptr))
        return std::nullopt;
    return utteranceOf(*std::move(data.id), data.isFinal.value_or(false), std::move(*data.said));
}

} // namespace lt::gladia
