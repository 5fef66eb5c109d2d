// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/endpoint.h"
#include "elements/gladiasink/failure.h"
#include "elements/gladiasink/liveness.h"
#include "elements/gladiasink/protocol.h"
#include "elements/gladiasink/session_transcripts.h"
#include "lib/recogniser/audio_backlog.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace lt::gladia {

constexpr unsigned kCloseNormal = 1000;

struct SessionConfig {
    SessionOptions options;
    Endpoint endpoint;
    std::uint64_t connectTimeoutNs = 10'000'000'000; ///< each for the request and for the upgrade
    std::uint64_t drainTimeoutNs = 10'000'000'000;
    std::uint64_t reconnectMinNs = 250'000'000;
    std::uint64_t reconnectMaxNs = 2'000'000'000;
    unsigned maxAttempts = 0;                        ///< failures in a row that end it; 0: none do
    std::uint64_t ackTimeoutNs = 5'000'000'000;      ///< sent audio stays unacknowledged for so long: dead
    std::uint64_t maxInFlightNs = 3'000'000'000;     ///< audio handed to the socket and not acknowledged
    double catchupSpeed = 4;                         ///< times real time, for audio that had to wait
    std::uint64_t maxSessionNs = 10'200'000'000'000; ///< audio of one session of the service
    std::uint64_t maxFillNs = 2'000'000'000;         ///< holes up to this are filled with silence
    std::uint64_t stallSpeechNs = 20'000'000'000;    ///< speech without a transcript; 0: no limit
    std::uint64_t keepAliveNs = 20'000'000'000;      ///< without audio for so long: an empty chunk
    std::uint64_t silenceLimitNs = 45'000'000'000;   ///< an answer is due and nothing comes for so long: dead
    std::function<double()> random = [] {
        return 0.5;
    }; ///< 0..1, spreads retries
};

/// What the session does to the network. Nothing may call back into the session from inside these.
class Transport {
public:
    virtual ~Transport() = default;
    /// POSTs `body`; answered() or attemptFailed() follows.
    virtual void request(const std::string &body) = 0;
    /// Opens the WebSocket; opened() or attemptFailed() follows, and closed() after opened().
    virtual void connect(const std::string &url) = 0;
    virtual void sendAudio(const AudioBlock &block, std::size_t offset, std::size_t bytes) = 0;
    virtual void sendText(const std::string &text) = 0;
    virtual void setPingInterval(std::uint64_t intervalNs) = 0;
    /// Cancels what is under way and says goodbye to what is open. Nothing of it is reported any more.
    virtual void close(unsigned code, const std::string &reason) = 0;
};

// What the application is told about.
struct Connecting {
    unsigned attempt;
};
struct Connected {
    std::string sessionId;
};
struct Retrying {
    unsigned attempt; ///< the one that failed
    std::uint64_t delayNs;
    Failure failure;
};
struct Closed {
    std::string sessionId;
    unsigned closeCode;
};
struct AudioLost {
    LostRange range;
    std::string reason;
};
/// The end of the audio was not, or may not have been, transcribed.
struct Incomplete {
    std::string sessionId;
    std::string debug;
    unsigned closeCode;     ///< 0: none, the time was over
    std::uint64_t unsentNs; ///< audio still waiting
    std::uint64_t unacknowledgedNs;
    std::uint64_t openUtterances; ///< partials without a final
};
struct AudioRejected {
    std::string reason;
};
using Notice = std::variant<Connecting, Connected, Retrying, Closed, AudioLost, Incomplete, AudioRejected>;

/// Whom the session tells. May not call back into it.
class SessionObserver {
public:
    virtual ~SessionObserver() = default;
    virtual void onNotice(const Notice &notice) = 0;
    virtual void onTranscript(SpokenTranscript spoken) = 0;
    virtual void onChunkSent(std::size_t bytes) = 0;
    virtual void onMessageGap(std::uint64_t ns) = 0;
    /// All audio is transcribed, as far as it can be. Once, last.
    virtual void onEnded() = 0;
    /// Nothing more will come. Once, last.
    virtual void onFailed(const Failure &failure) = 0;
};

