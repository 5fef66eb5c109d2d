// SPDX-License-Identifier: LGPL-2.1-or-later
// What ends connections and sessions, and what time does to them.
#include "elements/gladiasink/session_link.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace lt::gladia {

namespace {

/// A session that the service lets in so often in a row without success is given up for a new one.
constexpr unsigned kHopelessFailures = 8;
/// What a final takes beyond the pause that ends its utterance, at most.
constexpr std::uint64_t kFinalDelayNs = 5'000'000'000;
/// From so many on, connections that break right after opening are called what they are.
constexpr unsigned kShortLives = 3;

std::string milliseconds(std::uint64_t ns) {
    return std::to_string(ns / 1'000'000) + " ms";
}

} // namespace

// ---- losses

void SessionLink::closed(std::uint64_t now, unsigned code, std::string_view reason) {
    if (!isConnected() && state_ != State::Connecting)
        return;
    closeCode_ = code;
    const bool inOrder = code == kCloseNormal && wasStopped() &&
                         (state_ == State::Stopping || stopAcknowledged_ || !audio_.positionUnknown());
    if (!inOrder)
        return failed(now, failureOfClose(code, reason));
    if (finalsAreLost())
        return failed(now, lostTranscripts());
    if (state_ == State::Resuming)
        resume(now, std::nullopt); // it had everything, and the stop: hence the close
    context_.transport.close(std::exchange(connection_, kNoConnection), kCloseNormal, "");
    audio_.acknowledgeAll();
    state_ = State::Closed;
}

/// At the end: a channel that has not gone on since a connection was lost, and still owes words.
bool SessionLink::finalsAreLost() const {
    const bool open = transcripts_.openUtterances() > 0; // somebody's
    for (unsigned channel = 0; channel < finals_.channels(); channel++)
        if (finals_.mayBeLost(channel) && (open || audio_.owedWords().by(channel)))
            return audio_.attached();
    return false;
}

Failure SessionLink::lostTranscripts() {
    return makeFailure(Trouble::Lost, Remedy::NewSession,
                       "Transcripts were lost with a connection; their audio is heard again.",
                       "A final is missing.");
}

/// When a final that may have been lost with a connection is not waited for any longer. The next one would
/// tell, by its number; but nobody may speak for an hour.
std::uint64_t SessionLink::wordsOverdueAt() const {
    const auto pauseNs = static_cast<std::uint64_t>(context_.config.options.endpointing * 1e9);
    auto due = std::numeric_limits<std::uint64_t>::max();
    for (unsigned channel = 0; audio_.attached() && channel < finals_.channels(); channel++)
        if (finals_.mayBeLost(channel) && audio_.owedWords().by(channel))
            due = std::min(due, finals_.waitedForSince(channel) + pauseNs + kFinalDelayNs);
    return due;
}

Remedy SessionLink::remedyFor(const Failure &failure) const {
    switch (failure.remedy) {
    case Remedy::Stop:
        return Remedy::Stop;
    case Remedy::StopAtFirst:
        return context_.counts.sessions > 0 ? Remedy::Retry : Remedy::Stop;
    case Remedy::NewSession:
        if (replacement_ && !progressed_ && failure.closeCode != kCloseNormal)
            return Remedy::Stop;
        return Remedy::NewSession;
    case Remedy::Retry:
        break;
    }
    return !sessionId_.empty() && fruitless_ >= kHopelessFailures ? Remedy::NewSession : Remedy::Retry;
}

void SessionLink::failed(std::uint64_t now, Failure failure, unsigned code, const std::string &reason) {
    const bool wasOpen = isConnected();
    context_.transport.close(std::exchange(connection_, kNoConnection), code, reason);
    if (wasOpen) {
        audio_.connectionLost();
        finals_.connectionLost();
        context_.observer.onNotice(Lost{sessionId_, failure});
    }
    if (failure.closeCode == kCloseTooBig)
        audio_.useSmallerFrames();
    // The service answers, and yet no audio gets through.
    if ((failure.httpStatus != 0 || failure.closeCode != 0) && audio_.hasAudio())
        fruitless_++;
    const Remedy remedy = remedyFor(failure);
    if (remedy == Remedy::Stop)
        return giveUp(std::move(failure), false);
    const auto delay = policy_.failed(now, failure.retryAfterNs);
    if (!delay)
        return giveUp(std::move(failure), true);
    if (policy_.shortLives() >= kShortLives)
        failure.text = "Connections to Gladia break right after they open, " +
                       std::to_string(policy_.shortLives()) + " times in a row. " + failure.text;
    if (remedy == Remedy::NewSession) {
        state_ = State::Gone;
        delayNs_ = replacement_ ? *delay : 0;
        failure_ = std::move(failure);
        return;
    }
    wait(now, *delay);
    const bool degraded = (!wasOpen && policy_.failures() == 1) || policy_.shortLives() == kShortLives;
    context_.observer.onNotice(Retrying{policy_.failures() + 1, *delay, std::move(failure), degraded});
}

