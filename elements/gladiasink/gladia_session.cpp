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

bool GladiaSession::passAudio(std::uint64_t now) {
    const bool plain = isLive() && !endDeadline_ && current_ && !next_ && !retiring_;
    return plain && current_->pass(now);
}

void GladiaSession::audioOverflowing(std::uint64_t now) {
    if (!isLive() || lossDeadline_)
        return;
    lossDeadline_ = now + kLossReportNs;
    if (!std::exchange(overflowTold_, true))
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

void GladiaSession::setHold(std::uint64_t now, bool hold) {
    hold_ = hold;
    if (!hold)
        audioAvailable(now);
}

void GladiaSession::abort() {
    if (!isLive())
        return;
    ended_ = true;
    for (Link *link : {&current_, &next_, &retiring_})
        if (const Link last = std::move(*link))
            dismiss(*last);
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

void GladiaSession::dismiss(SessionLink &link) {
    lastSessionId_ = link.sessionId();
    closedTranscripts_ += link.transcripts().counts();
    link.abandon();
}

/// What was shown for good is final; what was not is taken back, before anything of another session comes.
void GladiaSession::close(std::uint64_t now, Link link) {
    if (!link)
        return;
    dismiss(*link);
    for (SpokenTranscript &nothing : link->takeBack(now)) {
        if (retiring_)
            held_.push_back(std::move(nothing));
        else
            observer_.onTranscript(std::move(nothing));
    }
}

void GladiaSession::begin(std::uint64_t now) {
    const auto format = backlog_.headFormat();
    if (!format) {
        if (backlog_.exhausted())
            end(now);
        return;
    }
    if (hold_)
        return;
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
        overflowTold_ = false;
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
