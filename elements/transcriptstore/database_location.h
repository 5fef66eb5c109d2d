// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lt::store {

/// Where a database is. A password in it stays in here: shown() and everything that is told or logged is
/// without.
class DatabaseLocation {
public:
    enum class Kind { Sqlite, Postgresql };

    /// A path, or a URI that begins with postgresql:// or postgres://. On failure `error` says what is wrong.
    static std::optional<DatabaseLocation> parse(const std::string &text, std::string &error);

    Kind kind() const { return kind_; }
    /// For the database's library only.
    const std::string &secretText() const { return text_; }
    /// For people.
    std::string shown() const;
    /// Letters and digits that name this database, whatever the password.
    std::string key() const;
    /// Where messages wait by default: beside a SQLite file, else in the user's state directory.
    std::string defaultSpoolFolder() const;
    /// `sentence`, which may quote the location, with *** in the place of passwords.
    std::string withoutSecrets(std::string sentence) const;

private:
    Kind kind_ = Kind::Sqlite;
    std::string text_;
};

/// `text` with *** in the place of passwords, if it is a URI; also when it is a malformed one.
std::string maskedLocation(std::string_view text);

} // namespace lt::store
