// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/stored_message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lt::store {

enum class CaptionFormat { WebVtt, Srt, JsonLines, Text };

std::optional<CaptionFormat> captionFormatOf(std::string_view name); ///< vtt, srt, jsonl, text

/// Writes messages, in the order of read(), as a file of captions. Pure: what each call returns is appended
/// to the file.
///
/// Each run of a session has a running time of its own. In WebVTT and SRT later runs are shifted by the time
/// between their start and that of the first one, so that cues stand in order. Cues that would last no time
/// last until the next one begins, 2 s at most, and so do those whose end is not known; what has no start is
/// left out of both.
class CaptionWriter {
public:
    explicit CaptionWriter(CaptionFormat format) : format_(format) {}

    std::string head() const;
    std::string add(const StoredMessage &message);
    /// What was kept back, and the end.
    std::string finish();

    std::size_t leftOut() const { return leftOut_; }

private:
    struct Cue {
        std::int64_t startMs, endMs; // the end may not be after the start: it is not known then
        std::string speaker, text;
    };

    std::string addCue(const StoredMessage &message);
    std::string print(const Cue &cue);

    const CaptionFormat format_;
    std::optional<std::int64_t> firstRunMs_;
    std::optional<Cue> pending_;
    std::size_t number_ = 0;
    std::size_t leftOut_ = 0;
};

} // namespace lt::store
