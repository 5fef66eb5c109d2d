// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/id_cache.h"
#include "elements/transcriptstore/pq_connection.h"

namespace lt::store {

/// A PostgreSQL database, version 12 or newer. A batch is one transaction at READ COMMITTED with one prepared
/// statement that upserts all its rows.
class PostgresDatabase : public Database {
public:
    explicit PostgresDatabase(DatabaseLocation location)
        : shown_(location.shown()), connection_(std::move(location)) {}

    Answer connect(const Patience &patience) override;
    bool connected() const override { return connection_.isOpen(); }
    void disconnect() override;
    Answer store(std::span<const StoredMessage> messages, const Patience &patience) override;
    Answer read(const Selection &selection, const std::function<bool(const StoredMessage &)> &take,
                const Patience &patience) override;
    Answer sessions(const std::function<void(const std::string &)> &take, const Patience &patience) override;

private:
    struct Ids {
        std::int64_t session = 0, run = 0, participant = 0; // 0: no participant
    };

    Answer schemaVersion(std::int64_t &version, const Patience &patience);
    Answer migrate(const Patience &patience);
    Answer upsertAll(std::span<const StoredMessage> messages, const Patience &patience);
    Answer resolve(const StoredMessage &message, Ids &ids, const Patience &patience);
    Answer idOf(IdCache::Table table, std::int64_t parent, const std::string &name, std::int64_t startedMs,
                std::int64_t &id, const Patience &patience);

    const std::string shown_;
    PqConnection connection_;
    IdCache ids_;
};

} // namespace lt::store
