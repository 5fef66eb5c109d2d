// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/session.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <utility>

namespace lt::emulator {

using support::isoTime;
using support::objectMember;
using support::parseObject;
using support::stringMember;

namespace {

constexpr int kNormal = 1000;
constexpr int kBadMessage = 4400;
constexpr int kTimeout = 4408;
constexpr int kReplaced = 4409;

/// Bytes of strict base64, or nothing. GLib's own decoder skips over what it does not know.
std::optional<std::vector<std::uint8_t>> decodeBase64(const char *text) {
    const std::string_view view(text);
    const std::size_t padding = view.ends_with("==") ? 2 : view.ends_with("=") ? 1 : 0;
    const auto isSymbol = [](char c) {
        return g_ascii_isalnum(c) || c == '+' || c == '/';
    };
    if (view.size() % 4 != 0 || !std::all_of(view.begin(), view.end() - padding, isSymbol))
        return std::nullopt;
    if (view.empty())
        return std::vector<std::uint8_t>();
    gsize length = 0;
    guchar *decoded = g_base64_decode(text, &length);
    std::vector<std::uint8_t> bytes(decoded, decoded + length);
    g_free(decoded);
    return bytes;
}

} // namespace

Session::Session(SessionIdentity identity, LiveConfig config, SessionLimits limits, SessionClock clock,
                 Faults &faults)
    : identity_(std::move(identity)),
      config_(std::move(config)),
      limits_(limits),
      clock_(std::move(clock)),
      faults_(faults),
      createdAt_(clock_.wallMicroseconds()),
      listener_(config_.format, config_.segmenter),
      lastActivityMs_(clock_.monotonicMilliseconds()) {}

Envelope Session::envelope() const {
    return {identity_.id, isoTime(clock_.wallMicroseconds()),
            config_.languages.empty() ? "en" : config_.languages.front()};
}

void Session::attach(Outlet *outlet) {
    if (outlet_)
        outlet_->close(kReplaced, "a newer connection took over");
    pending_.clear();
    pendingBytes_ = 0;
    outlet_ = outlet;
    counts_.connections++;
    lastActivityMs_ = clock_.monotonicMilliseconds();
    if (state_ == State::kQueued) {
        state_ = State::kRecording;
        send(lifecycle(envelope(), "start_recording"));
    } else if (state_ == State::kEnding) {
        deliverEnding();
    }
}

void Session::detach(Outlet *outlet, int closeCode) {
    if (outlet != outlet_)
        return;
    outlet_ = nullptr;
    counts_.clientCloseCode = closeCode;
    lastActivityMs_ = clock_.monotonicMilliseconds();
    // Audio without an acknowledgement is still the client's: it comes again.
    pending_.clear();
    pendingBytes_ = 0;
    const bool deliberate = closeCode == kNormal || closeCode == 1001;
    if (state_ == State::kEnding && (deliberate || closeCode == endingCode_))
        complete();
    else if (state_ == State::kRecording && deliberate)
        end(EndCause::kAbandoned);
}

void Session::receiveBinary(std::span<const std::uint8_t> bytes) {
    receiveAudio({bytes.begin(), bytes.end()});
}

void Session::receiveText(std::string_view text) {
    std::string problem;
    const auto message = parseObject(text, problem);
    const char *type = stringMember(message.get(), "type");
    const std::string_view name = type ? type : "";
    if (name == "audio_chunk") {
        receiveAudioText(message.get());
    } else if (name == "stop_recording") {
        receiveStop();
    } else {
        counts_.badMessages++;
        if (outlet_)
            outlet_->close(kBadMessage, message ? "unknown message type" : problem);
    }
}

void Session::receiveAudioText(JsonObject *message) {
    const char *chunk = stringMember(objectMember(message, "data"), "chunk");
    auto bytes = chunk ? decodeBase64(chunk) : std::nullopt;
    if (bytes) {
        receiveAudio(std::move(*bytes));
        return;
    }
    counts_.badMessages++;
    send(
        audioChunkRefusal(envelope(), chunk ? "data.chunk is not base64" : "data.chunk should not be empty"));
}

void Session::receiveAudio(std::vector<std::uint8_t> bytes) {
    lastActivityMs_ = clock_.monotonicMilliseconds();
    counts_.chunks++;
    counts_.receivedBytes += bytes.size();
    counts_.largestChunk = std::max(counts_.largestChunk, bytes.size());
    if (state_ != State::kRecording) {
        send(audioChunkRefusal(envelope(), "the recording has been stopped"));
        return;
    }
    if (faults_.takeDropAtByte(bytes_ + pendingBytes_ + bytes.size())) {
        if (outlet_)
            outlet_->drop();
        return;
    }
    pendingBytes_ += bytes.size();
    pending_.push_back(std::move(bytes));
    if (!faults_.acknowledgementsHeld())
        acknowledgePending();
}

void Session::acknowledgePending() {
    for (const auto &bytes : std::exchange(pending_, {})) {
        if (state_ != State::kRecording)
            break;
        acknowledge(bytes);
    }
    pendingBytes_ = 0;
}

void Session::acknowledge(std::span<const std::uint8_t> bytes) {
    const std::uint64_t start = bytes_;
    bytes_ += bytes.size();
    send(audioChunkAck(envelope(), start, bytes_, config_.format.secondsOf(start),
                       config_.format.secondsOf(bytes_)));
    const std::size_t room = limits_.keptAudioBytes - recording_.size();
    const auto kept = bytes.first(std::min(bytes.size(), room));
    recording_.insert(recording_.end(), kept.begin(), kept.end());
    std::vector<Message> messages;
    tell(listener_.hear(bytes), messages);
    for (auto &message : messages)
        send(std::move(message));
    if (config_.format.secondsOf(bytes_) >= static_cast<double>(limits_.audioSeconds))
        end(EndCause::kLength);
}

void Session::tell(const std::vector<Heard> &heard, std::vector<Message> &out) {
    const Envelope about = envelope();
    for (const Heard &event : heard) {
        switch (event.kind) {
        case Heard::Kind::kSpeechStart:
        case Heard::Kind::kSpeechEnd:
            out.push_back(speechEvent(about, event));
            break;
        case Heard::Kind::kPartial:
            counts_.partial = event.utterance.text;
            out.push_back(transcript(about, event.utterance, false));
            break;
        case Heard::Kind::kFinal:
            counts_.partial.clear();
            finals_.push_back(event.utterance);
            out.push_back(transcript(about, event.utterance, true));
            tellAddOns(event.utterance, out);
            break;
        }
    }
}

void Session::tellAddOns(const Utterance &utterance, std::vector<Message> &out) {
    const Envelope about = envelope();
    for (const auto &target : config_.translationTargets)
        out.push_back(translation(about, utterance, target));
    if (config_.entities)
        out.push_back(namedEntities(about, utterance));
    if (config_.sentiment)
        out.push_back(sentiment(about, utterance));
}

void Session::receiveStop() {
    counts_.stops++;
    if (state_ != State::kRecording)
        return; // already ending: what is owed has been sent
    acknowledgePending();
    end(EndCause::kStop);
}

/// Closes the audio and prepares, in the documented order, what the client is owed.
void Session::end(EndCause cause) {
    if (state_ == State::kEnding || state_ == State::kDone)
        return;
    state_ = State::kEnding;
    const double duration = config_.format.secondsOf(bytes_);
    if (cause == EndCause::kStop)
        ending_.push_back(stopRecordingAck(envelope(), duration, 0));
    tell(listener_.finish(), ending_);
    ending_.push_back(endRecording(envelope(), duration));
    const Outcome result = outcome();
    ending_.push_back(postTranscript(envelope(), result));
    if (config_.summarization)
        ending_.push_back(postSummarization(envelope(), result));
    ending_.push_back(postFinalTranscript(envelope(), result));
    ending_.push_back(lifecycle(envelope(), "end_session"));
    endingCode_ = cause == EndCause::kIdle ? kTimeout : kNormal;
    endingReason_ = cause == EndCause::kIdle     ? "no audio for too long"
                    : cause == EndCause::kLength ? "the session reached its longest duration"
                                                 : "session ended";
    for (const auto &message : ending_)
        log_.push_back(message.text);
    if (cause == EndCause::kStop && faults_.takeDropAtStop()) {
        if (outlet_)
            outlet_->drop();
    } else if (outlet_) {
        deliverEnding();
    } else {
        complete();
    }
}

void Session::deliverEnding() {
    for (const auto &message : ending_) {
        if (wanted(message.kind) && !faults_.muted())
            outlet_->send(message);
    }
    if (!faults_.muted())
        outlet_->close(endingCode_, endingReason_);
}

void Session::complete() {
    state_ = State::kDone;
    completedAt_ = clock_.wallMicroseconds();
    ending_.clear();
}

void Session::checkLimits() {
    const std::int64_t quiet = clock_.monotonicMilliseconds() - lastActivityMs_;
    if (outlet_ && state_ == State::kRecording && limits_.idleMs > 0 && quiet >= limits_.idleMs)
        end(EndCause::kIdle);
    if (outlet_ || quiet < limits_.resumeMs)
        return;
    if (state_ == State::kEnding)
        complete();
    else
        end(EndCause::kAbandoned);
}

bool Session::wanted(MessageKind kind) const {
    const MessagesConfig &config = config_.messages;
    switch (kind) {
    case MessageKind::kAcknowledgment:
        return config.acknowledgments;
    case MessageKind::kSpeechEvent:
        return config.speechEvents;
    case MessageKind::kPartial:
        return config.partialTranscripts;
    case MessageKind::kFinal:
        return config.finalTranscripts;
    case MessageKind::kRealtimeProcessing:
        return config.realtimeProcessingEvents;
    case MessageKind::kPostProcessing:
        return config.postProcessingEvents;
    case MessageKind::kLifecycle:
        return config.lifecycleEvents;
    }
    return false;
}

void Session::send(Message message) {
    if (!wanted(message.kind))
        return;
    if (outlet_ && !faults_.muted())
        outlet_->send(message);
    if (message.kind != MessageKind::kAcknowledgment && log_.size() < limits_.keptMessages)
        log_.push_back(std::move(message.text));
}

Outcome Session::outcome() const {
    return {.finals = finals_,
            .duration = config_.format.secondsOf(bytes_),
            .channels = config_.format.channels,
            .summarize = config_.summarization,
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
