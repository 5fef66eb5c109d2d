// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/init_request.h"

#include <optional>
#include <string>
#include <vector>

/// Properties whose texts hold more than a word. On failure each returns nothing, and `error` says in a
/// sentence what is wrong with the text and how it should look. An empty text is an empty list. Pure.
namespace lt::gladia {

/// "en, fr": codes of two or three small letters.
std::optional<std::vector<std::string>> parseLanguages(const std::string &text, std::string &error);

/// "Gladia, Ada Lovelace", or a JSON array of strings and objects as Gladia has them.
std::optional<std::vector<VocabularyEntry>> parseVocabulary(const std::string &text, std::string &error);

/// "SQL=sequel|S Q L, Nginx=engine x", or a JSON object as Gladia has it.
std::optional<std::vector<SpellingRule>> parseSpelling(const std::string &text, std::string &error);

/// A JSON object, written anew; "" of an empty text.
std::optional<std::string> parseMetadata(const std::string &text, std::string &error);

/// An absolute address of http or https; "" of an empty text.
std::optional<std::string> parseCallbackUrl(const std::string &text, std::string &error);

} // namespace lt::gladia
