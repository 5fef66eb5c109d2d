// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace lt::store {

/// Something a writer tells about a session's messages, or about the database they all go to.
struct StoreNews {
    enum class Kind {
        Stored,      ///< committed: `messages`, `finals`, `last`
        Unavailable, ///< the database has stopped taking messages
        Available,   ///< it takes them again
        Spooling,    ///< messages go to the spool from now on
        SpoolFailed, ///< the spool takes nothing; messages stay in memory
        Refused,     ///< the database will never take a message; it was put aside
        Lost,        ///< the writer ends, and neither database nor spool took the last `messages`
        Failed,      ///< the database was never usable; `verdict` says why
    };
    Kind kind;
    std::string sentence; ///< for people, without secrets
    Verdict verdict = Verdict::Done;
    std::uint64_t messages = 0;
    std::uint64_t finals = 0;
    std::optional<Transcript> last; ///< the last final among them, without its words
};

/// Who is told, on the writer's thread and without locks.
class StoreListener {
public:
    virtual ~StoreListener() = default;
    virtual void onStoreNews(const StoreNews &news) = 0;
    /// What was pushed before settle() is stored, or spooled, or neither is possible and the time is over.
    virtual void onSettled() = 0;
};

/// What happened to one session's messages. Any thread.
struct StoreCounts {
    std::atomic<std::uint64_t> received = 0;
    std::atomic<std::uint64_t> queued = 0; ///< in memory now
    std::atomic<std::uint64_t> stored = 0; ///< committed, replays of the spool included
    std::atomic<std::uint64_t> storedFinals = 0;
    std::atomic<std::uint64_t> spooled = 0;
    std::atomic<std::uint64_t> droppedPartials = 0; ///< partials are not spooled
    std::atomic<std::uint64_t> refused = 0;
};

/// What a writer did for all sessions. Any thread.
struct WriterCounts {
    std::atomic<std::uint64_t> commits = 0;
    std::atomic<std::uint64_t> retries = 0;
    std::atomic<std::uint64_t> spool = 0; ///< messages on disk now
    std::atomic<std::uint64_t> damagedLines = 0;
    std::atomic<std::uint64_t> tornLines = 0;
    std::atomic<std::uint64_t> lastBatch = 0;
    std::atomic<std::uint64_t> lastCommitUs = 0;
    std::atomic<std::uint64_t> maxCommitUs = 0;
    std::atomic<bool> connected = false;
};

} // namespace lt::store
