// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/store_planner.h"
#include "elements/transcriptstore/stored_message.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace lt::store {

/// How long a call on the database may take. Somebody else may shorten it while the call runs.
class Patience {
public:
    explicit Patience(TimePoint until) : until_(until) {}
    /// `cap`: a point in time too, in ticks of the clock; outlives this.
    Patience(TimePoint until, const std::atomic<TimePoint::rep> &cap) : until_(until), cap_(&cap) {}

    Milliseconds left() const {
        TimePoint end = until_;
        if (cap_)
            end = std::min(end, TimePoint(TimePoint::duration(cap_->load())));
        const auto left = std::chrono::ceil<Milliseconds>(end - TimePoint::clock::now());
        return std::max(left, Milliseconds(0));
    }
    bool over() const { return left() == Milliseconds(0); }

private:
    TimePoint until_;
    const std::atomic<TimePoint::rep> *cap_ = nullptr;
};

enum class Verdict {
    Done,
    Unavailable, ///< gone, busy, full: worth trying again
    Refused,     ///< it does not take one of these messages, and never will
    NotAllowed,  ///< wrong password or missing rights: somebody has to act
    Unusable,    ///< no such database, no database at all, made by a newer version: somebody has to act
};

/// What a database said. `sentence` is for people and holds no secret.
struct Answer {
    Verdict verdict = Verdict::Done;
    std::string sentence;

    bool done() const { return verdict == Verdict::Done; }
    /// No use to try again soon.
    bool hopeless() const { return verdict == Verdict::NotAllowed || verdict == Verdict::Unusable; }
};

/// What read() returns.
struct Selection {
    std::string session;
    std::optional<GstTranscriptKind> kind; ///< unset: every kind
    std::string language;                  ///< "": every one
    std::string run;                       ///< "": every one
    bool finalsOnly = true;
};

/// A connection to a database, for one thread. No method throws. After Unavailable the connection may be
/// gone: connected() says so.
class Database {
public:
    virtual ~Database() = default;

    /// Connects, and makes or migrates the schema where that is needed.
    virtual Answer connect(const Patience &patience) = 0;
    virtual bool connected() const = 0;
    virtual void disconnect() = 0;

    /// All of them, each identity at most once, in one transaction, or none. What is known already in this or
    /// a higher revision changes nothing. After Done they are on disk.
    virtual Answer store(std::span<const StoredMessage> messages, const Patience &patience) = 0;

    /// In the order of runs, then of running time. `take` returning false ends it.
    virtual Answer read(const Selection &selection, const std::function<bool(const StoredMessage &)> &take,
                        const Patience &patience) = 0;
    /// Names of all sessions.
    virtual Answer sessions(const std::function<void(const std::string &)> &take,
                            const Patience &patience) = 0;
};

} // namespace lt::store
