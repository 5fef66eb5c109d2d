// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace lt::store {

struct SqliteClose {
    void operator()(sqlite3 *database) const noexcept { sqlite3_close_v2(database); }
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteClose>;

/// A prepared statement: bind from left to right, step, reset.
class SqliteStatement {
public:
    SqliteStatement() = default;
    /// Not ok() when it cannot be prepared; the reason is the connection's.
    SqliteStatement(sqlite3 *database, std::string_view sql) {
        sqlite3_stmt *raw = nullptr;
        sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &raw, nullptr);
        statement_.reset(raw);
    }
    bool ok() const { return statement_ != nullptr; }

    /// The text stays the caller's until reset().
    SqliteStatement &bind(std::string_view text) {
        sqlite3_bind_text(statement_.get(), ++bound_, text.data() ? text.data() : "",
                          static_cast<int>(text.size()), SQLITE_STATIC);
        return *this;
    }
    SqliteStatement &bind(std::int64_t value) {
        sqlite3_bind_int64(statement_.get(), ++bound_, value);
        return *this;
    }
    SqliteStatement &bind(double value) {
        sqlite3_bind_double(statement_.get(), ++bound_, value);
        return *this;
    }
    SqliteStatement &bindNull() {
        sqlite3_bind_null(statement_.get(), ++bound_);
        return *this;
    }
    /// NULL for the value that means unknown.
    template <typename T>
    SqliteStatement &bindUnless(T unknown, T value) {
        return value == unknown ? bindNull() : bind(value);
    }

    int step() { return sqlite3_step(statement_.get()); }
    void reset() {
        sqlite3_reset(statement_.get());
        bound_ = 0;
    }

    std::string text(int column) {
        const auto *bytes = reinterpret_cast<const char *>(sqlite3_column_text(statement_.get(), column));
        return bytes ? std::string(bytes,
                                   static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
                     : std::string();
    }
    std::int64_t integer(int column, std::int64_t unknown = -1) {
        return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL
                   ? unknown
                   : sqlite3_column_int64(statement_.get(), column);
    }
    double number(int column, double unknown = -1) {
        return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL
                   ? unknown
                   : sqlite3_column_double(statement_.get(), column);
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt *statement) const noexcept { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
};

} // namespace lt::store
