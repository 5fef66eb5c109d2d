// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/session_link.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lt::gladia {

namespace {

constexpr std::uint64_t kMaxRetryAfterNs = 30'000'000'000;
/// What a final takes beyond its utterance, at most.
constexpr std::uint64_t kFinalDelayNs = 10'000'000'000;
/// How long the service may take to say where it stands.
constexpr std::uint64_t kResumeNs = 1'000'000'000;

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

/// Without partials nothing comes while an utterance lasts.
std::uint64_t stallLimit(const SessionConfig &config) {
    const auto utteranceNs = static_cast<std::uint64_t>(config.options.maxUtterance * 1e9);
    if (config.stallSpeechNs == 0 || config.options.partials)
        return config.stallSpeechNs;
    return std::max(config.stallSpeechNs, utteranceNs + kFinalDelayNs);
}

/// The number at the end of an id like 00_00000003.
std::optional<std::uint64_t> counterOf(std::string_view id) {
    const std::size_t begin = id.find_last_not_of("0123456789");
    if (begin == std::string_view::npos || begin + 1 == id.size() || id.size() - begin > 16)
        return std::nullopt;
    std::uint64_t number = 0;
    std::from_chars(id.data() + begin + 1, id.data() + id.size(), number);
    return number;
}

} // namespace

const char *nameOf(SessionLink::State state) {
    using State = SessionLink::State;
    switch (state) {
    case State::Waiting:
        return "waiting";
    case State::Requesting:
        return "requesting";
    case State::Connecting:
        return "connecting";
    case State::Resuming:
        return "resuming";
    case State::Open:
        return "streaming";
    case State::Stopping:
        return "draining";
    case State::Closed:
        return "closed";
    case State::Gone:
        return "gone";
    case State::Failed:
        break;
    }
    return "failed";
}

SessionLink::SessionLink(LinkContext context, const AudioFormat &format, Origin origin)
    : context_(context),
      audio_(context.config, format),
      policy_(std::move(origin.policy)),
      liveness_(context.config.ackTimeoutNs, context.config.keepAliveNs),
      stall_(origin.stall.value_or(StallWatchdogs(stallLimit(context.config), format.channels))),
      replacement_(origin.replacement),
      finals_(format.channels),
      delayNs_(origin.delayNs) {
    if (origin.frameBytes)
        audio_.setFrameBytes(origin.frameBytes);
}

SessionLink::Origin SessionLink::successor() const {
    return {policy_, audio_.frameBytes(), true, delayNs_, stall_.successor()};
}

// ---- making a session, and a connection

void SessionLink::start(std::uint64_t now) {
    if (delayNs_)
        wait(now, delayNs_);
    else
        request(now);
}

void SessionLink::wait(std::uint64_t now, std::uint64_t delayNs) {
    state_ = State::Waiting;
    stateDeadline_ = now + delayNs;
}

void SessionLink::request(std::uint64_t now) {
    context_.counts.attempts++;
    state_ = State::Requesting;
    stateDeadline_ = now + context_.config.connectTimeoutNs;
    connection_ = ++context_.lastConnection;
    context_.observer.onNotice(Connecting{policy_.failures() + 1});
    context_.transport.request(connection_, initRequest(audio_.format(), context_.config.options));
}

void SessionLink::answered(std::uint64_t now, unsigned status, std::string_view body,
                           std::uint64_t retryAfterNs) {
    if (state_ != State::Requesting)
        return;
    if (status < 200 || status > 299) {
        Failure failure = failureOfStatus(status, body);
        failure.retryAfterNs = std::min(retryAfterNs, kMaxRetryAfterNs);
        return failed(now, std::move(failure));
    }
    std::string error;
    auto reply = parseInitReply(body, error);
    auto url = reply ? context_.config.endpoint.socketUrl(reply->url, error) : std::nullopt;
    if (!url)
        return failed(now, makeFailure(Trouble::Nonsense, Remedy::StopAtFirst,
                                       "The endpoint did not answer as Gladia does. Check the property "
                                       "endpoint.",
                                       error));
    sessionId_ = std::move(reply->id);
    url_ = std::move(*url);
    context_.counts.sessions++;
    transcripts_.reset(sessionId_, audio_.format());
    context_.transport.close(connection_, kCloseNormal, ""); // the request is done with
    connect(now);
}

void SessionLink::connect(std::uint64_t now) {
    state_ = State::Connecting;
    stateDeadline_ = now + context_.config.connectTimeoutNs;
    connection_ = ++context_.lastConnection;
    context_.transport.connect(connection_, url_);
}

void SessionLink::attemptFailed(std::uint64_t now, Failure failure) {
    if (state_ == State::Requesting || state_ == State::Connecting)
        failed(now, std::move(failure));
}

void SessionLink::opened(std::uint64_t now) {
    if (state_ != State::Connecting)
        return;
    if (everOpened_)
        context_.counts.reconnects++;
    lastMessage_ = 0;
    liveness_.opened(now);
    policy_.opened(now);
    context_.observer.onNotice(Connected{sessionId_});
    if (!audio_.positionUnknown())
        return resume(now, std::nullopt);
    // Acknowledgements may have been lost. The answer to a chunk without audio says where the service stands,
    // so that it gets neither too much nor too little.
    state_ = State::Resuming;
    stateDeadline_ = now + std::min(kResumeNs, context_.config.ackTimeoutNs);
    context_.transport.sendText(connection_, emptyChunk());
}

