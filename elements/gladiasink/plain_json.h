// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lt::gladia {

/// Strict JSON of the plain kind, read where it lies, for the messages that come all the time: a tree of each
/// took longer than everything else. Each function takes what it names off the front, and answers false when
/// it is not there, or is unusual: depth, exponents, numbers of many digits, names with escapes.
class PlainJson {
public:
    explicit PlainJson(std::string_view text) : left_(text) {}

    bool end();
    bool take(char wanted);
    /// As it is written, escapes and all.
    bool string(std::string_view &raw);
    /// Without them. Nothing, and true, for null.
    bool string(std::optional<std::string> &value);
    bool literal(std::string_view wanted);
    /// An integer that is not negative, in an array.
    bool count(std::uint64_t &value);
    // Nothing, and true, for null.
    bool integer(std::optional<std::int64_t> &value);
    bool number(std::optional<double> &value);
    bool boolean(std::optional<bool> &value);
    bool skip(int depth = 0);

    /// `member` is given each name, and has to take its value.
    template <typename Member>
    bool members(Member member) {
        if (!take('{'))
            return false;
        if (take('}'))
            return true;
        do {
            std::string_view name;
            if (!string(name) || !take(':') || !member(name))
                return false;
        } while (take(','));
        return take('}');
    }
    template <typename Element>
    bool elements(Element element) {
        if (!take('['))
            return false;
        if (take(']'))
            return true;
        do {
            if (!element())
                return false;
        } while (take(','));
        return take(']');
    }

private:
    void skipBlanks();
    std::size_t digits(std::size_t at) const;
    std::size_t escape(std::size_t at) const;
    bool number(std::string_view &written, bool &whole);
    bool delimited() const;

    std::string_view left_;
};

} // namespace lt::gladia