void SessionLink::giveUp(Failure failure, bool attemptsUsedUp) {
    if (attemptsUsedUp)
        failure.debug += " (attempt " + std::to_string(policy_.failures()) + ", the last one)";
    failure_ = std::move(failure);
    state_ = State::Failed;
}

void SessionLink::stalled(std::uint64_t now) {
    context_.counts.stalls++;
    const unsigned channel = stall_.stalled().value_or(0);
    context_.observer.onNotice(Stalled{sessionId_, channel, stall_.speechNs(channel)});
    const bool again = stall_.repeated(channel);
    stall_.reset();
    failed(now, makeFailure(Trouble::Lost, again ? Remedy::NewSession : Remedy::Retry,
                            "The session is stalled: speech goes in and nothing comes out.", "Stalled."));
}

void SessionLink::abandon() {
    context_.transport.close(std::exchange(connection_, kNoConnection), kCloseNormal, "");
    state_ = State::Closed;
}

// ---- time

/// A stop is answered at once, whatever there is still to be transcribed; what comes then may take its time.
std::uint64_t SessionLink::deadAt() const {
    const std::uint64_t due = liveness_.deadAt(audio_.inFlightBytes() > 0);
    if (state_ != State::Stopping || stopSentAt_ == 0)
        return due;
    return std::min(due, std::max(stopSentAt_, liveness_.lastHeard()) + context_.config.ackTimeoutNs);
}

std::uint64_t SessionLink::openDeadline() const {
    std::uint64_t due = std::min({deadAt(), liveness_.keepAliveAt(), liveness_.pingAt(), wordsOverdueAt()});
    if (const auto audioDue = held_ ? std::nullopt : audio_.dueAt())
        due = std::min(due, *audioDue);
    return due;
}

std::optional<std::uint64_t> SessionLink::deadline() const {
    std::uint64_t due = stateDeadline_;
    switch (state_) {
    case State::Closed:
    case State::Gone:
    case State::Failed:
        return std::nullopt;
    case State::Open:
        due = openDeadline();
        break;
    case State::Stopping:
        due = std::min(deadAt(), liveness_.pingAt());
        break;
    case State::Waiting:
    case State::Requesting:
    case State::Connecting:
    case State::Resuming:
        break;
    }
    return stopDeadline_ ? std::min(due, stopDeadline_) : due;
}

void SessionLink::tick(std::uint64_t now) {
    const auto due = deadline();
    if (!due || now < *due)
        return;
    if (stopDeadline_ && now >= stopDeadline_)
        return unfinished("The service did not finish within " +
                          milliseconds(context_.config.drainTimeoutNs) + ".");
    switch (state_) {
    case State::Waiting:
        if (sessionId_.empty())
            return request(now);
        context_.counts.attempts++;
        context_.observer.onNotice(Connecting{policy_.failures() + 1});
        return connect(now);
    case State::Resuming:
        return resume(now, std::nullopt);
    case State::Requesting:
    case State::Connecting:
        return overdue(now);
    default:
        break;
    }
    if (now >= deadAt())
        return overdue(now);
    if (state_ == State::Open && now >= wordsOverdueAt())
        return failed(now, lostTranscripts());
    if (now >= liveness_.pingAt()) {
        liveness_.pinged(now);
        context_.transport.ping(connection_);
    }
    if (state_ == State::Open && now >= liveness_.keepAliveAt()) {
        liveness_.sent(now, false);
        context_.transport.sendText(connection_, emptyChunk());
    }
    pump(now);
}

void SessionLink::overdue(std::uint64_t now) {
    if (isConnected()) {
        Failure failure = makeFailure(
            Trouble::Lost, Remedy::Retry,
            "The connection to Gladia is dead: nothing was heard on it any more. Check the network.",
            "Last message " + milliseconds(now - liveness_.lastHeard()) + " ago, " +
                std::to_string(audio_.inFlightBytes()) + " bytes unacknowledged.");
        failure.closeCode = kClosePolicy;
        return failed(now, std::move(failure), kClosePolicy, "Heartbeat timeout");
    }
    const std::string phase = state_ == State::Requesting ? "No answer to the request" : "No WebSocket";
    failed(now, makeFailure(Trouble::CannotConnect, Remedy::Retry,
                            "Gladia did not answer in time. Check the network and the property endpoint.",
                            phase + " within " + milliseconds(context_.config.connectTimeoutNs) + "."));
}

void SessionLink::unfinished(const std::string &why) {
    context_.observer.onNotice(
        Incomplete{sessionId_, why, 0, audio_.inFlightNs(), transcripts_.openUtterances()});
    abandon();
}

} // namespace lt::gladia
