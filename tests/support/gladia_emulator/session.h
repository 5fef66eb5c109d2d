// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/faults.h"
#include "tests/support/gladia_emulator/listener.h"
#include "tests/support/gladia_emulator/messages.h"
#include "tests/support/gladia_emulator/request_validation.h"
#include "tests/support/gladia_emulator/session_report.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lt::emulator {

/// The way from a session to its client. What delays, reorders or breaks messages goes in between here.
class Outlet {
public:
    virtual ~Outlet() = default;
    virtual void send(const Message &message) = 0;
    /// After everything sent before.
    virtual void close(int code, const std::string &reason) = 0;
    /// Breaks the transport without a close frame, after everything sent before.
    virtual void drop() = 0;
};

struct SessionClock {
    std::function<std::int64_t()> wallMicroseconds;
    std::function<std::int64_t()> monotonicMilliseconds;
};

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

/// One session of the service: outlives its connections. Knows no socket, no thread and no clock of its own;
/// all calls come from one thread.
class Session {
public:
    enum class State { kQueued, kRecording, kEnding, kDone };

    Session(SessionIdentity identity, LiveConfig config, SessionLimits limits, SessionClock clock,
            Faults &faults);

    /// False: the session is over and cannot be resumed.
    bool acceptsConnection() const { return state_ != State::kDone; }
    /// `outlet` lives until detach(). An older connection is closed.
    void attach(Outlet *outlet);
    /// `closeCode` is the client's, 0 when the transport broke without one.
    void detach(Outlet *outlet, int closeCode);
    void receiveBinary(std::span<const std::uint8_t> bytes);
    void receiveText(std::string_view text);
    /// Acknowledges and hears what was held back.
    void acknowledgePending();
    /// Applies the limits that depend on time.
    void checkLimits();

    State state() const { return state_; }
    const SessionIdentity &identity() const { return identity_; }
    const LiveConfig &config() const { return config_; }
    Outlet *outlet() const { return outlet_; }
    std::int64_t createdAt() const { return createdAt_; }
    std::int64_t completedAt() const { return completedAt_; }
    std::span<const std::uint8_t> recording() const { return recording_; }
    Envelope envelope() const;
    Outcome outcome() const;
    SessionReport report() const;

private:
    enum class EndCause { kStop, kIdle, kLength, kAbandoned };

    void receiveAudioText(JsonObject *message);
    void receiveAudio(std::vector<std::uint8_t> bytes);
    void receiveStop();
    void acknowledge(std::span<const std::uint8_t> bytes);
    void tell(const std::vector<Heard> &heard, std::vector<Message> &out);
    void tellAddOns(const Utterance &utterance, std::vector<Message> &out);
    void end(EndCause cause);
    void deliverEnding();
    void complete();
    void send(Message message);
    bool wanted(MessageKind kind) const;

    const SessionIdentity identity_;
    const LiveConfig config_;
    const SessionLimits limits_;
    const SessionClock clock_;
    Faults &faults_;
    const std::int64_t createdAt_;

    State state_ = State::kQueued;
    Outlet *outlet_ = nullptr;
    Listener listener_;
    std::vector<std::vector<std::uint8_t>> pending_; // received, neither acknowledged nor heard
    std::uint64_t pendingBytes_ = 0;
    std::uint64_t bytes_ = 0; // acknowledged: they are the session's
    std::int64_t lastActivityMs_ = 0;
    std::int64_t completedAt_ = 0;
    std::vector<Message> ending_; // from the stop on: what a resumed client is still owed
    int endingCode_ = 1000;
    std::string endingReason_;
    std::vector<Utterance> finals_;
    std::vector<std::string> log_;
    std::vector<std::uint8_t> recording_;
    SessionReport counts_; // the counters of report(); the rest is filled in there
};

} // namespace lt::emulator
