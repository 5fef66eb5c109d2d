// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_session.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

namespace {

constexpr unsigned kClosePolicy = 1008;
constexpr std::size_t kMaxFrameBytes = 512 * 1024; // the service refuses 1 MiB
constexpr std::uint64_t kFirstBackOffNs = 300'000'000;
constexpr std::uint64_t kMaxBackOffNs = 10'000'000'000;
constexpr std::uint64_t kMaxRetryAfterNs = 30'000'000'000;

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

std::string milliseconds(std::uint64_t ns) {
    return std::to_string(ns / 1'000'000) + " ms";
}

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
      liveness_(config_.silenceLimitNs, config_.keepAliveNs) {}

// ---- audio in

void GladiaSession::audioAvailable(std::uint64_t now) {
    if (state_ == State::Idle)
        begin(now);
    else if (state_ == State::Streaming)
        pump(now);
}

void GladiaSession::audioEnded(std::uint64_t now) {
    endDeadline_ = now + config_.drainTimeoutNs;
    audioAvailable(now);
}

void GladiaSession::setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs) {
    pingIntervalNs_ = intervalNs;
    liveness_.setHeartbeat(now, limitNs);
    if (isOpen())
        transport_.setPingInterval(intervalNs);
}

void GladiaSession::abort() {
    if (!isLive())
        return;
    state_ = State::Ended;
    transport_.close(kCloseNormal, "");
}

// ---- making a session

void GladiaSession::begin(std::uint64_t now) {
    const auto format = backlog_.headFormat();
    if (!format) {
        state_ = State::Idle;
        if (!backlog_.exhausted())
            return;
        state_ = State::Ended;
        observer_.onEnded();
        return;
    }
    format_ = *format;
    attempt_ = 0;
    if (endDeadline_)
        endDeadline_ = now + config_.drainTimeoutNs;
    request(now);
}

void GladiaSession::request(std::uint64_t now) {
    attempt_++;
    counts_.attempts++;
    state_ = State::Requesting;
    stateDeadline_ = now + config_.connectTimeoutNs;
    observer_.onNotice(Connecting{attempt_});
    transport_.request(initRequest(format_, config_.options));
}

void GladiaSession::answered(std::uint64_t now, unsigned status, std::string_view body,
                             std::uint64_t retryAfterNs) {
    if (state_ != State::Requesting)
        return;
    if (status < 200 || status > 299) {
        Failure failure = failureOfStatus(status, body);
        failure.retryAfterNs = std::min(retryAfterNs, kMaxRetryAfterNs);
        attemptFailed(now, std::move(failure));
        return;
    }
    std::string error;
    auto reply = parseInitReply(body, error);
    const auto url = reply ? config_.endpoint.socketUrl(reply->url, error) : std::nullopt;
    if (!url) {
        attemptFailed(now, makeFailure(Trouble::Nonsense, false,
                                       "The endpoint did not answer as Gladia does. Check the property "
                                       "endpoint.",
                                       error));
        return;
    }
    sessionId_ = std::move(reply->id);
    counts_.sessions++;
    state_ = State::Connecting;
    stateDeadline_ = now + config_.connectTimeoutNs;
    transport_.connect(*url);
}

void GladiaSession::attemptFailed(std::uint64_t now, Failure failure) {
    if (state_ != State::Requesting && state_ != State::Connecting)
        return;
    transport_.close(kCloseNormal, "");
    if (!failure.transient || (config_.maxAttempts && attempt_ >= config_.maxAttempts)) {
        if (failure.transient)
            failure.debug += " (attempt " + std::to_string(attempt_) + ", the last one)";
        fail(failure);
        return;
    }
    const std::uint64_t delay = std::max(backOffNs(), failure.retryAfterNs);
    state_ = State::Waiting;
    stateDeadline_ = now + delay;
    observer_.onNotice(Retrying{attempt_, delay, std::move(failure)});
}

std::uint64_t GladiaSession::backOffNs() const {
    const std::uint64_t full = std::min(kFirstBackOffNs << std::min(attempt_ - 1, 20u), kMaxBackOffNs);
    return full / 2 + static_cast<std::uint64_t>(static_cast<double>(full / 2) * config_.random());
}