/// One stream of audio through as many Gladia sessions as it needs: a new one for each format.
///
///   Idle ──audio──▶ Requesting ──201──▶ Connecting ──101──▶ Streaming ──end, new format──▶ Draining
///    ▲                │  ▲                  │                   │                            │
///    │        failure ▼  │ delay over       │ failure           │ close, silence             │ close, time
///    over │              Waiting ◀───────────────┘                   ▼                            │ │ └────
///    final failure, attempts used up ──▶ Failed                       ▼ └───────────────────────────── more
///    audio ────────────────────────────────────────── Ended
///
/// Pure: time comes with each call (monotonic clock, ns, never decreasing), the network is a Transport. One
/// thread.
class GladiaSession {
public:
    enum class State { Idle, Requesting, Waiting, Connecting, Streaming, Draining, Ended, Failed };
    struct Counts {
        std::uint64_t sessions = 0;
        std::uint64_t attempts = 0;
        std::uint64_t chunks = 0;
        std::uint64_t bytesSent = 0;
        std::uint64_t bytesAcknowledged = 0;
        std::uint64_t messages = 0;
        std::uint64_t malformed = 0;
        std::uint64_t rejectedChunks = 0;
    };

    GladiaSession(SessionConfig config, AudioBacklog &backlog, Transport &transport,
                  SessionObserver &observer);

    // From the producer of audio.
    void audioAvailable(std::uint64_t now);
    void audioEnded(std::uint64_t now);
    /// Policy of a heartbeat: ping every `intervalNs`, give up after `limitNs` of silence. 0, 0: none.
    void setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs);
    /// Ends without a word to the observer.
    void abort();

    // From the transport.
    void answered(std::uint64_t now, unsigned status, std::string_view body, std::uint64_t retryAfterNs);
    void attemptFailed(std::uint64_t now, Failure failure);
    void opened(std::uint64_t now);
    void received(std::uint64_t now, std::string_view text);
    void pongReceived(std::uint64_t now);
    void closed(std::uint64_t now, unsigned code, std::string_view reason);

    // From the clock.
    void tick(std::uint64_t now);
    /// When tick() is due; nothing when it need not come.
    std::optional<std::uint64_t> deadline() const;

    State state() const { return state_; }
    const std::string &sessionId() const { return sessionId_; }
    const Counts &counts() const { return counts_; }
    const SessionTranscripts::Counts &transcriptCounts() const { return transcripts_.counts(); }
    std::uint64_t inFlightNs() const;

private:
    bool isOpen() const { return state_ == State::Streaming || state_ == State::Draining; }
    bool isLive() const { return state_ != State::Ended && state_ != State::Failed; }
    std::uint64_t backOffNs() const;
    std::uint64_t deadAt() const { return liveness_.deadAt(inFlightNs() > 0); }
    void begin(std::uint64_t now);
    void request(std::uint64_t now);
    void pump(std::uint64_t now);
    void send(std::uint64_t now, const AudioBlock &block);
    void announceLost(std::uint64_t now);
    void stop(std::uint64_t now);
    void giveUpDraining(std::uint64_t now, unsigned code, const std::string &why);
    void leaveSession(std::uint64_t now, unsigned code);
    void fail(const Failure &failure, unsigned closeCode = kCloseNormal, const std::string &reason = {});
    void timedOut(std::uint64_t now);
    void handle(std::uint64_t now, ServerMessage message);
    void acknowledge(std::uint64_t now, std::uint64_t endByte);

    const SessionConfig config_;
    AudioBacklog &backlog_;
    Transport &transport_;
    SessionObserver &observer_;

    State state_ = State::Idle;
    std::uint64_t stateDeadline_ = 0; // of Requesting, Waiting, Connecting, Draining
    std::uint64_t endDeadline_ = 0;   // after the end of the audio; moved on by progress; 0: not ended
    unsigned attempt_ = 0;
    AudioFormat format_;
    std::string sessionId_;
    SessionTranscripts transcripts_;
    std::uint64_t acknowledged_ = 0; // bytes of this session
    std::uint64_t lastMessage_ = 0;  // 0: none in this session
    std::uint64_t pingIntervalNs_ = 0;
    Liveness liveness_;
    Counts counts_;
};

const char *nameOf(GladiaSession::State state);

} // namespace lt::gladia
