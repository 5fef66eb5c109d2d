// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session does with what comes in.
#include "tests/support/gladia_emulator/fault_actions.h"
#include "tests/support/gladia_emulator/session.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <utility>

namespace lt::emulator {

using support::objectMember;
using support::parseObject;
using support::stringMember;

namespace {

constexpr int kBadMessage = 4400;

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

void Session::receiveBinary(std::span<const std::uint8_t> bytes) {
    receive(false, {bytes.begin(), bytes.end()});
}

void Session::receiveText(std::string_view text) {
    receive(true, {text.begin(), text.end()});
}

void Session::receive(bool text, std::vector<std::uint8_t> bytes) {
    const std::int64_t delay =
        networkDraws_.roundTrip(delays_) + (outlet_ ? faults_.delayMs(outlet_->number()) : 0);
    const std::int64_t earliest = incoming_.empty() ? 0 : incoming_.back().dueMs;
    incoming_.push_back({std::max(earliest, nowMs() + delay), text, std::move(bytes)});
    runDue();
}

void Session::runDue() {
    if (frozen_)
        return;
    const std::int64_t now = nowMs();
    acknowledgePending();
    while (canSend() && !incoming_.empty() && incoming_.front().dueMs <= now) {
        Incoming next = std::move(incoming_.front());
        incoming_.pop_front();
        handle(std::move(next));
    }
    deliver();
}

void Session::handle(Incoming incoming) {
    lastActivityMs_ = nowMs();
    if (incoming.text)
        handleText({reinterpret_cast<const char *>(incoming.bytes.data()), incoming.bytes.size()});
    else
        handleAudio(std::move(incoming.bytes));
}

void Session::handleText(std::string_view text) {
    std::string problem;
    const auto message = parseObject(text, problem);
    const char *type = stringMember(message.get(), "type");
    const std::string_view name = type ? type : "";
    if (name == "audio_chunk") {
        handleAudioText(message.get());
    } else if (name == "stop_recording") {
        handleStop();
    } else {
        counts_.badMessages++;
        if (canSend())
            outlet_->close(kBadMessage, message ? "unknown message type" : problem);
    }
}

void Session::handleAudioText(JsonObject *message) {
    const char *chunk = stringMember(objectMember(message, "data"), "chunk");
    auto bytes = chunk ? decodeBase64(chunk) : std::nullopt;
    if (bytes) {
        handleAudio(std::move(*bytes));
        return;
    }
    counts_.badMessages++;
    refuseChunk(chunk ? "data.chunk is not base64" : "data.chunk should not be empty");
}

void Session::refuseChunk(const std::string &reason) {
    const Message refusal = audioChunkRefusal(envelope(), reason);
    note(refusal);
    if (canSend())
        say(refusal);
}

void Session::handleAudio(std::vector<std::uint8_t> bytes) {
    counts_.chunks++;
    counts_.receivedBytes += bytes.size();
    counts_.largestChunk = std::max(counts_.largestChunk, bytes.size());
    if (state_ != State::kRecording) {
        refuseChunk("the recording has been stopped");
        return;
    }
    if (outlet_) {
        for (const Fault &fault : faults_.atAudio(outlet_->number(), bytes_ + pendingBytes_ + bytes.size()))
            perform(fault, *outlet_);
        if (!outlet_->open())
            return;
        if (faults_.takeMessage(FaultKind::kRefuseChunk)) {
            refuseChunk("refused on demand of a fault script");
            return;
        }
    }
    pendingBytes_ += bytes.size();
    pending_.push_back(std::move(bytes));
    acknowledgePending();
}

void Session::handleStop() {
    counts_.stops++;
    if (state_ != State::kRecording) {
        // Nothing is lost by it: what is owed has been sent, or will be.
        const Message refusal = stopRecordingRefusal(envelope(), "the recording has already been stopped");
        note(refusal);
        if (canSend())
            say(refusal);
        return;
    }
    pendingStop_ = true;
    acknowledgePending();
}

void Session::acknowledgePending() {
    if (canSend() && !faults_.holds(FaultKind::kHoldAcknowledgements, outlet_->number()))
        takePending(true);
}

void Session::takePending(bool acknowledge) {
    for (const auto &bytes : std::exchange(pending_, {})) {
        if (state_ != State::kRecording)
            break;
        const std::uint64_t start = bytes_;
        bytes_ += bytes.size();
        if (acknowledge) {
            const Message ack = audioChunkAck(envelope(), start, bytes_, config_.format.secondsOf(start),
                                              config_.format.secondsOf(bytes_));
            note(ack);
            if (!faults_.takeMessage(FaultKind::kLoseAcknowledgement))
                say(ack);
        }
        take(bytes);
    }
    pendingBytes_ = 0;
    if (std::exchange(pendingStop_, false) && state_ == State::kRecording)
        end(EndCause::kStop);
}

/// The bytes are the session's: they are kept and heard.
void Session::take(std::span<const std::uint8_t> bytes) {
    const std::size_t room = limits_.keptAudioBytes - recording_.size();
    const auto kept = bytes.first(std::min(bytes.size(), room));
    recording_.insert(recording_.end(), kept.begin(), kept.end());
    tell(listener_.hear(bytes));
    deliver();
    if (config_.format.secondsOf(bytes_) >= static_cast<double>(limits_.audioSeconds))
        end(EndCause::kLength);
}

/// Audio without an acknowledgement is still the client's: it comes again. A stop behind it as well.
void Session::forgetIncoming() {
    incoming_.clear();
    pending_.clear();
    pendingBytes_ = 0;
    pendingStop_ = false;
}

} // namespace lt::emulator