void SessionLink::resume(std::uint64_t now, std::optional<std::uint64_t> position) {
    const std::uint64_t doubled = audio_.bytesDoubled();
    const std::uint64_t bytes = audio_.resume(position, transcripts_.timeline());
    context_.counts.bytesDoubled += audio_.bytesDoubled() - doubled;
    state_ = State::Open;
    finals_.connectionBack(now);
    if (std::exchange(everOpened_, true))
        context_.observer.onNotice(Resumed{sessionId_, bytes});
    if (wasStopped() && !audio_.attached())
        stop(now); // the one before may have been lost
    else
        pump(now);
}

void SessionLink::setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs) {
    liveness_.setHeartbeat(now, intervalNs, limitNs);
}

// ---- audio out

bool SessionLink::pass(std::uint64_t now) {
    if (state_ != State::Open || !audio_.attached() || held_)
        return false;
    while (const auto block = audio_.take(now, transcripts_.timeline()))
        send(now, *block);
    return !audio_.finished() && !stall_.stalled();
}

void SessionLink::pump(std::uint64_t now) {
    if (state_ != State::Open || !audio_.attached() || held_ || pass(now))
        return;
    if (audio_.finished())
        stop(now);
    else if (stall_.stalled())
        stalled(now);
}

void SessionLink::send(std::uint64_t now, const AudioBlock &block) {
    liveness_.sent(now, audio_.inFlightBytes() == block.bytes);
    stall_.heard(block.speech);
    finals_.given(block.speech, now);
    context_.transport.sendAudio(connection_, block);
    context_.counts.chunks++;
    context_.counts.bytesSent += block.bytes;
    context_.counts.bytesResent += audio_.lastResent();
    context_.observer.onChunkSent(block.bytes);
}

void SessionLink::stop(std::uint64_t now) {
    if (stopDeadline_ == 0)
        stopDeadline_ = now + context_.config.drainTimeoutNs;
    if (state_ != State::Open)
        return; // sent as soon as it is
    state_ = State::Stopping;
    stopSentAt_ = now;
    context_.transport.sendText(connection_, stopRequest());
}

// ---- messages in

std::optional<SpokenTranscript> SessionLink::received(std::uint64_t now, std::string_view text) {
    if (!isConnected())
        return std::nullopt;
    context_.counts.messages++;
    liveness_.heard(now);
    if (lastMessage_)
        context_.observer.onMessageGap(now - lastMessage_);
    lastMessage_ = now;
    std::string error;
    if (auto message = parseServerMessage(text, error))
        return handle(now, std::move(*message));
    context_.counts.malformed++;
    return std::nullopt;
}

std::optional<SpokenTranscript> SessionLink::handle(std::uint64_t now, ServerMessage message) {
    std::optional<SpokenTranscript> spoken;
    std::visit(
        Overloaded{
            [&](Utterance &said) { spoken = transcribed(now, std::move(said)); },
            [&](const AudioAck &ack) { acknowledged(now, ack); },
            [&](const AudioRefused &refused) { rejected(now, refused.reason); },
            [&](const ServiceError &error) { context_.observer.onNotice(AudioRejected{error.reason}); },
            [&](AddOnResult &result) { spoken = transcripts_.make(std::move(result), now); },
            [&](Summary &summary) { spoken = transcripts_.make(std::move(summary), now); },
            [&](const StopAck &) {
                stopAcknowledged_ = true;
                stopSentAt_ = 0;
            },
            [](const OtherMessage &) {},
        },
        message);
    return spoken;
}

std::optional<SpokenTranscript> SessionLink::transcribed(std::uint64_t now, Utterance utterance) {
    if (utterance.isFinal && !noteFinal(utterance)) {
        failed(now, lostTranscripts());
        return std::nullopt; // heard again, and in its place
    }
    stall_.transcribed(now, utterance.channel, utterance.isFinal);
    if (utterance.isFinal)
        audio_.settle(utterance.channel, utterance.end);
    auto spoken = transcripts_.make(std::move(utterance), now);
    if (stall_.stalled() && state_ == State::Open)
        stalled(now);
    return spoken;
}

/// False when a final before this one must have been lost with a connection: the service counts utterances.
bool SessionLink::noteFinal(const Utterance &utterance) {
    return finals_.follows(utterance.channel, counterOf(utterance.id)) || !audio_.attached();
}

void SessionLink::acknowledged(std::uint64_t now, const AudioAck &ack) {
    if (state_ == State::Resuming) {
        liveness_.acknowledged(now);
        return resume(now, ack.endByte);
    }
    const std::uint64_t doubled = audio_.bytesDoubled();
    const bool news = audio_.acknowledge(ack, transcripts_.timeline());
    context_.counts.bytesDoubled += audio_.bytesDoubled() - doubled;
    if (!news)
        return;
    progressed_ = true;
    fruitless_ = 0;
    policy_.progressed();
    liveness_.acknowledged(now);
    if (stopDeadline_)
        stopDeadline_ = std::max(stopDeadline_, now + context_.config.drainTimeoutNs);
    pump(now);
}

void SessionLink::rejected(std::uint64_t now, const std::string &reason) {
    context_.counts.rejectedChunks++;
    context_.observer.onNotice(AudioRejected{reason});
    if (state_ == State::Resuming)
        resume(now, std::nullopt);
    else if (audio_.inFlightBytes() > 0)
        // What was sent behind it has a hole before it, and every position is off.
        failed(now, makeFailure(Trouble::Lost, Remedy::NewSession,
                                "Gladia did not take a piece of audio; another session hears it.", reason));
}

} // namespace lt::gladia
