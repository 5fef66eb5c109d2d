// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/word_errors.h"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace lt::support {

namespace {

std::vector<std::string> wordsOf(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    const auto finish = [&] {
        if (!word.empty())
            words.push_back(std::exchange(word, {}));
    };
    for (const char c : text) {
        const auto letter = static_cast<unsigned char>(c);
        if (std::isspace(letter))
            finish();
        else if (std::isalnum(letter) || c == '\'')
            word += static_cast<char>(std::tolower(letter));
    }
    finish();
    return words;
}

} // namespace

WordErrors &WordErrors::operator+=(const WordErrors &other) {
    said += other.said;
    substituted += other.substituted;
    missing += other.missing;
    inserted += other.inserted;
    return *this;
}

WordErrors countWordErrors(std::string_view said, std::string_view heard) {
    const auto from = wordsOf(said), to = wordsOf(heard);
    // row[j]: the cheapest way from the words of `from` seen so far to the first j of `to`.
    std::vector<WordErrors> row(to.size() + 1);
    for (std::size_t j = 1; j <= to.size(); j++)
        row[j].inserted = j;
    for (const std::string &word : from) {
        WordErrors diagonal = row[0];
        row[0].missing++;
        for (std::size_t j = 1; j <= to.size(); j++) {
            WordErrors best = diagonal;
            best.substituted += word != to[j - 1];
            WordErrors missing = row[j], inserted = row[j - 1];
            missing.missing++;
            inserted.inserted++;
            if (missing.total() < best.total())
                best = missing;
            if (inserted.total() < best.total())
                best = inserted;
            diagonal = std::exchange(row[j], best);
        }
    }
    WordErrors errors = row.back();
    errors.said = from.size();
    return errors;
}

} // namespace lt::support
