// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lt::store {

/// A one-dimensional array in PostgreSQL's text form, element by element.
class PostgresArray {
public:
    void add(std::string_view text) {
        separate();
        text_ += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\')
                text_ += '\\';
            text_ += c;
        }
        text_ += '"';
    }
    void add(std::int64_t value) {
        separate();
        text_ += std::to_string(value);
    }
    void addNull() {
        separate();
        text_ += "NULL";
    }
    /// NULL for the value that means unknown.
    template <typename T>
    void addUnless(T unknown, T value) {
        if (value == unknown)
            addNull();
        else
            add(value);
    }
    void clear() { text_ = "{"; }
    /// The whole of it; nothing may be added after that but with clear() before.
    const char *finished() {
        text_ += '}';
        return text_.c_str();
    }

private:
    void separate() {
        if (text_.size() > 1)
            text_ += ',';
    }
    std::string text_ = "{";
};

} // namespace lt::store
