// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/final_counts.h"
#include "elements/gladiasink/link_audio.h"
#include "elements/gladiasink/liveness.h"
#include "elements/gladiasink/reconnect_policy.h"
#include "elements/gladiasink/session_config.h"
#include "elements/gladiasink/session_notices.h"
#include "elements/gladiasink/session_transcripts.h"
#include "elements/gladiasink/stall_watchdog.h"
#include "elements/gladiasink/transport.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt::gladia {

/// What the sessions of one stream share.
struct LinkContext {
    const SessionConfig &config;
    Transport &transport;
    SessionObserver &observer;
    SessionCounts &counts;
    ConnectionId &lastConnection;
};

/// One session of the service, through as many connections as it takes.
///
///            ┌──────────────── delay over, has no session ────────────┐
///            ▼                                                         │
///        Requesting ──201──▶ Connecting ──101──▶ Open ──stop sent──▶ Stopping ──1000──▶ Closed
///            │                │  ▲    │           ▲ │                    │
///            │                │  │    └─audio was  │ │                    │
///            │                │  │      in flight─▶Resuming               │
///            │ failure        │  │ delay over,       │ where it stands    │
///            ▼                ▼  │ has a session     ▼ is known           ▼
///          Waiting ◀──────────┴──┴── loss ───────────┴────────────────────┘
///
///   Gone: the service has ended it or forgotten it; another session has to take its place.
///   Failed: nothing more can be done.
///
/// Pure: time comes with each call (monotonic clock, ns, never decreasing), the network is a Transport. One
/// thread. Whoever calls looks at the state afterwards.
class SessionLink {
public:
    enum class State { Waiting, Requesting, Connecting, Resuming, Open, Stopping, Closed, Gone, Failed };
    struct Origin {
        ReconnectPolicy policy;
        std::size_t frameBytes = 0; ///< 0: the usual
        bool replacement =
            false; ///< of a session that is gone: if this one is refused as well, that is final
        std::uint64_t delayNs = 0;             ///< before the first attempt
        std::optional<StallWatchdogs> stall{}; ///< of the session before it
    };

    SessionLink(LinkContext context, const AudioFormat &format, Origin origin);

    void start(std::uint64_t now);
    /// Sends what there is and may go, and then, at the end of this format's audio, the stop.
    void pump(std::uint64_t now);
    /// Sends what there is and may go. False when that is not all: pump() has to follow.
    bool pass(std::uint64_t now);
    /// No audio goes until it is let go again.
    void hold(bool held) { held_ = held; }
    /// Ends the session; its last transcripts are still to come.
    void stop(std::uint64_t now);
    void setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs);
    /// Says goodbye without waiting for anything.
    void abandon();

    // From the transport, for connection() only.
    void answered(std::uint64_t now, unsigned status, std::string_view body, std::uint64_t retryAfterNs);
    void attemptFailed(std::uint64_t now, Failure failure);
    void opened(std::uint64_t now);
    /// What there is in it for downstream, if anything.
    std::optional<SpokenTranscript> received(std::uint64_t now, std::string_view text);
    void pongReceived(std::uint64_t now) { liveness_.heard(now); }
    void closed(std::uint64_t now, unsigned code, std::string_view reason);

    // From the clock.
    void tick(std::uint64_t now);
    std::optional<std::uint64_t> deadline() const;

    State state() const { return state_; }
    ConnectionId connection() const { return connection_; }
    bool isConnected() const {
        return state_ == State::Resuming || state_ == State::Open || state_ == State::Stopping;
    }
    bool isOver() const {
        return state_ == State::Closed || state_ == State::Gone || state_ == State::Failed;
    }
    bool wasStopped() const { return stopDeadline_ != 0; }
    const std::string &sessionId() const { return sessionId_; }
    unsigned closeCode() const { return closeCode_; }
    const Failure &failure() const { return failure_; }      ///< of Gone and Failed
    unsigned failures() const { return policy_.failures(); } ///< in a row
    LinkAudio &audio() { return audio_; }
    const LinkAudio &audio() const { return audio_; }
    const SessionTranscripts &transcripts() const { return transcripts_; }
    /// It will be given again what sessions before it have heard.
    void hearsAgain(const HeardWords &heard) { transcripts_.hearsAgain(heard); }
    std::vector<SpokenTranscript> takeBack(std::uint64_t now) { return transcripts_.takeBack(now); }
    /// How the session that takes this one's place begins.
    Origin successor() const;

private:
    void request(std::uint64_t now);
    void connect(std::uint64_t now);
    void resume(std::uint64_t now, std::optional<std::uint64_t> position);
    void open(std::uint64_t now);
    void send(std::uint64_t now, const AudioBlock &block);
    std::optional<SpokenTranscript> handle(std::uint64_t now, ServerMessage message);
    std::optional<SpokenTranscript> transcribed(std::uint64_t now, Utterance utterance);
    bool noteFinal(const Utterance &utterance);
    bool finalsAreLost() const;
    static Failure lostTranscripts();
    std::uint64_t wordsOverdueAt() const;
    void acknowledged(std::uint64_t now, const AudioAck &ack);
    void rejected(std::uint64_t now, const std::string &reason);
    void failed(std::uint64_t now, Failure failure, unsigned code = kCloseNormal,
                const std::string &reason = {});
    Remedy remedyFor(const Failure &failure) const;
    void wait(std::uint64_t now, std::uint64_t delayNs);
    void giveUp(Failure failure, bool attemptsUsedUp);
    void overdue(std::uint64_t now);
    void stalled(std::uint64_t now);
    void unfinished(const std::string &why);
    std::uint64_t deadAt() const;
    std::uint64_t openDeadline() const;

    const LinkContext context_;
    LinkAudio audio_;
    SessionTranscripts transcripts_;
    ReconnectPolicy policy_;
    Liveness liveness_;
    StallWatchdogs stall_;
    State state_ = State::Waiting;
    std::uint64_t stateDeadline_ = 0; // of Waiting, Requesting, Connecting, Resuming
    std::uint64_t stopDeadline_ = 0;  // 0: not stopped yet
    ConnectionId connection_ = kNoConnection;
    std::string sessionId_;
    std::string url_;
    Failure failure_;
    unsigned closeCode_ = 0;
    const bool replacement_;
    bool held_ = false;
    bool everOpened_ = false;
    bool progressed_ = false; // audio of this session was acknowledged
    unsigned fruitless_ = 0;  // failures that the service answered, since the last progress
    FinalCounts finals_;
    bool stopAcknowledged_ = false;
    std::uint64_t stopSentAt_ = 0;  // on this connection, and not answered yet; else 0
    std::uint64_t delayNs_;         // before the first attempt; once gone: of the successor
    std::uint64_t lastMessage_ = 0; // 0: none on this connection
};

const char *nameOf(SessionLink::State state);

} // namespace lt::gladia
