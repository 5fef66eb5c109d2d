// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/places.h"
#include "lib/admission/refusal.h"
#include "lib/admission/sliding_log.h"
#include "lib/export.h"

#include <memory>
#include <mutex>
#include <string>
#include <variant>

namespace lt {

/// What a stream that was let in carries with it: its place, and how much it may ask. The place is free again
/// when the last reference goes, or with leave().
class LT_EXPORT StreamPass {
public:
    /// Of a stream that nobody counts.
    StreamPass() = default;
    ~StreamPass();
    StreamPass(const StreamPass &) = delete;
    StreamPass &operator=(const StreamPass &) = delete;

    /// Requests or commands in any second; 0, as at first, is any number. Media is never counted.
    void setRate(std::size_t perSecond) { asked_ = SlidingLog(perSecond); }
    /// Counts a request or a command. False: it is one too many, and the stream is to be ended. One thread;
    /// time never goes back.
    bool mayAsk(SlidingLog::TimePoint now) { return asked_.check(now); }
    /// Frees the place now. Any thread, any number of times.
    void leave();

private:
    friend class StreamGuard;
    std::mutex mutex_; // guards places_
    std::shared_ptr<Places> places_;
    std::string session_, address_;
    SlidingLog asked_{0};
};
using StreamPassRef = std::shared_ptr<StreamPass>;

/// The one way in, whatever the door: decides whether there may be another stream, atomically, and by nothing
/// but its limits. Every door has a guard and asks it before it makes anything of a session. Any thread.
class LT_EXPORT StreamGuard {
public:
    enum class Why {
        Total,   ///< as many as there may be
        Session, ///< as many of this session
        Address, ///< as many from this address
        Closed,  ///< nobody is let in any more
    };
    struct Denied {
        Why why;
        Refusal refusal; ///< a door may find better words; the code stands
    };

    /// `what` names those who come, in the plural, which ends in s.
    StreamGuard(const PlaceLimits &limits, std::string what);

    std::variant<StreamPassRef, Denied> admitStream(const std::string &session,
                                                    const std::string &address = {});
    /// Who is inside stays.
    void setLimits(const PlaceLimits &limits);
    /// Nobody is let in any more; `why` is a sentence for them.
    void close(const std::string &why);
    std::size_t inside() const { return places_->taken(); }

private:
    Refusal refusalFor(Places::Full full, const PlaceLimits &limits) const;

    const std::shared_ptr<Places> places_ = std::make_shared<Places>();
    const std::string what_;
    mutable std::mutex mutex_; // guards the two below
    PlaceLimits limits_;
    std::string closedBecause_; // "" while open
};

} // namespace lt
