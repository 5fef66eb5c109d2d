// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database_location.h"
#include "elements/transcriptstore/stored_message.h"

#include <memory>

/// The peer: one prepared INSERT per transcript, each its own transaction, into a table of the same columns
/// with the same unique key. It is given what costs our batches time: ids are looked up beforehand,
/// durability is the same (WAL and synchronous=FULL; fsync and synchronous_commit on).
class SingleInsert {
public:
    virtual ~SingleInsert() = default;
    virtual bool insert(const lt::store::StoredMessage &message) = 0;
};

/// In the database that the store has already made its tables in.
std::unique_ptr<SingleInsert> makeSingleInsert(const lt::store::DatabaseLocation &location);