void GladiaSession::opened(std::uint64_t now) {
    if (state_ != State::Connecting)
        return;
    state_ = State::Streaming;
    transcripts_.reset(sessionId_, format_);
    acknowledged_ = 0;
    liveness_.opened(now);
    lastMessage_ = 0;
    if (pingIntervalNs_)
        transport_.setPingInterval(pingIntervalNs_);
    observer_.onNotice(Connected{sessionId_});
    pump(now);
}

// ---- audio out

std::uint64_t GladiaSession::inFlightNs() const {
    if (!isOpen())
        return 0;
    const std::uint64_t sent = transcripts_.timeline().sentBytes();
    return format_.nsOfBytes(sent - std::min(acknowledged_, sent));
}

void GladiaSession::pump(std::uint64_t now) {
    while (inFlightNs() < config_.maxInFlightNs) {
        const auto block = backlog_.pop(format_);
        if (!block) {
            const auto next = backlog_.headFormat();
            if (next ? *next != format_ : backlog_.exhausted())
                stop(now);
            return;
        }
        announceLost(now);
        send(now, *block);
    }
}

void GladiaSession::send(std::uint64_t now, const AudioBlock &block) {
    liveness_.sent(now, inFlightNs() == 0);
    const std::size_t step = kMaxFrameBytes / block.format.bytesPerFrame() * block.format.bytesPerFrame();
    for (std::size_t offset = 0; offset < block.bytes; offset += step) {
        const std::size_t bytes = std::min(step, block.bytes - offset);
        transport_.sendAudio(block, offset, bytes);
        transcripts_.timeline().append(bytes, block.runningNs + block.format.nsOfBytes(offset),
                                       block.enteredNs, now);
        counts_.chunks++;
        counts_.bytesSent += bytes;
        observer_.onChunkSent(bytes);
    }
}

void GladiaSession::announceLost(std::uint64_t now) {
    const std::string reason = "backlog full";
    for (const LostRange &range : backlog_.takeLost()) {
        observer_.onNotice(AudioLost{range, reason});
        observer_.onTranscript(transcripts_.makeGap(range, reason, now));
    }
}

void GladiaSession::stop(std::uint64_t now) {
    announceLost(now);
    state_ = State::Draining;
    stateDeadline_ = now + config_.drainTimeoutNs;
    transport_.sendText(stopRequest());
}

// ---- messages

void GladiaSession::received(std::uint64_t now, std::string_view text) {
    if (!isOpen())
        return;
    counts_.messages++;
    liveness_.heard(now);
    if (lastMessage_)
        observer_.onMessageGap(now - lastMessage_);
    lastMessage_ = now;
    std::string error;
    if (auto message = parseServerMessage(text, error))
        handle(now, std::move(*message));
    else
        counts_.malformed++;
}

void GladiaSession::handle(std::uint64_t now, ServerMessage message) {
    const auto rejected = [this](const std::string &reason) {
        counts_.rejectedChunks++;
        observer_.onNotice(AudioRejected{reason});
    };
    std::visit(
        Overloaded{
            [&](Utterance &said) {
                if (auto spoken = transcripts_.make(std::move(said), now))
                    observer_.onTranscript(std::move(*spoken));
            },
            [&](const AudioAck &ack) { acknowledge(now, ack.endByte); },
            [&](const AudioRefused &refused) { rejected(refused.reason); },
            [&](const ServiceError &error) { rejected(error.reason); },
            [&](AddOnResult &result) {
                if (auto spoken = transcripts_.make(std::move(result), now))
                    observer_.onTranscript(std::move(*spoken));
            },
            [&](Summary &summary) { observer_.onTranscript(transcripts_.make(std::move(summary), now)); },
            [](const SpeechEvent &) {},
            [](const StopAck &) {},
            [](const OtherMessage &) {},
        },
        message);
}

void GladiaSession::acknowledge(std::uint64_t now, std::uint64_t endByte) {
    const std::uint64_t end = std::min(endByte, transcripts_.timeline().sentBytes());
    if (end <= acknowledged_)
        return;
    counts_.bytesAcknowledged += end - acknowledged_;
    acknowledged_ = end;
    if (endDeadline_)
        endDeadline_ = now + config_.drainTimeoutNs;
    if (state_ == State::Streaming)
        pump(now);
}

