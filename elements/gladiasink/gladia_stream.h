// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_session.h"
#include "elements/gladiasink/hole_filler.h"
#include "elements/gladiasink/session_totals.h"
#include "elements/gladiasink/speech_detector.h"
#include "lib/net/event_loop.h"
#include "lib/recogniser/recogniser_stream.h"
#include "lib/recogniser/transcript_queue.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <gio/gio.h>

namespace lt::gladia {

/// A stream of audio on its way to the recogniser and the transcripts on their way back: the session and its
/// connection on the recogniser thread, and what may be called from other threads.
class GladiaStream final : public RecogniserStream {
public:
    struct Settings {
        SessionConfig session;
        std::string apiKey;
        GRef<GTlsDatabase> tlsDatabase;
        std::uint64_t maxBacklogNs = 120'000'000'000;
        std::string liveSession = "default"; ///< the slug, for the metrics
    };
    /// Called on the recogniser thread, without locks.
    struct Callbacks {
        std::function<void(const Notice &)> onNotice;
        std::function<void(const Failure &)> onFailed;
    };

    GladiaStream(Settings settings, TranscriptQueue::Writer output, Callbacks callbacks);
    /// Aborts; does not wait.
    ~GladiaStream() override;
    GladiaStream(const GladiaStream &) = delete;
    GladiaStream &operator=(const GladiaStream &) = delete;

    AudioBacklog::Result push(AudioBlock block, AudioBacklog::Policy policy) override;
    void end(std::uint32_t seqnum) override;
    /// Policy of a heartbeat; 0, 0 when there is none any more. Any thread.
    void setHeartbeat(std::uint64_t intervalNs, std::uint64_t limitNs);

    /// Whether audio waits instead of asking for a session. Any thread.
    void setHold(bool hold);

    /// Ends without a word; the socket says goodbye.
    void abort(AudioBacklog::Result result) override;
    /// After abort(): waits until the sockets are closed; false when that took longer than `patience`.
    bool waitClosed(std::chrono::milliseconds patience);

    AudioBacklog::Level level() const override;
    SessionTotals totals() const;

private:
    class Core;
    AudioBacklog::Result store(AudioBlock block, AudioBacklog::Policy policy);

    std::shared_ptr<net::EventLoop> loop_;
    std::shared_ptr<Core> core_;
    // Streaming thread.
    HoleFiller filler_;
    SpeechDetector detector_;
};

} // namespace lt::gladia
