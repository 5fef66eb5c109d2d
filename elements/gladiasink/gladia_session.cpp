// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_session.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

namespace {

/// Losses are announced at least so often while they go on.
constexpr std::uint64_t kLossReportNs = 10'000'000'000;

} // namespace

const char *nameOf(GladiaSession::State state) {
    using State = GladiaSession::State;
    switch (state) {
    case State::Idle:
        return "idle";
    case State::Requesting:
        return "requesting";
    case State::Waiting:
        return "waiting";
    case State::Connecting:
        return "connecting";
    case State::Resuming:
        return "resuming";
    case State::Streaming:
        return "streaming";
    case State::Draining:
        return "draining";
    case State::Ended:
        return "ended";
    case State::Failed:
        break;
    }
    return "failed";
}

GladiaSession::GladiaSession(SessionConfig config, AudioBacklog &backlog, Transport &transport,
                             SessionObserver &observer)
    : config_(std::move(config)),
      backlog_(backlog),
      transport_(transport),
      observer_(observer),
      rollover_(config_.maxSessionNs) {}

GladiaSession::State GladiaSession::state() const {
    if (ended_ || failed_)
        return ended_ ? State::Ended : State::Failed;
    if (!current_)
        return retiring_ ? State::Draining : State::Idle;
    switch (current_->state()) {
    case SessionLink::State::Requesting:
        return State::Requesting;
    case SessionLink::State::Connecting:
        return State::Connecting;
    case SessionLink::State::Resuming:
        return State::Resuming;
    case SessionLink::State::Open:
        return State::Streaming;
    case SessionLink::State::Stopping:
        return State::Draining;
    default:
        return State::Waiting;
    }
}

SessionTranscripts::Counts GladiaSession::transcriptCounts() const {
    SessionTranscripts::Counts sum = closedTranscripts_;
    for (const Link *link : {&current_, &retiring_})
        if (*link)
            sum += (*link)->transcripts().counts();
    return sum;
}

// ---- audio in

void GladiaSession::audioAvailable(std::uint64_t now) {
    if (!isLive())
        return;
    if (!current_ && !retiring_)
        begin(now);
    else if (current_)
        current_->pump(now);
    react(now);
}

void GladiaSession::audioOverflowing(std::uint64_t now) {
    if (!isLive() || lossDeadline_)
        return;
    lossDeadline_ = now + kLossReportNs;
    observer_.onNotice(Overflowing{});
}

void GladiaSession::audioEnded(std::uint64_t now) {
    if (!isLive())
        return;
    endDeadline_ = now + config_.drainTimeoutNs;
    audioAvailable(now);
}

void GladiaSession::setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs) {
    heartbeatIntervalNs_ = intervalNs;
    heartbeatLimitNs_ = limitNs;
    for (const Link *link : {&current_, &next_, &retiring_})
        if (*link)
            (*link)->setHeartbeat(now, intervalNs, limitNs);
}

void GladiaSession::abort() {
    if (!isLive())
        return;
    ended_ = true;
    for (Link *link : {&current_, &next_, &retiring_})
        close(std::move(*link));
    held_.clear();
}

// ---- links

GladiaSession::Link GladiaSession::makeLink(const AudioFormat &format, SessionLink::Origin origin) {
    auto link = std::make_unique<SessionLink>(
        LinkContext{config_, transport_, observer_, counts_, lastConnection_}, format, std::move(origin));
    if (heartbeatIntervalNs_)
        link->setHeartbeat(0, heartbeatIntervalNs_, heartbeatLimitNs_);
    return link;
}

SessionLink::Origin GladiaSession::firstOrigin() const {
    return {ReconnectPolicy(
        {config_.reconnectMinNs, config_.reconnectMaxNs, config_.maxAttempts, config_.random})};
}

void GladiaSession::close(Link link) {
    if (!link)
        return;
    lastSessionId_ = link->sessionId();
    closedTranscripts_ += link->transcripts().counts();
    link->abandon();
}

void GladiaSession::begin(std::uint64_t now) {
    const auto format = backlog_.headFormat();
    if (!format) {
        if (backlog_.exhausted())
            end();
        return;
    }
    if (endDeadline_)
        endDeadline_ = now + config_.drainTimeoutNs;
    current_ = makeLink(*format, firstOrigin());
    current_->audio().attach(&backlog_);
    current_->start(now);
}

SessionLink *GladiaSession::linkOf(ConnectionId id) {
    for (const Link *link : {&current_, &next_, &retiring_})
        if (*link && id != kNoConnection && (*link)->connection() == id)
            return link->get();
    return nullptr;
}

// ---- from the transport

template <typename Event>
void GladiaSession::tell(std::uint64_t now, ConnectionId id, const Event &event) {
    if (SessionLink *link = linkOf(id)) {
        event(*link);
        react(now);
    }
}

void GladiaSession::answered(std::uint64_t now, ConnectionId id, unsigned status, std::string_view body,
                             std::uint64_t retryAfterNs) {
    tell(now, id, [&](SessionLink &link) { link.answered(now, status, body, retryAfterNs); });
}

void GladiaSession::attemptFailed(std::uint64_t now, ConnectionId id, Failure failure) {
    tell(now, id, [&](SessionLink &link) { link.attemptFailed(now, std::move(failure)); });
}

void GladiaSession::opened(std::uint64_t now, ConnectionId id) {
    tell(now, id, [&](SessionLink &link) {
        announceLost(now);
        link.opened(now);
    });
}

