// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/rollover.h"
#include "elements/gladiasink/session_config.h"
#include "elements/gladiasink/session_link.h"
#include "elements/gladiasink/session_notices.h"
#include "elements/gladiasink/transport.h"
#include "lib/recogniser/audio_backlog.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt::gladia {

/// One stream of audio through as many sessions of the service as it needs: another one for each format,
/// when one is lost, and before one reaches its longest duration.
///
///   the current link is given the audio. Towards the end of its time the next one is opened; at a pause the
///   audio changes over to it, and the old one retires: its last words come out before the first of the new.
///
/// Pure: time comes with each call (monotonic clock, ns, never decreasing), the network is a Transport. One
/// thread at a time.
class GladiaSession {
public:
    enum class State {
        Idle, ///< no audio yet, or none for the moment
        Requesting,
        Waiting,
        Connecting,
        Resuming,
        Streaming,
        Draining,
        Ended,
        Failed
    };
    using Counts = SessionCounts;

    GladiaSession(SessionConfig config, AudioBacklog &backlog, Transport &transport,
                  SessionObserver &observer);

    // From the producer of audio.
    void audioAvailable(std::uint64_t now);
    /// The same as long as it means nothing but to send: nothing is told but onChunkSent(), and nothing asked
    /// of the transport but sendAudio(). False when it means more, or might.
    bool passAudio(std::uint64_t now);
    /// Audio is lost for want of room.
    void audioOverflowing(std::uint64_t now);
    void audioEnded(std::uint64_t now);
    /// Policy of a heartbeat: ping every `intervalNs`, give up after `limitNs` of silence. 0, 0: none.
    void setHeartbeat(std::uint64_t now, std::uint64_t intervalNs, std::uint64_t limitNs);
    /// While it is held, no session is asked for where there is none: audio waits, the end of the audio too.
    void setHold(std::uint64_t now, bool hold);
    /// Ends without a word to the observer.
    void abort();

    // From the transport. What is about a connection that is no more does nothing.
    void answered(std::uint64_t now, ConnectionId id, unsigned status, std::string_view body,
                  std::uint64_t retryAfterNs);
    void attemptFailed(std::uint64_t now, ConnectionId id, Failure failure);
    void opened(std::uint64_t now, ConnectionId id);
    void received(std::uint64_t now, ConnectionId id, std::string_view text);
    void pongReceived(std::uint64_t now, ConnectionId id);
    void closed(std::uint64_t now, ConnectionId id, unsigned code, std::string_view reason);

    // From the clock.
    void tick(std::uint64_t now);
    /// When tick() is due; nothing when it need not come.
    std::optional<std::uint64_t> deadline() const;

    State state() const;
    const std::string &sessionId() const { return current_ ? current_->sessionId() : lastSessionId_; }
    const Counts &counts() const { return counts_; }
    SessionTranscripts::Counts transcriptCounts() const;

private:
    using Link = std::unique_ptr<SessionLink>;

    bool isLive() const { return !ended_ && !failed_; }
    SessionLink *linkOf(ConnectionId id);
    template <typename Event>
    void tell(std::uint64_t now, ConnectionId id, const Event &event);
    Link makeLink(const AudioFormat &format, SessionLink::Origin origin);
    SessionLink::Origin firstOrigin() const;
    void begin(std::uint64_t now);
    void react(std::uint64_t now);
    bool reactToCurrent(std::uint64_t now);
    void replace(std::uint64_t now);
    void settleRetiring(std::uint64_t now);
    void settleNext(std::uint64_t now);
    void rollOver(std::uint64_t now);
    void changeOver(std::uint64_t now);
    void dismiss(SessionLink &link);
    void close(std::uint64_t now, Link link);
    void deliver(SessionLink &link, SpokenTranscript spoken);
    void releaseHeld();
    void announceLost(std::uint64_t now);
    void giveUp(std::uint64_t now);
    void end(std::uint64_t now);
    void fail(std::uint64_t now, const Failure &failure);

    const SessionConfig config_;
    AudioBacklog &backlog_;
    Transport &transport_;
    SessionObserver &observer_;

    Link current_;
    Link next_;     // prepared to take over
    Link retiring_; // stopped; its last transcripts are awaited
    Rollover rollover_;
    std::vector<SpokenTranscript> held_; // of the current link, until the retiring one is done
    bool holePending_ = false;           // the next transcript comes after lost audio
    bool hold_ = false;
    bool ended_ = false;
    bool failed_ = false;
    std::uint64_t endDeadline_ = 0;   // after the end of the audio; moved on by progress; 0: not ended
    std::uint64_t lossDeadline_ = 0;  // when losses are announced at the latest; 0: there are none
    std::uint64_t nextNotBefore_ = 0; // a next session is not asked for
    bool overflowTold_ = false;       // since the last connection
    std::uint64_t gaps_ = 0;
    std::uint64_t heartbeatIntervalNs_ = 0;
    std::uint64_t heartbeatLimitNs_ = 0;
    std::string lastSessionId_;
    ConnectionId lastConnection_ = kNoConnection;
    Counts counts_;
    SessionTranscripts::Counts closedTranscripts_; // of links that are no more
};

const char *nameOf(GladiaSession::State state);

} // namespace lt::gladia
