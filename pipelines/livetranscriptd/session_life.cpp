// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/session_life.h"

namespace lt::service {

using Action = SessionLife::Action;

Action SessionLife::begun(TimePoint now) {
    if (state_ != State::New)
        return Action::None;
    started_ = now;
    return to(State::Running, Action::Start);
}

Action SessionLife::failed(TimePoint now) {
    if (state_ == State::Draining)
        return to(State::Stopping, Action::Stop);
    if (state_ != State::Running)
        return Action::None;
    if (now - started_ >= kSound)
        restarts_ = 0;
    gaveUp_ = restarts_ == kRestarts;
    return to(gaveUp_ ? State::Stopping : State::Clearing, Action::Stop);
}

Action SessionLife::ended() {
    if (state_ != State::Running && state_ != State::Draining)
        return Action::None;
    return to(State::Stopping, Action::Stop);
}

Action SessionLife::endWanted() {
    switch (state_) {
    case State::New:
    case State::Restarting:
        return to(State::Over, Action::Finish);
    case State::Running:
        return to(State::Draining, Action::Drain);
    case State::Clearing:
        return to(State::Stopping, Action::None); // it is on its way to NULL already
    default:
        return Action::None;
    }
}

Action SessionLife::drainTimedOut() {
    return state_ == State::Draining ? to(State::Stopping, Action::Stop) : Action::None;
}

Action SessionLife::stopped() {
    if (state_ == State::Stopping)
        return to(State::Over, Action::Finish);
    if (state_ != State::Clearing)
        return Action::None;
    restarts_++;
    return to(State::Restarting, Action::Delay);
}

Action SessionLife::backedOff(TimePoint now) {
    if (state_ != State::Restarting)
        return Action::None;
    started_ = now;
    return to(State::Running, Action::Start);
}

std::string_view stateName(SessionLife::State state) {
    switch (state) {
    case SessionLife::State::New:
        return "new";
    case SessionLife::State::Running:
        return "running";
    case SessionLife::State::Draining:
        return "draining";
    case SessionLife::State::Stopping:
        return "stopping";
    case SessionLife::State::Clearing:
    case SessionLife::State::Restarting:
        return "restarting";
    case SessionLife::State::Over:
        return "over";
    }
    return "";
}

} // namespace lt::service