void GladiaSession::received(std::uint64_t now, ConnectionId id, std::string_view text) {
    SessionLink *link = linkOf(id);
    if (!link)
        return;
    const std::uint64_t before = backlog_.level().bytes.acknowledged;
    if (auto spoken = link->received(now, text))
        deliver(*link, std::move(*spoken));
    if (endDeadline_ && backlog_.level().bytes.acknowledged != before)
        endDeadline_ = now + config_.drainTimeoutNs;
    react(now);
}

void GladiaSession::pongReceived(std::uint64_t now, ConnectionId id) {
    tell(now, id, [&](SessionLink &link) { link.pongReceived(now); });
}

void GladiaSession::closed(std::uint64_t now, ConnectionId id, unsigned code, std::string_view reason) {
    tell(now, id, [&](SessionLink &link) { link.closed(now, code, reason); });
}

// ---- transcripts out

void GladiaSession::deliver(SessionLink &link, SpokenTranscript spoken) {
    if (&link == current_.get() && std::exchange(holePending_, false))
        spoken.afterHole = true;
    if (retiring_ && &link != retiring_.get())
        held_.push_back(std::move(spoken));
    else
        observer_.onTranscript(std::move(spoken));
}

void GladiaSession::releaseHeld() {
    for (SpokenTranscript &spoken : std::exchange(held_, {}))
        observer_.onTranscript(std::move(spoken));
}

void GladiaSession::announceLost(std::uint64_t now) {
    lossDeadline_ = 0;
    for (const Loss &loss : backlog_.takeLosses()) {
        observer_.onNotice(AudioLost{loss});
        auto gap = makeGap(sessionId(), ++gaps_, loss.range, nameOf(loss.reason), now);
        holePending_ = true;
        if (retiring_)
            held_.push_back(std::move(gap));
        else
            observer_.onTranscript(std::move(gap));
    }
}

// ---- what the links' new states lead to

void GladiaSession::react(std::uint64_t now) {
    settleRetiring(now);
    settleNext();
    while (isLive() && current_ && reactToCurrent(now))
        settleNext();
    if (isLive() && current_)
        rollOver(now);
}

/// True when there may be more to react to.
bool GladiaSession::reactToCurrent(std::uint64_t now) {
    switch (current_->state()) {
    case SessionLink::State::Closed:
        break;
    case SessionLink::State::Failed:
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
    close(std::move(current_));
    if (!retiring_)
        begin(now);
    return current_ != nullptr;
}

/// The service has lost the session. What has no final yet is heard by the one that takes its place.
void GladiaSession::replace(std::uint64_t now) {
    const LinkAudio &audio = current_->audio();
    const std::uint64_t rewound = audio.rewoundBytes();
    const bool owed = rewound > 0 || audio.owesWords() || current_->transcripts().openUtterances() > 0;
    if (current_->wasStopped() && !owed && backlog_.exhausted()) {
        current_->abandon(); // everything was said: it is only the goodbye that is missing
        return;
    }
    const std::uint64_t again = backlog_.replay() + rewound;
    observer_.onNotice(NewSession{current_->sessionId(), current_->failure(), again});
    if (next_ && next_->isConnected()) {
        close(std::exchange(current_, std::move(next_)));
    } else {
        Link link = makeLink(current_->audio().format(), current_->successor());
        close(std::exchange(current_, std::move(link)));
        close(std::move(next_));
        current_->start(now);
    }
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
    close(std::move(retiring_));
    releaseHeld();
    if (!current_)
        begin(now);
}

/// A next session that cannot be had is tried again later; the current one goes on.
void GladiaSession::settleNext() {
    if (next_ && next_->isOver())
        close(std::move(next_));
}

void GladiaSession::rollOver(std::uint64_t now) {
    LinkAudio &audio = current_->audio();
    const bool mayPrepare = !next_ && !retiring_ && current_->state() == SessionLink::State::Open;
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
        close(std::move(*link));
    releaseHeld();
    end();
}

void GladiaSession::end() {
    ended_ = true;
    close(std::move(next_));
    observer_.onEnded();
}

void GladiaSession::fail(std::uint64_t now, const Failure &failure) {
    const Failure copy = failure;
    backlog_.giveUp(LossReason::Discarded);
    announceLost(now);
    failed_ = true;
    backlog_.shut(AudioBacklog::Result::Failed);
    for (Link *link : {&current_, &next_, &retiring_})
        close(std::move(*link));
    releaseHeld();
    observer_.onFailed(copy);
}

// ---- time

std::optional<std::uint64_t> GladiaSession::deadline() const {
    if (!isLive())
        return std::nullopt;
    std::optional<std::uint64_t> due;
    const auto note = [&](std::optional<std::uint64_t> one) {
        if (one && (!due || *one < *due))
            due = one;
    };
    for (const Link *link : {&current_, &next_, &retiring_})
        if (*link)
            note((*link)->deadline());
    if (lossDeadline_)
        note(lossDeadline_);
    // Once the stop is sent, its own limit holds.
    if (endDeadline_ && current_ && !current_->wasStopped())
        note(endDeadline_);
    return due;
}

void GladiaSession::tick(std::uint64_t now) {
    const auto due = deadline();
    if (!due || now < *due)
        return;
    if (endDeadline_ && current_ && !current_->wasStopped() && now >= endDeadline_)
        return giveUp(now);
    if (lossDeadline_ && now >= lossDeadline_)
        announceLost(now);
    for (const Link *link : {&current_, &next_, &retiring_})
        if (*link)
            (*link)->tick(now);
    react(now);
}

} // namespace lt::gladia
