// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <string_view>

namespace lt::service {

/// Where a session is between its publisher's request and its end.
///
///       New ──begun──▶ Running ──eos/drained──▶ Stopping ──stopped──▶ Over
///                           │  ▲                       ▲
///                     failed│  │backed off             │ third failure in a row, end wanted
///                           ▼  │                       │
///                       Restarting ────────────────────┘
///
/// Running includes the start: a pipeline that does not come up fails. Pure: the time is an argument, and
/// what is to be done is the answer. One thread.
class SessionLife {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    enum class State {
        New,
        Running,    ///< its pipeline lives
        Draining,   ///< told to end; its last words are on their way
        Stopping,   ///< its pipeline is being taken down, for good
        Clearing,   ///< its pipeline is being taken down, another one follows
        Restarting, ///< without a pipeline until the back-off is over
        Over,
    };
    enum class Action {
        None,
        Start, ///< make a pipeline and set it going
        Drain, ///< send EOS through it
        Stop,  ///< set it to NULL; a timer of shutdown-timeout-ms runs
        Delay, ///< call backedOff() after delay()
        Finish ///< the session is over
    };

    static constexpr int kRestarts = 3; ///< in a row
    /// A pipeline that lived this long was sound: what follows counts from the beginning.
    static constexpr std::chrono::seconds kSound{60};
    static constexpr std::chrono::milliseconds kFirstDelay{500};

    State state() const { return state_; }
    int restarts() const { return restarts_; }
    Duration delay() const { return kFirstDelay * (1 << (restarts_ > 0 ? restarts_ - 1 : 0)); }
    /// True when the session ended because its pipeline failed time and again.
    bool gaveUp() const { return gaveUp_; }

    Action begun(TimePoint now);
    /// The pipeline reported an error, or could not be made.
    Action failed(TimePoint now);
    /// The pipeline reported its end.
    Action ended();
    /// Somebody wants it to end: the operator, a limit, the idle timeout.
    Action endWanted();
    /// The time for the last words is over.
    Action drainTimedOut();
    /// The pipeline is in NULL, or was given up because it did not get there in time.
    Action stopped();
    Action backedOff(TimePoint now);

private:
    Action to(State state, Action action) {
        state_ = state;
        return action;
    }

    State state_ = State::New;
    TimePoint started_{};
    int restarts_ = 0;
    bool gaveUp_ = false;
};

std::string_view stateName(SessionLife::State state);

} // namespace lt::service