void GladiaSession::pongReceived(std::uint64_t now) {
    liveness_.heard(now);
}

// ---- the end

void GladiaSession::closed(std::uint64_t now, unsigned code, std::string_view reason) {
    Failure failure = failureOfClose(code, reason);
    if (state_ == State::Connecting) {
        attemptFailed(now, std::move(failure));
    } else if (state_ == State::Streaming) {
        fail(failure);
    } else if (state_ == State::Draining) {
        if (code == kCloseNormal)
            leaveSession(now, code);
        else
            giveUpDraining(now, code, failure.debug);
    }
}

void GladiaSession::giveUpDraining(std::uint64_t now, unsigned code, const std::string &why) {
    observer_.onNotice(
        Incomplete{sessionId_, why, code, backlog_.level().ns, inFlightNs(), transcripts_.openUtterances()});
    if (state_ == State::Streaming)
        backlog_.shut(AudioBacklog::Result::Ended);
    leaveSession(now, code);
}

void GladiaSession::leaveSession(std::uint64_t now, unsigned code) {
    transport_.close(kCloseNormal, "");
    observer_.onNotice(Closed{sessionId_, code});
    begin(now);
}

void GladiaSession::fail(const Failure &failure, unsigned closeCode, const std::string &reason) {
    state_ = State::Failed;
    backlog_.shut(AudioBacklog::Result::Failed);
    transport_.close(closeCode, reason);
    observer_.onFailed(failure);
}

// ---- time

std::optional<std::uint64_t> GladiaSession::deadline() const {
    std::uint64_t due = ~std::uint64_t{0};
    switch (state_) {
    case State::Idle:
    case State::Ended:
    case State::Failed:
        return std::nullopt;
    case State::Requesting:
    case State::Waiting:
    case State::Connecting:
        due = endDeadline_ ? std::min(stateDeadline_, endDeadline_) : stateDeadline_;
        break;
    case State::Streaming:
        due = std::min(deadAt(), liveness_.keepAliveAt());
        if (endDeadline_)
            due = std::min(due, endDeadline_);
        break;
    case State::Draining:
        due = stateDeadline_;
        break;
    }
    return due;
}

void GladiaSession::tick(std::uint64_t now) {
    const auto due = deadline();
    if (!due || now < *due)
        return;
    if (state_ == State::Waiting && !(endDeadline_ && now >= endDeadline_))
        request(now);
    else if (state_ != State::Streaming)
        timedOut(now);
    else if (now >= deadAt())
        timedOut(now);
    else if (endDeadline_ && now >= endDeadline_)
        giveUpDraining(now, 0, "The service did not take the rest of the audio.");
    else {
        liveness_.sent(now, false);
        transport_.sendText(emptyChunk());
    }
}

void GladiaSession::timedOut(std::uint64_t now) {
    if (state_ == State::Draining) {
        giveUpDraining(now, 0,
                       "The service did not finish within " + milliseconds(config_.drainTimeoutNs) + ".");
        return;
    }
    if (state_ == State::Streaming) {
        Failure failure =
            makeFailure(Trouble::Lost, true, "The connection to Gladia is dead: nothing was heard.",
                        "Nothing received for " + milliseconds(now - liveness_.lastHeard()) + ".");
        failure.closeCode = kClosePolicy;
        fail(failure, kClosePolicy, "Heartbeat timeout");
        return;
    }
    const bool atEnd = endDeadline_ && now >= endDeadline_;
    const std::string phase = state_ == State::Requesting ? "No answer to the request" : "No WebSocket";
    Failure failure =
        makeFailure(Trouble::CannotConnect, !atEnd,
                    "Gladia did not answer in time. Check the network and the property endpoint.",
                    phase + (atEnd ? " before drain-timeout-ms after the end of the audio."
                                   : " within " + milliseconds(config_.connectTimeoutNs) + "."));
    if (state_ == State::Waiting) {
        fail(failure);
        return;
    }
    attemptFailed(now, std::move(failure));
}

} // namespace lt::gladia
