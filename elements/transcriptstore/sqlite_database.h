// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database.h"
#include "elements/transcriptstore/id_cache.h"
#include "elements/transcriptstore/sqlite_handle.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace lt::store {

/// A SQLite file in WAL mode with synchronous=FULL: a commit is on the disk. Several processes may write to
/// it in turn.
class SqliteDatabase : public Database {
public:
    explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

    Answer connect(const Patience &patience) override;
    bool connected() const override { return handle_ != nullptr; }
    void disconnect() override;
    Answer store(std::span<const StoredMessage> messages, const Patience &patience) override;
    Answer read(const Selection &selection, const std::function<bool(const StoredMessage &)> &take,
                const Patience &patience) override;
    Answer sessions(const std::function<void(const std::string &)> &take, const Patience &patience) override;

private:
    struct Row {
        const StoredMessage *message;
        std::int64_t session, run, participant; // 0: no participant
        std::string words, findings;
    };

    static int onBusy(void *self, int calls);
    bool run(const char *sql);
    Answer whatWentWrong();
    Answer prepareFile();
    Answer migrate();
    bool upsert(std::span<const Row> rows);
    SqliteStatement &upsertStatement(std::size_t rows);
    bool resolve(const StoredMessage &message, Row &row);
    std::int64_t idOf(IdCache::Table table, std::int64_t parent, const std::string &name,
                      std::int64_t startedMs = 0);

    const std::string path_;
    const Patience *patience_ = nullptr; // of the call that runs
    SqliteHandle handle_;
    std::map<std::size_t, SqliteStatement> upserts_; // by number of rows; gone before the handle
    IdCache ids_;
};

} // namespace lt::store
