// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace lt::support {

/// How far what was heard is from what was said, in words: the fewest changes that turn one into the other.
struct WordErrors {
    std::size_t said = 0; ///< words
    std::size_t substituted = 0;
    std::size_t missing = 0;
    std::size_t inserted = 0;

    std::size_t total() const { return substituted + missing + inserted; }
    /// The word error rate: 0 is perfect, and more than 1 is possible.
    double rate() const { return said ? static_cast<double>(total()) / static_cast<double>(said) : 0; }
    WordErrors &operator+=(const WordErrors &other);
};

/// Words are separated by blanks; case and punctuation other than the apostrophe do not count.
WordErrors countWordErrors(std::string_view said, std::string_view heard);

} // namespace lt::support
