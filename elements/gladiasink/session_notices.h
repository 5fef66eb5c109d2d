// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/failure.h"
#include "lib/recogniser/byte_ledger.h"
#include "lib/recogniser/spoken_transcript.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace lt::gladia {

// What the application is told about.

/// A session is asked for, or the WebSocket of one is opened.
struct Connecting {
    unsigned attempt; ///< counts from 1 again after each success
};
struct Connected {
    std::string sessionId;
};
/// A connection that was open is no more; audio is kept.
struct Lost {
    std::string sessionId;
    Failure failure;
};
struct Retrying {
    unsigned attempt; ///< the one to come
    std::uint64_t delayNs;
    Failure failure;
    bool degraded; ///< worth a warning: it just became one of several in a row
};
/// The same session goes on after a loss; `bytes` are sent again.
struct Resumed {
    std::string sessionId;
    std::uint64_t bytes;
};
/// The session is over before its time, and another takes its place.
struct NewSession {
    std::string lostSessionId;
    Failure failure;
    std::uint64_t bytes; ///< that the new one is given again
};
/// The session's time is over, and the next one, opened beforehand, takes over.
struct RolledOver {
    std::string oldSessionId;
    std::string newSessionId;
};
/// Nothing more is tried.
struct GaveUp {
    unsigned attempts;
    Failure failure;
};
/// Speech goes in and nothing comes out.
struct Stalled {
    std::string sessionId;
    unsigned channel;       ///< from 0
    std::uint64_t speechNs; ///< in it, without any transcript; 0: partials without a final
};
struct Closed {
    std::string sessionId;
    unsigned closeCode;
};
/// Audio is being lost from now on; AudioLost says which, later.
struct Overflowing {};
struct AudioLost {
    Loss loss;
};
/// The end of the audio was not, or may not have been, transcribed.
struct Incomplete {
    std::string sessionId;
    std::string debug;
    std::uint64_t unsentNs; ///< audio still waiting
    std::uint64_t unacknowledgedNs;
    std::uint64_t openUtterances; ///< partials without a final
};
struct AudioRejected {
    std::string reason;
};
using Notice = std::variant<Connecting, Connected, Lost, Retrying, Resumed, NewSession, RolledOver, GaveUp,
                            Stalled, Closed, Overflowing, AudioLost, Incomplete, AudioRejected>;

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

/// Over all sessions of a stream.
struct SessionCounts {
    std::uint64_t sessions = 0;
    std::uint64_t attempts = 0;   ///< requests and WebSockets
    std::uint64_t reconnects = 0; ///< WebSockets opened after one was lost
    std::uint64_t chunks = 0;
    std::uint64_t bytesSent = 0; ///< what was sent again included
    std::uint64_t bytesResent = 0;
    std::uint64_t bytesDoubled = 0; ///< that a session heard twice, because an acknowledgement was lost
    std::uint64_t stalls = 0;
    std::uint64_t messages = 0;
    std::uint64_t malformed = 0;
    std::uint64_t rejectedChunks = 0;
};

} // namespace lt::gladia
