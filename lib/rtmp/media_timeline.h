// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/rtmp/drift_corrector.h"
#include "lib/rtmp/message.h"

#include <array>

namespace lt::rtmp {

/// Turns the timestamps of one or more successive publishers into one timeline in milliseconds that starts
/// at 0 with the first coded frame, goes on from there and never back.
///
/// Timestamps are unwrapped at 2^31 (ffmpeg) and 2^32. A hole that the clock confirms stays a hole. A jump it
/// does not confirm (a restart at 0, a clock set anew) is closed: time goes on where it was, or where the
/// clock says if that is later. A publisher's clock that runs faster or slower than ours is followed slowly.
/// Only coded frames may be given: headers are resent at time 0.
class LT_EXPORT MediaTimeline {
public:
    enum class Track { Audio, Video };
    struct Mapped {
        std::uint64_t ms;
        bool discont; ///< a hole or a jump lies before this frame
    };

    Mapped map(Track track, std::uint32_t timestamp, TimePoint arrival);
    /// From the next frame on, another publisher: its timestamps mean nothing compared to the last one's.
    void newInput();

private:
    struct State {
        bool known = false; ///< had a frame of the present publisher
        std::uint32_t lastIn = 0;
        std::int64_t exact = 0; ///< where lastIn lies, drift uncorrected; may step back a little
        std::int64_t lastOut = 0;
        TimePoint lastArrival;
    };

    std::int64_t delta(std::uint32_t from, std::uint32_t to);
    std::int64_t clockEstimate(TimePoint arrival) const;
    std::int64_t firstOfTrack(State &state, const State &other, std::uint32_t timestamp, TimePoint arrival,
                              bool &discont);
    std::int64_t next(const State &state, std::uint32_t timestamp, TimePoint arrival, bool &discont);

    std::array<State, 2> states_;
    DriftCorrector drift_;
    bool anchored_ = false;
    bool highBitSeen_ = false;
    TimePoint anchor_;
};

} // namespace lt::rtmp
