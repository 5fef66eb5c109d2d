// SPDX-License-Identifier: LGPL-2.1-or-later
// Which session of the service follows which, and how the last one ends.
#include "elements/gladiasink/gladia_session.h"

#include <utility>

namespace lt::gladia {

namespace {

/// A next session that could not be had is asked for again so much later.
constexpr std::uint64_t kNextRetryNs = 5'000'000'000;

} // namespace

// ---- what the links' new states lead to

void GladiaSession::react(std::uint64_t now) {
    settleRetiring(now);
    settleNext(now);
    while (isLive() && current_ && reactToCurrent(now))
        settleNext(now);
    if (isLive() && current_)
        rollOver(now);
}

/// True when there may be more to react to.
bool GladiaSession::reactToCurrent(std::uint64_t now) {
    switch (current_->state()) {
    case SessionLink::State::Closed:
        break;
    case SessionLink::State::Failed:
        observer_.onNotice(GaveUp{current_->failures(), current_->failure()});
        fail(now, current_->failure());
        return false;
    case SessionLink::State::Gone:
        replace(now);
        return true;
    default:
        return false;
    }
    announceLost(now);
    observer_.onNotice(Closed{current_->sessionId(), current_->closeCode()});
    backlog_.trimKept(0);
    close(now, std::move(current_));
    close(now, std::move(next_)); // of a format that is over
    if (!retiring_)
        begin(now);
    return current_ != nullptr;
}

/// The service has lost the session. What has no final yet is heard by the one that takes its place.
void GladiaSession::replace(std::uint64_t now) {
    const LinkAudio &audio = current_->audio();
    const std::uint64_t rewound = audio.rewoundBytes();
    const bool owed = rewound > 0 || audio.owedWords().any() || current_->transcripts().openUtterances() > 0;
    if (current_->wasStopped() && !owed && backlog_.exhausted()) {
        current_->abandon(); // everything was said: it is only the goodbye that is missing
        return;
    }
    const std::uint64_t again = backlog_.replay() + rewound;
    observer_.onNotice(NewSession{current_->sessionId(), current_->failure(), again});
    const HeardWords heard = current_->transcripts().heard();
    const bool several =
        current_->audio().format().channels > 1; // one alone is owed all that it is given again
    if (next_ && next_->isConnected()) {
        close(now, std::exchange(current_, std::move(next_)));
    } else {
        Link link = makeLink(current_->audio().format(), current_->successor());
        close(now, std::exchange(current_, std::move(link)));
        close(now, std::move(next_));
        current_->start(now);
    }
    if (several)
        current_->hearsAgain(heard);
    current_->audio().attach(&backlog_);
    current_->pump(now);
}

void GladiaSession::settleRetiring(std::uint64_t now) {
    if (!retiring_ || !retiring_->isOver())
        return;
    if (retiring_->state() != SessionLink::State::Closed && retiring_->transcripts().openUtterances() > 0)
        observer_.onNotice(Incomplete{retiring_->sessionId(), retiring_->failure().debug, 0, 0,
                                      retiring_->transcripts().openUtterances()});
    observer_.onNotice(Closed{retiring_->sessionId(), retiring_->closeCode()});
    close(now, std::move(retiring_));
    releaseHeld();
    if (!current_)
        begin(now);
}

/// A next session that cannot be had is tried again later; the current one goes on.
void GladiaSession::settleNext(std::uint64_t now) {
    if (!next_ || !next_->isOver())
        return;
    nextNotBefore_ = now + kNextRetryNs;
    close(now, std::move(next_));
}

void GladiaSession::rollOver(std::uint64_t now) {
    LinkAudio &audio = current_->audio();
    const bool mayPrepare =
        !next_ && now >= nextNotBefore_ && !retiring_ && current_->state() == SessionLink::State::Open;
    if (mayPrepare && !endDeadline_ && rollover_.prepare(audio.sentNs())) {
        next_ = makeLink(audio.format(), firstOrigin());
        next_->start(now);
    }
    const bool due = next_ && next_->state() == SessionLink::State::Open && !current_->wasStopped() &&
                     current_->state() == SessionLink::State::Open && !retiring_ &&
                     rollover_.cut(audio.sentNs(), audio.quietNs());
    current_->hold(due);
    if (due && audio.inFlightBytes() == 0)
        changeOver(now);
    else if (!due)
        current_->pump(now);
}

void GladiaSession::changeOver(std::uint64_t now) {
    observer_.onNotice(RolledOver{current_->sessionId(), next_->sessionId()});
    backlog_.trimKept(0); // the old session is not lost, it is only not given more
    current_->audio().attach(nullptr);
    current_->stop(now);
    retiring_ = std::move(current_);
    current_ = std::move(next_);
    current_->audio().attach(&backlog_);
    current_->pump(now);
}

// ---- the end

void GladiaSession::giveUp(std::uint64_t now) {
    const auto level = backlog_.level();
    observer_.onNotice(Incomplete{sessionId(), "The service did not take the rest of the audio in time.",
                                  level.ns, level.inFlightNs,
                                  current_ ? current_->transcripts().openUtterances() : 0});
    backlog_.giveUp(LossReason::NotTaken);
    announceLost(now);
    backlog_.shut(AudioBacklog::Result::Ended);
    for (Link *link : {&current_, &next_, &retiring_})
        close(now, std::move(*link));
    releaseHeld();
    end(now);
}

void GladiaSession::end(std::uint64_t now) {
    ended_ = true;
    close(now, std::move(next_));
    observer_.onEnded();
}

void GladiaSession::fail(std::uint64_t now, const Failure &failure) {
    const Failure copy = failure;
    backlog_.giveUp(LossReason::Discarded);
    announceLost(now);
    failed_ = true;
    backlog_.shut(AudioBacklog::Result::Failed);
    for (Link *link : {&current_, &next_, &retiring_})
        close(now, std::move(*link));
    releaseHeld();
    observer_.onFailed(copy);
}

} // namespace lt::gladia
