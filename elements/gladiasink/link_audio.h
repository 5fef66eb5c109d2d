// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/owed_words.h"
#include "elements/gladiasink/pacer.h"
#include "elements/gladiasink/protocol.h"
#include "elements/gladiasink/session_config.h"
#include "lib/recogniser/audio_backlog.h"
#include "lib/recogniser/audio_timeline.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace lt::gladia {

/// The audio of one session of the service: what it may be given next, which bytes of the session that are,
/// what it has acknowledged. The backlog belongs to one session at a time. Pure; one thread.
class LinkAudio {
public:
    LinkAudio(const SessionConfig &config, const AudioFormat &format);

    const AudioFormat &format() const { return format_; }
    /// Null: the session is given no audio.
    void attach(AudioBacklog *backlog) { backlog_ = backlog; }
    bool attached() const { return backlog_ != nullptr; }

    /// The next block for the wire, noted in `timeline`; nothing when there is none, or when it may not go
    /// yet.
    std::optional<AudioBlock> take(std::uint64_t now, AudioTimeline &timeline);
    /// When take() is worth asking again without any other event; nothing when it is not.
    std::optional<std::uint64_t> dueAt() const;
    /// There is something for it.
    bool hasAudio() const { return backlog_ && backlog_->headFormat() == format_; }
    /// No block of this session's format is left, and none will come before another format or the end.
    bool finished() const;

    /// True when that was news.
    bool acknowledge(const AudioAck &ack, AudioTimeline &timeline);
    /// The service owns everything it was given.
    void acknowledgeAll();
    std::uint64_t inFlightBytes() const { return sentEnd_ - acked_; }
    std::uint64_t inFlightNs() const { return format_.nsOfBytes(inFlightBytes()); }
    /// Length of the session so far.
    std::uint64_t sentNs() const { return format_.nsOfBytes(sentEnd_); }
    /// Audio since the last speech in it.
    std::uint64_t quietNs() const { return owed_.quietNs(); }
    /// There is speech that no final covers yet.
    const OwedWords &owedWords() const { return owed_; }
    /// A final has come: this channel's acknowledged audio before this instant of the session is never needed
    /// again.
    void settle(int channel, double sessionSeconds);

    /// The connection is gone: what is unacknowledged is queued again.
    void connectionLost();
    /// After connectionLost(): the service may have taken more than it could acknowledge.
    bool positionUnknown() const { return tail_ > 0; }
    /// Given once, and queued again since.
    std::uint64_t rewoundBytes() const { return tail_ + resentLeft_; }
    /// The connection is back. `position`: where the service says it is, if it did. Answers how many bytes it
    /// gets again.
    std::uint64_t resume(std::optional<std::uint64_t> position, AudioTimeline &timeline);

    /// After a 1009.
    void useSmallerFrames();
    std::size_t frameBytes() const { return frameBytes_; }
    void setFrameBytes(std::size_t bytes) { frameBytes_ = bytes; }

    /// How much of the last block had been given before.
    std::uint64_t lastResent() const { return lastResent_; }
    std::uint64_t bytesDoubled() const { return bytesDoubled_; }

private:
    bool windowOpen() const { return inFlightNs() < windowNs_; }
    std::uint64_t skip(std::uint64_t bytes);
    void locate(const AudioAck &first, AudioTimeline &timeline);
    void trim();

    const AudioFormat format_;
    const std::uint64_t windowNs_;
    OwedWords owed_;
    AudioBacklog *backlog_ = nullptr;
    Pacer pacer_;
    std::size_t frameBytes_;
    // Bytes of the session.
    std::uint64_t acked_ = 0;
    std::uint64_t sentEnd_ = 0;
    std::uint64_t resumedAt_ = 0;
    bool positionAssumed_ = false; // the first acknowledgement tells
    // Of the audio that was in flight when the connection went.
    bool awaitsResume_ = false;
    std::uint64_t tail_ = 0;
    std::uint64_t lostBefore_ = 0; // the ledger's count of bytes for which there was no room, then
    std::uint64_t resentLeft_ = 0;
    std::uint64_t lastResent_ = 0;
    std::uint64_t bytesDoubled_ = 0;
};

} // namespace lt::gladia
