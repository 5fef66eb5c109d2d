// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <variant>

namespace lt {

/// Which sessions there are, and whether there may be another: asked by every door that makes sessions, and
/// by nothing else. Decided atomically; any thread.
class SessionGuard {
public:
    enum class Entry {
        New,    ///< the session is this caller's to begin, and to release
        Present ///< it exists: its own publisher may be coming back
    };

    explicit SessionGuard(std::size_t maxSessions) : maxSessions_(maxSessions) {}

    std::variant<Entry, Refusal> acquire(const std::string &session) {
        std::lock_guard lock(mutex_);
        if (!closedBecause_.empty())
            return Refusal{RefusalCode::Unavailable, closedBecause_};
        if (sessions_.count(session))
            return Entry::Present;
        if (sessions_.size() >= maxSessions_)
            return Refusal{RefusalCode::ResourceExhausted,
                           "All " + std::to_string(maxSessions_) + " sessions are in use: try again later."};
        sessions_.insert(session);
        return Entry::New;
    }
    void release(const std::string &session) {
        std::lock_guard lock(mutex_);
        sessions_.erase(session);
    }
    /// Fewer than there are end none.
    void setMaxSessions(std::size_t maxSessions) {
        std::lock_guard lock(mutex_);
        maxSessions_ = maxSessions;
    }
    /// Nobody is let in any more; `why` is a sentence for them.
    void close(const std::string &why) {
        std::lock_guard lock(mutex_);
        closedBecause_ = why;
    }

private:
    mutable std::mutex mutex_; // guards all below
    std::size_t maxSessions_;
    std::set<std::string> sessions_;
    std::string closedBecause_; // "" while open
};

} // namespace lt
