// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace lt::store {

using TimePoint = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

/// When what waits is written.
struct StorePolicy {
    Milliseconds flush{300};     ///< longest wait of a message for others to share its transaction
    std::size_t maxBatch = 100;  ///< messages of one transaction
    std::size_t maxQueue = 1000; ///< messages in memory before they go to the spool
};

/// How things stand, as far as the next step depends on it.
struct Situation {
    std::size_t queued = 0;            ///< messages in memory
    TimePoint oldest;                  ///< when the first of them came
    std::size_t spooled = 0;           ///< messages on disk
    bool finishing = false;            ///< nothing more will come
    std::optional<TimePoint> settleBy; ///< somebody waits until the queue is stored, or spooled from then on
};

enum class Step {
    Wait,   ///< until `until`, or a change
    Commit, ///< the queue's first messages to the database
    Replay, ///< the spool's first messages to the database
    Spool,  ///< the whole queue to the spool
    Finish, ///< nothing is left to do, or to be done in time
};

struct Plan {
    Step step;
    TimePoint until{}; ///< of Wait; TimePoint::max() when only a change can bring something
};

/// Decides what the writer does next. Pure: time and chance are arguments.
///
/// What is on disk goes to the database before what is in memory, so that the order is kept. A database that
/// fails is tried again after 100 ms, then twice as long each time up to 10 s; after 2 s of that, or as soon
/// as the queue is full, what is in memory moves to the spool. A spool that fails is tried again every second
/// and the messages stay in memory.
class StorePlanner {
public:
    static constexpr Milliseconds kFirstRetry{100};
    static constexpr Milliseconds kLastRetry{10000};
    static constexpr Milliseconds kSpoolAfter{2000};
    static constexpr Milliseconds kSpoolRetry{1000};

    explicit StorePlanner(StorePolicy policy) : policy_(policy) {}

    Plan next(const Situation &situation, TimePoint now) const;

    void databaseWorked();
    /// `chance` from [0, 1) spreads the retries of several writers. `hopeless`: trying again soon is no use.
    void databaseFailed(TimePoint now, double chance, bool hopeless = false);
    void spoolWorked() { spoolFailedAt_.reset(); }
    void spoolFailed(TimePoint now) { spoolFailedAt_ = now; }

    bool databaseIsOut() const { return failures_ > 0; }
    TimePoint outSince() const { return outSince_; }

private:
    bool spoolRests(TimePoint now) const { return spoolFailedAt_ && now < *spoolFailedAt_ + kSpoolRetry; }
    bool mustSpool(const Situation &situation, TimePoint now) const;
    TimePoint wakeTime(const Situation &situation, TimePoint now) const;

    const StorePolicy policy_;
    unsigned failures_ = 0;
    bool hopeless_ = false;
    TimePoint outSince_{};
    TimePoint retryAt_{};
    std::optional<TimePoint> spoolFailedAt_; // unset: it worked, or was not needed
};

} // namespace lt::store
