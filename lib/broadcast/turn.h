// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/viewer.h"

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace lt::broadcast {

/// What all viewers of a room are sent in one go, framed once per form. Filled on the room's thread, then
/// only read.
struct Turn {
    /// When a message was handed over, and when it came from the recogniser, if known.
    struct Stamps {
        net::TimePoint queuedAt;
        std::optional<net::TimePoint> receivedAt;
        bool isFinal;
    };

    std::array<std::vector<FrameRef>, kViewerForms> frames;
    std::array<std::string, kViewerForms> merged; // of more than one frame
    std::vector<Stamps> stamps;
    std::atomic<unsigned> shardsLeft = 1; ///< who have not sent it yet; the last one records the stamps

    void seal() {
        for (std::size_t i = 0; i < kViewerForms; i++) {
            if (frames[i].size() < 2)
                continue;
            std::size_t size = 0;
            for (const FrameRef &frame : frames[i])
                size += frame->bytes().size();
            merged[i].reserve(size);
            for (const FrameRef &frame : frames[i])
                merged[i] += frame->bytes();
        }
    }
    FrameBatch batchOf(ViewerForm form) const {
        const auto i = static_cast<std::size_t>(form);
        return {frames[i], frames[i].size() == 1 ? frames[i].front()->bytes() : std::string_view(merged[i])};
    }
};

} // namespace lt::broadcast
