// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database.h"
#include "elements/transcriptstore/database_location.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include <libpq-fe.h>

namespace lt::store {

/// What a statement returned; columns are text.
class PqResult {
public:
    PqResult() = default;
    explicit PqResult(PGresult *result) : result_(result) {}

    int rows() const { return result_ ? PQntuples(result_.get()) : 0; }
    std::string text(int row, int column) const {
        return {PQgetvalue(result_.get(), row, column),
                static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
    }
    bool isNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
    std::int64_t integer(int row, int column, std::int64_t unknown = -1) const;
    double number(int row, int column, double unknown = -1) const;
    PGresult *get() const { return result_.get(); }

private:
    struct Clear {
        void operator()(PGresult *result) const noexcept { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

/// A connection to PostgreSQL on which no call waits longer than its patience: whatever the server does, the
/// calling thread comes back. (Looking up a host's name is the resolver's, and takes its time.) After
/// Unavailable it is closed.
class PqConnection {
public:
    explicit PqConnection(DatabaseLocation location) : location_(std::move(location)) {}

    Answer open(const Patience &patience);
    void close() { connection_.reset(); }
    bool isOpen() const { return connection_ != nullptr; }

    /// One or more statements without parameters.
    Answer run(const char *sql, const Patience &patience, PqResult *result = nullptr);
    /// One statement; a null pointer is NULL.
    Answer run(const char *sql, const std::vector<const char *> &parameters, const Patience &patience,
               PqResult *result = nullptr);
    Answer prepare(const char *name, const char *sql, const Patience &patience);
    Answer runPrepared(const char *name, const std::vector<const char *> &parameters,
                       const Patience &patience);

private:
    enum class Io { Ready, TooLate, Broken };
    Io waitFor(short events, const Patience &patience);
    Answer finish(bool sent, const Patience &patience, PqResult *result);
    Answer lost(const std::string &reason);
    Answer refusedConnection();
    Answer whatWentWrong(const PGresult *result);
    std::string sentence(const std::string &reason) const;

    struct Finish {
        void operator()(PGconn *connection) const noexcept { PQfinish(connection); }
    };
    const DatabaseLocation location_;
    std::unique_ptr<PGconn, Finish> connection_;
};

} // namespace lt::store
