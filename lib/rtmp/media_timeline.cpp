// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/media_timeline.h"

namespace lt::rtmp {

namespace {

/// All in milliseconds.
constexpr std::int64_t kStepBack = -50;
constexpr std::int64_t kStepAhead = 1000;
constexpr std::int64_t kClockTolerance = 500;
constexpr std::int64_t kFrame = 23;
/// How far apart audio and video of one publisher may begin.
constexpr std::int64_t kTrackSkew = 5000;

std::int64_t elapsed(TimePoint from, TimePoint to) {
    return std::chrono::duration_cast<Milliseconds>(to - from).count();
}

} // namespace

std::int64_t MediaTimeline::delta(std::uint32_t from, std::uint32_t to) {
    highBitSeen_ = highBitSeen_ || to >> 31;
    const std::uint32_t difference = to - from;
    // Who never used the top bit wraps at 2^31.
    return static_cast<std::int32_t>(highBitSeen_ ? difference : difference << 1) / (highBitSeen_ ? 1 : 2);
}

std::int64_t MediaTimeline::clockEstimate(TimePoint arrival) const {
    return elapsed(anchor_, arrival);
}

void MediaTimeline::newInput() {
    for (auto &state : states_)
        state.known = false;
    drift_.restart();
    highBitSeen_ = false;
}

MediaTimeline::Mapped MediaTimeline::map(Track track, std::uint32_t timestamp, TimePoint arrival) {
    auto &state = states_[track == Track::Audio ? 0 : 1];
    const auto &other = states_[track == Track::Audio ? 1 : 0];
    bool discont = false;
    state.exact = state.known ? next(state, timestamp, arrival, discont)
                              : firstOfTrack(state, other, timestamp, arrival, discont);
    state.known = true;
    state.lastIn = timestamp;
    state.lastArrival = arrival;
    const std::int64_t correction = drift_.correct(state.exact, clockEstimate(arrival));
    state.lastOut = std::max(state.lastOut, state.exact + correction);
    return {static_cast<std::uint64_t>(state.lastOut), discont};
}

std::int64_t MediaTimeline::firstOfTrack(State &state, const State &other, std::uint32_t timestamp,
                                         TimePoint arrival, bool &discont) {
    discont = true;
    if (!anchored_) {
        anchored_ = true;
        anchor_ = arrival;
        highBitSeen_ = timestamp >> 31;
        return 0;
    }
    if (other.known) {
        const std::int64_t apart = delta(other.lastIn, timestamp);
        if (apart >= -kTrackSkew && apart <= kTrackSkew)
            return std::max<std::int64_t>(other.exact + apart, 0);
    }
    drift_.restart();
    const std::int64_t last = std::max(state.lastOut, other.lastOut);
    return std::max(last + kFrame, clockEstimate(arrival)) - drift_.correction();
}

std::int64_t MediaTimeline::next(const State &state, std::uint32_t timestamp, TimePoint arrival,
                                 bool &discont) {
    const std::int64_t step = delta(state.lastIn, timestamp);
    if (step >= kStepBack && step <= kStepAhead)
        return state.exact + step;
    discont = true;
    const std::int64_t waited = elapsed(state.lastArrival, arrival);
    const std::int64_t estimate = clockEstimate(arrival);
    const std::int64_t ahead = state.exact + drift_.correction() + step;
    // A hole: the publisher paused for as long, or lost part of what it had kept during a stall.
    if (step > 0 && (std::abs(step - waited) <= kClockTolerance || ahead <= estimate + kClockTolerance))
        return state.exact + step;
    drift_.restart();
    return std::max(state.lastOut + kFrame, estimate) - drift_.correction();
}

} // namespace lt::rtmp
