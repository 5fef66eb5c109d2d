// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_backlog.h"

#include <cstdint>

namespace lt {

/// What recognises one stream of audio: from a start or a flush to the next flush or the end. Its transcripts
/// go through the writer it was given.
class RecogniserStream {
public:
    virtual ~RecogniserStream() = default;
    /// Streaming thread. Waits only with Policy::Block, when the backlog is full.
    virtual AudioBacklog::Result push(AudioBlock block, AudioBacklog::Policy policy) = 0;
    /// Streaming thread. No more audio: EndOfTranscripts with this seqnum comes out after all transcripts.
    virtual void end(std::uint32_t seqnum) = 0;
    /// Any thread. A waiting push() answers `result` at once, and so does every later one.
    virtual void abort(AudioBacklog::Result result) = 0;
    /// Any thread. The audio that waits, and that was lost.
    virtual AudioBacklog::Level level() const = 0;
};

} // namespace lt
