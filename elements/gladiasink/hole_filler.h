// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_backlog.h"
#include "lib/recogniser/audio_timeline.h"

#include <cstdint>
#include <optional>

namespace lt::gladia {

/// Finds short holes in the audio and the silence that fills them, so that the recogniser hears a pause as
/// one. Pure; one thread.
class HoleFiller {
public:
    /// Holes longer than this are left; 0: all are.
    explicit HoleFiller(std::uint64_t maxFillNs) : maxFillNs_(maxFillNs) {}

    /// The silence that belongs between the block before and this one, if any.
    std::optional<AudioBlock> before(const AudioBlock &block) {
        const bool follows = nextNs_ && format_ == block.format && block.runningNs > *nextNs_;
        const std::uint64_t hole = follows ? block.runningNs - *nextNs_ : 0;
        std::optional<AudioBlock> silence;
        if (hole >= AudioTimeline::kHoleNs && hole <= maxFillNs_) {
            silence.emplace();
            silence->bytes =
                static_cast<std::size_t>(hole * format_.rate / 1'000'000'000) * format_.bytesPerFrame();
            silence->runningNs = *nextNs_;
            silence->enteredNs = block.enteredNs;
            silence->format = format_;
        }
        nextNs_ = block.runningNs + block.durationNs();
        format_ = block.format;
        return silence;
    }

private:
    std::uint64_t maxFillNs_;
    std::optional<std::uint64_t> nextNs_; // where the next block should start
    AudioFormat format_;
};

} // namespace lt::gladia
