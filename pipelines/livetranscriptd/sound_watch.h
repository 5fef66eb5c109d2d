// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <gst/gst.h>

namespace lt::service {

/// Nothing in it is louder than -45 dB: the hum of a room, or less.
bool isSilence(std::span<const std::int16_t> samples);

/// How long a session may stay silent. Pure.
struct IdleRule {
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    Duration limit{}; ///< 0: for ever

    /// Until it has been silent for too long; zero: it has.
    Duration left(TimePoint lastHeard, TimePoint now) const {
        return now - lastHeard >= limit ? Duration::zero() : lastHeard + limit - now;
    }
};

/// When anything was last heard in a pipeline: sound on its way into a recogniser, or a transcript on its way
/// out. Audio that is not S16LE is taken for sound. Any thread; keep it in a shared_ptr.
class SoundWatch : public std::enable_shared_from_this<SoundWatch> {
public:
    using TimePoint = IdleRule::TimePoint;

    SoundWatch() { heard(); }
    /// Listens to every recogniser there is in `bin`.
    void listenTo(GstBin *bin);
    void heard() { lastHeard_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
    TimePoint lastHeard() const { return TimePoint(TimePoint::duration(lastHeard_.load())); }

private:
    void watch(GstElement *recogniser, const char *padName, GstPadProbeCallback callback);
    static GstPadProbeReturn onAudio(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static GstPadProbeReturn onTranscript(GstPad *pad, GstPadProbeInfo *info, gpointer self);

    std::atomic<TimePoint::rep> lastHeard_;
};

/// What takes audio and makes transcripts, wherever it stands in `bin`.
std::vector<ObjectRef<GstElement>> recognisersOf(GstBin *bin);

} // namespace lt::service
