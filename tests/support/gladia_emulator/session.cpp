// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/session.h"
#include "tests/support/gladia_emulator/fault_actions.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <utility>

namespace lt::emulator {

using support::isoTime;

namespace {

constexpr int kNormal = 1000;
constexpr int kGoingAway = 1001;
constexpr int kTimeout = 4408;
constexpr int kReplaced = 4409;

} // namespace

Session::Session(SessionIdentity identity, LiveConfig config, SessionSettings settings, Faults &faults)
    : identity_(std::move(identity)),
      config_(std::move(config)),
      limits_(settings.limits),
      clock_(std::move(settings.clock)),
      delays_(settings.delays),
      told_(std::move(settings.told)),
      faults_(faults),
      createdAt_(clock_.wallMicroseconds()),
      networkDraws_(settings.seed, settings.stream * 2),
      listener_(config_.format, config_.segmenter),
      lastActivityMs_(nowMs()),
      lane_(settings.delays, Draws(settings.seed, settings.stream * 2 + 1)) {
    // The client makes this message up from the answer to its POST; it is never on the socket.
    if (told_)
        told_(lifecycle(envelope(), "start_session"));
}

Envelope Session::envelope() const {
    return {identity_.id, isoTime(clock_.wallMicroseconds()),
            config_.languages.empty() ? "en" : config_.languages.front()};
}

void Session::attach(Outlet *outlet) {
    if (outlet_)
        outlet_->close(kReplaced, "a newer connection took over");
    forgetIncoming();
    outlet_ = outlet;
    counts_.connections++;
    lastActivityMs_ = nowMs();
    endingSaid_ = 0;
    if (state_ == State::kQueued) {
        state_ = State::kRecording;
        produce(lifecycle(envelope(), "start_recording"), nullptr);
    }
    deliver();
}

void Session::detach(Outlet *outlet, int closeCode) {
    if (outlet != outlet_)
        return;
    outlet_ = nullptr;
    counts_.clientCloseCode = closeCode;
    lastActivityMs_ = nowMs();
    const bool deliberate = closeCode == kNormal || closeCode == kGoingAway;
    if (state_ == State::kEnding && (deliberate || closeCode == endingCode_)) {
        complete();
    } else if (state_ == State::kRecording && deliberate) {
        // All it sent has come before its close.
        for (auto &each : std::exchange(incoming_, {}))
            handle(std::move(each));
        takePending(false);
        end(EndCause::kAbandoned);
    }
    forgetIncoming();
}

void Session::tell(const std::vector<Heard> &heard) {
    for (const Heard &event : heard) {
        const Envelope about = envelope();
        switch (event.kind) {
        case Heard::Kind::kSpeechStart:
        case Heard::Kind::kSpeechEnd:
            produce(speechEvent(about, event), nullptr);
            break;
        case Heard::Kind::kPartial:
            counts_.partial = event.utterance.text;
            produce(transcript(about, event.utterance, false), &event.utterance);
            break;
        case Heard::Kind::kFinal:
            counts_.partial.clear();
            finals_.push_back(event.utterance);
            produce(transcript(about, event.utterance, true), &event.utterance);
            tellAddOns(event.utterance);
            break;
        }
    }
}

void Session::tellAddOns(const Utterance &utterance) {
    const Envelope about = envelope();
    for (const auto &target : config_.translationTargets)
        produce(translation(about, utterance, target), &utterance);
    if (config_.entities)
        produce(namedEntities(about, utterance), &utterance);
    if (config_.sentiment)
        produce(sentiment(about, utterance), &utterance);
}

void Session::produce(Message message, const Utterance *utterance) {
    note(message);
    lane_.push(std::move(message), utterance, nowMs());
}

/// For those who listen elsewhere, and for the result of GET.
void Session::note(const Message &message) {
    if (told_)
        told_(message);
    if (config_.messages.wants(message.kind) && message.kind != MessageKind::kAcknowledgment &&
        log_.size() < limits_.keptMessages)
        log_.push_back(message.text);
}

/// Closes the audio and prepares, in the documented order, what the client is owed.
void Session::end(EndCause cause) {
    if (state_ == State::kEnding || state_ == State::kDone)
        return;
    state_ = State::kEnding;
    const double duration = config_.format.secondsOf(bytes_);
    const std::int64_t now = nowMs();
    if (cause == EndCause::kStop)
        owe(now, stopRecordingAck(envelope(), duration, secondsLeftToProcess()));
    tell(listener_.finish());
    const std::int64_t last = std::max(now, lane_.lastDueMs());
    for (auto &entry : lane_.takeAll())
        ending_.push_back(std::move(entry));
    owe(last, endRecording(envelope(), duration));
    const Outcome result = outcome();
    owe(last, postTranscript(envelope(), result));
    if (config_.summarization)
        owe(last, postSummarization(envelope(), result));
    if (config_.chapterization)
        owe(last, postChapterization(envelope(), result));
    owe(last, postFinalTranscript(envelope(), result));
    owe(last, lifecycle(envelope(), "end_session"));
    endingCode_ = cause == EndCause::kIdle ? kTimeout : kNormal;
    endingReason_ = cause == EndCause::kIdle     ? "no audio for too long"
                    : cause == EndCause::kLength ? "the session reached its longest duration"
                                                 : "session ended";
    if (!outlet_) {
        complete();
        return;
    }
    if (cause == EndCause::kStop) {
        for (const Fault &fault : faults_.atStop(outlet_->number()))
            perform(fault, *outlet_);
    }
    deliver();
}

/// At most: what has been heard and not been said, and an utterance that may be open.
double Session::secondsLeftToProcess() const {
    const std::int64_t open = bytes_ > 0 ? delays_.final.mostMs : 0;
    return static_cast<double>(std::max(lane_.lastDueMs() - nowMs(), open)) / 1000;
}

void Session::owe(std::int64_t dueMs, Message message) {
    note(message);
    ending_.push_back({dueMs, std::move(message)});
}

void Session::deliver() {
    if (frozen_ || !canSend())
        return;
    for (const Message &message : lane_.takeDue(nowMs()))
        say(message);
    if (state_ == State::kEnding)
        deliverEnding();
}

void Session::deliverEnding() {
    if (faults_.holds(FaultKind::kMute, outlet_->number()))
        return;
    const std::int64_t now = nowMs();
    while (endingSaid_ < ending_.size() && ending_[endingSaid_].dueMs <= now)
        say(ending_[endingSaid_++].message);
    if (endingSaid_ < ending_.size())
        return;
    sayHeldFinal();
    outlet_->close(endingCode_, endingReason_);
}

void Session::say(const Message &message) {
    if (!config_.messages.wants(message.kind) || faults_.holds(FaultKind::kMute, outlet_->number()))
        return;
    const bool final = message.kind == MessageKind::kFinal;
    if (final && !heldFinal_ && faults_.takeMessage(FaultKind::kReorderFinals)) {
        heldFinal_ = message;
        return;
    }
    if (message.kind == MessageKind::kPostProcessing)
        sayHeldFinal();
    outlet_->send(message);
    if (final && faults_.takeMessage(FaultKind::kRepeatFinal))
        outlet_->send(message);
    if (final)
        sayHeldFinal();
}

void Session::sayHeldFinal() {
    if (const auto held = std::exchange(heldFinal_, std::nullopt))
        outlet_->send(*held);
}

void Session::complete() {
    state_ = State::kDone;
    completedAt_ = clock_.wallMicroseconds();
    ending_.clear();
}

std::optional<std::int64_t> Session::msUntilDue() const {
    if (frozen_ || !canSend())
        return std::nullopt;
    std::optional<std::int64_t> next = lane_.nextDueMs();
    if (!incoming_.empty())
        next = std::min(next.value_or(incoming_.front().dueMs), incoming_.front().dueMs);
    if (endingSaid_ < ending_.size())
        next = std::min(next.value_or(ending_[endingSaid_].dueMs), ending_[endingSaid_].dueMs);
    return next ? std::optional(std::max<std::int64_t>(0, *next - nowMs())) : std::nullopt;
}

void Session::checkLimits() {
    if (frozen_)
        return;
    const std::int64_t quiet = nowMs() - lastActivityMs_;
    if (outlet_ && state_ == State::kRecording && limits_.idleMs > 0 && quiet >= limits_.idleMs)
        end(EndCause::kIdle);
    if (outlet_ || quiet < limits_.resumeMs)
        return;
    if (state_ == State::kEnding)
        complete();
    else
        end(EndCause::kAbandoned);
}

Outcome Session::outcome() const {
    return {.finals = finals_,
            .duration = config_.format.secondsOf(bytes_),
            .channels = config_.format.channels,
            .summarize = config_.summarization,
            .namedEntities = config_.entities,
            .sentiment = config_.sentiment,
            .translationTargets = config_.translationTargets,
            .messages = log_};
}

SessionReport Session::report() const {
    SessionReport report = counts_;
    report.id = identity_.id;
    report.token = identity_.token;
    report.region = identity_.region;
    report.requestBody = identity_.requestBody;
    report.connected = outlet_ != nullptr;
    report.ended = state_ == State::kDone;
    report.bytes = bytes_;
    report.pendingBytes = pendingBytes_;
    for (const auto &utterance : finals_)
        report.finals.push_back(
            {utteranceId(utterance), utterance.channel, utterance.start, utterance.end, utterance.text});
    return report;
}

} // namespace lt::emulator
