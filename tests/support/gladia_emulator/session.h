// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/delays.h"
#include "tests/support/gladia_emulator/emulator_clock.h"
#include "tests/support/gladia_emulator/faults.h"
#include "tests/support/gladia_emulator/listener.h"
#include "tests/support/gladia_emulator/messages.h"
#include "tests/support/gladia_emulator/outlet.h"
#include "tests/support/gladia_emulator/request_validation.h"
#include "tests/support/gladia_emulator/result_lane.h"
#include "tests/support/gladia_emulator/session_report.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lt::emulator {

struct SessionLimits {
    std::int64_t idleMs = 30000;          ///< connected without audio; 0: no limit
    std::int64_t resumeMs = 60000;        ///< without a connection
    std::int64_t audioSeconds = 3 * 3600; ///< length of a session
    std::size_t keptAudioBytes = 8 << 20; ///< of the recording, for GET …/file; what comes later is left out
    std::size_t keptMessages = 10000;     ///< for GET, without acknowledgements of audio
};

struct SessionIdentity {
    std::string id;
    std::string token;
    std::string region;      ///< query parameter of the POST, or empty
    std::string requestBody; ///< as it came
};

/// What a session is surrounded by.
struct SessionSettings {
    SessionLimits limits;
    EmulatorClock clock;
    DelayProfile delays;
    std::uint64_t seed = 1;   ///< of the delays
    std::uint64_t stream = 0; ///< see Draws
    /// Told every message when it is made, wanted on the socket or not, and start_session.
    std::function<void(const Message &)> told = nullptr;
};

/// One session of the service: outlives its connections. Knows no socket, no thread and no clock of its own;
/// all calls come from one thread. What takes time happens in runDue().
///
/// The network's delay, both ways, lies before the session looks at what has come: the client cannot tell,
/// and no acknowledgement is ever on its way when a connection breaks. So audio is heard only if its
/// acknowledgement was sent.
class Session {
public:
    enum class State { kQueued, kRecording, kEnding, kDone };

    Session(SessionIdentity identity, LiveConfig config, SessionSettings settings, Faults &faults);

    /// False: the session is over and cannot be resumed.
    bool acceptsConnection() const { return state_ != State::kDone; }
    /// `outlet` lives until detach(). An older connection is closed.
    void attach(Outlet *outlet);
    /// `closeCode` is the client's, 0 when the transport broke without one. What the client sent and the
    /// session has not looked at is lost, unless the client closed with 1000 or 1001.
    void detach(Outlet *outlet, int closeCode);
    void receiveBinary(std::span<const std::uint8_t> bytes);
    void receiveText(std::string_view text);
    /// Does what the time, or the end of a fault, has brought about.
    void runDue();
    /// How long until runDue() has something to do, if nothing else happens.
    std::optional<std::int64_t> msUntilDue() const;
    /// Applies the limits that depend on time.
    void checkLimits();
    /// While frozen, nothing happens to the session at all.
    void freeze(bool frozen) { frozen_ = frozen; }

    State state() const { return state_; }
    const SessionIdentity &identity() const { return identity_; }
    const LiveConfig &config() const { return config_; }
    std::int64_t createdAt() const { return createdAt_; }
    std::int64_t completedAt() const { return completedAt_; }
    std::span<const std::uint8_t> recording() const { return recording_; }
    Envelope envelope() const;
    Outcome outcome() const;
    SessionReport report() const;

private:
    enum class EndCause { kStop, kIdle, kLength, kAbandoned };
    struct Incoming {
        std::int64_t dueMs;
        bool text;
        std::vector<std::uint8_t> bytes;
    };

    // session_audio.cpp: what comes in
    void receive(bool text, std::vector<std::uint8_t> bytes);
    void handle(Incoming incoming);
    void handleText(std::string_view text);
    void handleAudioText(JsonObject *message);
    void handleAudio(std::vector<std::uint8_t> bytes);
    void handleStop();
    void acknowledgePending();
    void takePending(bool acknowledge);
    void take(std::span<const std::uint8_t> bytes);
    void refuseChunk(const std::string &reason);
    void forgetIncoming();

    // session.cpp: what goes out, and the end
    bool canSend() const { return outlet_ && outlet_->open(); }
    std::int64_t nowMs() const { return clock_.monotonicMilliseconds(); }
    void tell(const std::vector<Heard> &heard);
    void tellAddOns(const Utterance &utterance);
    void produce(Message message, const Utterance *utterance);
    void note(const Message &message);
    void end(EndCause cause);
    double secondsLeftToProcess() const;
    void owe(std::int64_t dueMs, Message message);
    void deliver();
    void deliverEnding();
    void say(const Message &message);
    void sayHeldFinal();
    void complete();

    const SessionIdentity identity_;
    const LiveConfig config_;
    const SessionLimits limits_;
    const EmulatorClock clock_;
    const DelayProfile delays_;
    const std::function<void(const Message &)> told_;
    Faults &faults_;
    const std::int64_t createdAt_;

    State state_ = State::kQueued;
    bool frozen_ = false;
    Outlet *outlet_ = nullptr;
    Draws networkDraws_;
    std::deque<Incoming> incoming_; // on its way, by due time
    Listener listener_;
    std::vector<std::vector<std::uint8_t>> pending_; // received, neither acknowledged nor heard
    std::uint64_t pendingBytes_ = 0;
    bool pendingStop_ = false; // behind pending_
    std::uint64_t bytes_ = 0;  // acknowledged: they are the session's
    std::int64_t lastActivityMs_ = 0;
    std::int64_t completedAt_ = 0;
    ResultLane lane_;
    std::optional<Message> heldFinal_;      // overtaken by the next one
    std::vector<ResultLane::Entry> ending_; // from the stop on: what a resumed client is still owed
    std::size_t endingSaid_ = 0;            // so many of them went to this connection
    int endingCode_ = 1000;
    std::string endingReason_;
    std::vector<Utterance> finals_;
    std::vector<std::string> log_;
    std::vector<std::uint8_t> recording_;
    SessionReport counts_; // the counters of report(); the rest is filled in there
};

} // namespace lt::emulator
